/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Snapshot -> text -> snapshot: random configurations come back equal, and the text is that of a
 * person: defaults and what is inherited are not in it.
 */
#include "core/clock.h"
#include "core/conf/conf_far.h"
#include "core/conf/conf_load.h"
#include "core/conf/conf_make.h"
#include "core/conf/conf_text.h"
#include "unit.h"
#include "unit_same.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t seed;

static uint32_t pick(uint32_t n)
{
	return unit_rand(&seed) % n;
}

static bool coin(void)
{
	return pick(2);
}

/* A text with what needs care; with blanks and slashes where those may be. */
static const char *random_text(struct conf *c, const char *prefix, uint32_t i, bool is_free)
{
	static const char *const odd[] = { "",   "\\", "\\\\", "a\\nb",    "#",  "@include",
					   ";",  "{(", "$$a",  "\xc3\xa4", "'",  ")}",
					   "//", "/*", "*/",   " = x",     " x", "/y" };
	enum { NARROW_N = 12 }; /* the first ones are good everywhere */
	char buf[64];

	(void)snprintf(buf, sizeof(buf), "%s%u%s", prefix, i,
		       odd[pick(is_free ? (uint32_t)N_OF(odd) : NARROW_N)]);
	return arena_strdup(&c->arena, buf);
}

static struct ip_addr random_addr(uint32_t i)
{
	return addr_v4(htonl(0x0a000001u + i));
}

/* A text that a row takes. */
static const char *row_text(struct conf *c, const struct schema_key *k)
{
	static const char *const fixed[] = {
		[TEXT_PLAIN] = NULL,
		[TEXT_FREE] = "a \"b\" \\ c",
		[TEXT_ANY] = "\r\n\t\x01\"",
		[TEXT_NAME] = "user-1",
		[TEXT_IFNAME] = NULL,
		[TEXT_PATH] = "/a b/c",
		[TEXT_SECRET] = "s\"3\\",
		[TEXT_HOSTPORT] = "[::1]:25",
		[TEXT_MAC] = "02:00:00:00:00:0a",
		[TEXT_HEX] = "00ff",
		[TEXT_HEXMASK] = "0xXf",
		[TEXT_DIGEST] = "0123456789abcdef0123456789abcdef",
	};

	if (fixed[k->text_kind])
		return fixed[k->text_kind];
	return random_text(c, "t", pick(9), false);
}

static struct conf_strs row_texts(struct conf *c, const struct schema_key *k)
{
	uint32_t n = (uint32_t)k->lo + pick(3);
	const char **v = arena_array(&c->arena, n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i] = i ? "x \"y\" \\" : row_text(c, k);
	return (struct conf_strs){ .v = v, .n = n };
}

static int64_t row_number(const struct schema_key *k)
{
	uint64_t span = (uint64_t)(k->hi - k->lo);
	uint64_t r = (uint64_t)unit_rand(&seed) << 32 | unit_rand(&seed);

	if (k->type == KT_ENUM) {
		uint32_t n = 0;

		while (k->names[n].name)
			n++;
		return k->names[pick(n)].value;
	}
	if (pick(4) == 0)
		return coin() ? k->lo : k->hi;
	return k->lo + (int64_t)(r % (span + 1));
}

static struct conf_range random_list(struct conf_make *b, const struct schema_key *k);

static void random_row(struct conf_make *b, const struct schema_key *k, unsigned char *field,
		       void *base)
{
	struct conf_strs strs;
	struct conf_status status = conf_status_default();
	struct ip_prefix prefix = { .addr = random_addr(pick(9)), .len = (uint8_t)pick(33) };
	struct conf_range range;
	const char *text;

	switch (k->type) {
	case KT_BOOL:
	case KT_UINT:
	case KT_INT:
	case KT_NAMED:
	case KT_DUR:
	case KT_ENUM:
		schema_put(k, base, row_number(k));
		return;
	case KT_STR:
		text = row_text(b->c, k);
		memcpy(field, &text, sizeof(text));
		return;
	case KT_STRS:
		strs = row_texts(b->c, k);
		memcpy(field, &strs, sizeof(strs));
		return;
	case KT_ADDR:
		memcpy(field, &prefix.addr, sizeof(prefix.addr));
		return;
	case KT_PREFIX:
		memcpy(field, &prefix, sizeof(prefix));
		return;
	case KT_STATUS:
		for (uint32_t n = pick(5); n > 0; n--) {
			uint32_t code = pick(500);

			status.w[code / 64] ^= UINT64_C(1) << code % 64;
		}
		memcpy(field, &status, sizeof(status));
		return;
	case KT_LIST:
	case KT_ONE:
		range = random_list(b, k);
		memcpy(field, &range, sizeof(range));
		return;
	}
}

/* Every setting of an object, given or not; servers, checks and addresses of instances are others' to
 * make. */
static void random_rows(struct conf_make *b, enum schema_kind kind, void *base)
{
	memcpy(base, schema_defaults(kind), schema_of[kind].len);
	conf_far_own(kind, base, &b->c->arena);
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		bool is_others =
			k->elem == SCHEMA_rs || k->elem == SCHEMA_check || k->elem == SCHEMA_vip;
		/* what is not given where it could be inherited can't be written */
		bool is_must =
			k->dflt == SCHEMA_NEED || k->dflt == SCHEMA_UP || k->dflt == SCHEMA_INHERIT;

		if (k->is_build || is_others || (!is_must && pick(3) == 0))
			continue;
		random_row(b, k, schema_place(k, base), base);
	}
}

static struct conf_range random_list(struct conf_make *b, const struct schema_key *k)
{
	struct conf_range r = { .n = k->type == KT_ONE ? 1 : (uint32_t)k->lo + pick(3) };
	union {
		unsigned char room[4096];
		max_align_t align;
	} o;

	for (uint32_t i = 0; i < r.n; i++) {
		uint32_t at;

		memset(&o, 0, sizeof(o));
		random_rows(b, k->elem, &o);
		at = conf_make_add(b, k->elem, &o);
		r.first = i ? r.first : at;
	}
	return r;
}

static struct conf_range random_vips(struct conf_make *b, uint32_t i, const char *interface)
{
	struct conf_range r = { .first = b->list[SCHEMA_vip].n, .n = 1 + pick(4) };

	for (uint32_t k = 0; k < r.n; k++) {
		struct conf_vip v = { 0 };

		if (coin())
			random_rows(b, SCHEMA_vip, &v);
		else
			conf_make_defaults(SCHEMA_vip, &v);
		v.s.prefix = (struct ip_prefix){ .addr = random_addr(i * 8 + k),
						 .len = (uint8_t)pick(33) };
		v.s.dev = coin() ? interface : random_text(b->c, "d", k, false);
		(void)conf_make_add(b, SCHEMA_vip, &v);
	}
	return r;
}

static void random_inst(struct conf_make *b, uint32_t i)
{
	struct conf_vrrp in = { 0 };

	random_rows(b, SCHEMA_vrrp, &in.s);
	in.s.name = random_text(b->c, "n", i, false);
	in.s.interface = random_text(b->c, "e", i, false);
	if (in.s.version == 2)
		in.s.adv_int_us = SEC(1 + pick(255));
	else
		in.s.adv_int_us = CS(1 + pick(4095));
	in.s.vips = random_vips(b, i, in.s.interface);
	in.s.evips = coin() ? random_vips(b, 16 + i, in.s.interface) : in.s.evips;
	(void)conf_make_add(b, SCHEMA_vrrp, &in);
}

static struct conf_range random_checks(struct conf_make *b)
{
	struct conf_range r = { .first = b->list[SCHEMA_check].n, .n = pick(4) };

	for (uint32_t i = 0; i < r.n; i++) {
		struct conf_check ck = { 0 };

		random_rows(b, SCHEMA_check, &ck.s);
		ck.s.path = coin() ? "/" : random_text(b->c, "/p", i, false);
		(void)conf_make_add(b, SCHEMA_check, &ck);
	}
	return r;
}

/* A server that has all from its service but what many have: such lists are often equal. */
static void plain_server(struct conf *c, const struct fields_vs *vs, struct fields_rs *rs,
			 uint32_t k)
{
	memcpy(rs, schema_defaults(SCHEMA_rs), sizeof(*rs));
	conf_far_own(SCHEMA_rs, rs, &c->arena);
	rs->addr = random_addr(k + k / 5);
	rs->port = vs->port;
	rs->weight = k % 4 ? 1 : 7;
	rs->method = vs->method;
	rs->inhibit_on_failure = vs->inhibit_on_failure;
	rs->alpha = vs->alpha;
	rs->far->tunnel = vs->tunnel;
	rs->checks = vs->checks;
}

static void random_vs(struct conf_make *b, uint32_t i)
{
	struct conf_vs vs = { 0 };
	char name[CONF_VS_NAME_LEN];
	bool vs_is_plain = coin();

	random_rows(b, SCHEMA_vs, &vs.s);
	vs.s.addr = random_addr(i);
	vs.s.port = (uint16_t)(1 + pick(65535));
	vs.s.fwmark = 0;
	vs.s.group = NULL;
	vs.s.addresses = (struct conf_range){ 0 };
	vs.s.persistence_us -= vs.s.persistence_us % SEC(1);
	vs.s.name = coin() ? random_text(b->c, "s", i, false)
			   : arena_strdup(&b->c->arena, conf_vs_default_name(&vs.s, name));
	vs.s.checks = i && coin() ? ((struct conf_vs *)conf_make_at(b, SCHEMA_vs, i - 1))->s.checks
				  : random_checks(b);
	vs.s.servers = (struct conf_range){ .first = b->list[SCHEMA_rs].n, .n = pick(9) };
	for (uint32_t k = 0; k < vs.s.servers.n; k++) {
		struct conf_rs rs = { .vs = i };

		if (vs_is_plain) {
			plain_server(b->c, &vs.s, &rs.s, k);
			(void)conf_make_add(b, SCHEMA_rs, &rs);
			continue;
		}
		random_rows(b, SCHEMA_rs, &rs.s);
		rs.s.addr = random_addr(k);
		if (vs.s.method != VS_NAT || coin())
			rs.s.port = vs.s.port;
		rs.s.port = rs.s.port ? rs.s.port : 1;
		rs.s.method = vs.s.method != VS_NAT ? vs.s.method : rs.s.method;
		if (rs.s.method != VS_NAT)
			rs.s.port = vs.s.port;
		rs.s.checks = coin() ? vs.s.checks : random_checks(b);
		(void)conf_make_add(b, SCHEMA_rs, &rs);
	}
	(void)conf_make_add(b, SCHEMA_vs, &vs);
}

/* Kinds whose objects have a name, at the top of the file. */
static void random_named(struct conf_make *b, enum schema_kind kind, uint32_t i)
{
	union {
		unsigned char room[4096];
		max_align_t align;
	} o;
	const struct schema_key *name = schema_find(kind, "name");
	const char *text = random_text(b->c, "o", i, false);

	memset(&o, 0, sizeof(o));
	random_rows(b, kind, &o);
	if (name)
		memcpy(schema_place(name, o.room), &text, sizeof(text));
	(void)conf_make_add(b, kind, &o);
}

static struct conf *random_conf(void)
{
	static const enum schema_kind named[] = {
		SCHEMA_track_group,  SCHEMA_garp_group, SCHEMA_if_delay,
		SCHEMA_track_script, SCHEMA_track_file, SCHEMA_track_process,
		SCHEMA_bfd,          SCHEMA_sync,       SCHEMA_vsg,
	};
	struct conf *c = conf_new();
	struct conf_make b;

	conf_make_init(&b, c);
	random_rows(&b, SCHEMA_global, &c->global.s);
	random_rows(&b, SCHEMA_workers, &c->workers.s);
	random_rows(&b, SCHEMA_api, &c->api.s);
	random_rows(&b, SCHEMA_metrics, &c->metrics.s);
	random_rows(&b, SCHEMA_log, &c->log.s);
	random_rows(&b, SCHEMA_ssl, &c->ssl.s);
	random_rows(&b, SCHEMA_statics, &c->statics.s);
	c->statics.s.addresses = coin() ? random_vips(&b, 40, c->global.s.default_interface)
					: (struct conf_range){ 0 };
	for (size_t k = 0; k < N_OF(named); k++)
		for (uint32_t i = 0, n = pick(3); i < n; i++)
			random_named(&b, named[k], i);
	for (uint32_t i = 0, n = pick(4); i < n; i++)
		random_inst(&b, i);
	for (uint32_t i = 0, n = pick(6); i < n; i++)
		random_vs(&b, i);
	conf_make_finish(&b);
	return c;
}

static struct conf *load(const char *text)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_unchecked("test", text, strlen(text), &errs);

	for (size_t i = 0; i < errs.n && errs.n_error; i++)
		print_message("seed %llx: %u: %s\n", (unsigned long long)seed, errs.item[i].line,
			      errs.item[i].text);
	if (!c)
		print_message("%s\n", text);
	assert_non_null(c);
	err_fini(&errs);
	return c;
}

static unsigned pools_n, names_n, ranges_n; /* texts that have some */

static void count_factored(const char *text)
{
	pools_n += strstr(text, "pool = \"") != NULL;
	names_n += strstr(text, "checks = [ \"") != NULL;
	ranges_n += strstr(text, ".[") != NULL;
}

static void come_back(const struct conf_text_opt *opt)
{
	for (uint64_t run = 1; run <= 500; run++) {
		seed = run * 0x9e3779b97f4a7c15;
		(void)snprintf(same_label, sizeof(same_label), "seed %llx",
			       (unsigned long long)seed);

		struct conf *a = random_conf();
		char *text = conf_text(a, opt), *again;
		struct conf *b = load(text);

		same_conf(a, b);
		count_factored(text);
		again = conf_text(b, opt);
		assert_string_equal(text, again);
		conf_free(a);
		conf_free(b);
		free(text);
		free(again);
	}
}

static void random_configurations(void **state)
{
	(void)state;
	come_back(NULL);
}

/* The same with templates, pools, short texts and ranges. */
static void random_factored(void **state)
{
	static const struct conf_text_opt opt = { .is_factored = true };

	(void)state;
	pools_n = names_n = ranges_n = 0;
	come_back(&opt);
	assert_true(pools_n > 10 && names_n > 10 && ranges_n > 10);
}

static void as_a_person(void **state)
{
	static const char want[] = "# From \"x\"\n"
				   "#\n"
				   "# two?lines\n"
				   "config_version = 1;\n"
				   "\n"
				   "vrrp_instances = (\n"
				   "  # test:2\n"
				   "  {\n"
				   "    name = \"i\";\n"
				   "    interface = \"eth0\";\n"
				   "    virtual_router_id = 1;\n"
				   "    virtual_ipaddress = ( \"192.0.2.1\" );\n"
				   "  }\n"
				   ");\n"
				   "\n"
				   "virtual_servers = (\n"
				   "  # test:6\n"
				   "  {\n"
				   "    address = \"10.0.0.1\";\n"
				   "    port = 80;\n"
				   "    checks = ( { type = \"tcp\"; } );\n"
				   "    real_servers = (\n"
				   "      { address = \"10.1.0.1\"; },\n"
				   "      { address = \"10.1.0.2\"; weight = 5; checks = ( ); }\n"
				   "    );\n"
				   "  }\n"
				   ");\n";
	struct conf_text_opt opt = { .head = "From \"x\"\n\ntwo\rlines", .has_places = true };
	struct conf *c =
		load("\nvrrp_instances = ( { name = \"i\"; interface = \"eth0\"; priority = "
		     "100; virtual_router_id = 1; version = 2;\nvirtual_ipaddress = ( "
		     "\"192.0.2.1/32 dev eth0\" ); } );\n\nvirtual_servers = (\n{ address = "
		     "\"10.0.0.1\"; port = 80; checks = ( { type = \"tcp\"; path = \"/\"; } "
		     "); real_servers = ( { address = \"10.1.0.1\"; port = 80; checks = ( { "
		     "type = \"tcp\"; } ); }, { address = \"10.1.0.2\"; weight = 5; checks = "
		     "( ); } ); } );");
	char *text = conf_text(c, &opt);

	(void)state;
	assert_string_equal(text, want);
	free(text);
	conf_free(c);
}

/* A text that must be there and is not: vipd dies with the name of the setting. */
static void none_is_a_bug(void **state)
{
	struct conf *c = load("vrrp_instances = ( { name = \"i\"; interface = \"eth0\"; "
			      "virtual_router_id = 1; } );");
	char said[256] = "";
	int fd[2], status;

	(void)state;
	c->vrrp[0].s.name = NULL;
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);

	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		(void)dup2(fd[1], STDERR_FILENO);
		free(conf_text(c, NULL));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(fd[0], said, sizeof(said) - 1) > 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(said, ": name\n"));
	(void)close(fd[0]);
	(void)close(fd[1]);
	conf_free(c);
}

/* What is shown to people who may not read the file has no password in it, however deep it stands. */
static void secrets(void **state)
{
	static const struct {
		enum schema_kind kind;
		const char *key, *must, *must_not;
	} row[] = {
		{ SCHEMA_vrrp, "authentication", "auth_pass = \"(not shown)\"", "secret" },
		{ SCHEMA_vs, "checks", "headers = \"(not shown)\"", "secret" },
		{ SCHEMA_vs, "checks", "body = \"(not shown)\"", "secret" },
		{ SCHEMA_vs, "checks", "send = \"(not shown)\"", "secret" },
		{ SCHEMA_vs, "checks", "send_hex = \"(not shown)\"", "736563726574" },
		{ SCHEMA_vs, "checks", "payload = \"(not shown)\"", "736563726574" },
		{ SCHEMA_vs, "checks", "path = \"/p\"", "secret" },
		{ SCHEMA_check, "headers", "(not shown)", "secret" },
		{ SCHEMA_check, "host", "none", "shown" },
		{ SCHEMA_check, "payload", "none", "shown" },
		{ SCHEMA_step, "expect", "\"hi\"", "shown" },
	};
	struct conf *c = load(
		"vrrp_instances = ( { name = \"i\"; interface = \"eth0\"; virtual_router_id = 1; "
		"version "
		"= 2; authentication = { auth_type = \"PASS\"; auth_pass = \"secret\"; }; } );\n"
		"virtual_servers = ( { address = \"10.0.0.1\"; port = 80; checks = ( { type = "
		"\"http\"; "
		"path = \"/p\"; method = \"POST\"; headers = [ \"Authorization: secret\" ]; body = "
		"\"secret\"; }, { type = \"tcp\"; dialog = ( { expect = \"hi\"; }, { send = "
		"\"secret\"; }, { send_hex = \"736563726574\"; } ); }, { type = \"udp\"; payload = "
		"\"736563726574\"; } ); real_servers = ( \"10.1.0.1\" ); } );");

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		assert_non_null(f);
		conf_text_value(f, c, schema_find(row[i].kind, row[i].key),
				conf_object(c, row[i].kind, 0));
		assert_int_equal(fclose(f), 0);
		if (!strstr(text, row[i].must) || strstr(text, row[i].must_not))
			fail_msg("row %zu: %s", i, text);
		free(text);
	}
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_configurations),
		cmocka_unit_test(random_factored),
		cmocka_unit_test(as_a_person),
		cmocka_unit_test(none_is_a_bug),
		cmocka_unit_test(secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
