/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Snapshot -> text -> snapshot: random configurations come back equal, and the text is that of a
 * person: defaults and what is inherited are not in it.
 */
#include "core/clock.h"
#include "core/conf/conf_load.h"
#include "core/conf/conf_make.h"
#include "core/conf/conf_text.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Numbers, booleans and enums anywhere in their range, often at its ends; the rest as it is. */
static void random_rows(enum schema_kind kind, void *base)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		uint64_t span = (uint64_t)(k->hi - k->lo);
		uint64_t r = (uint64_t)unit_rand(&seed) << 32 | unit_rand(&seed);

		if (!strcmp(k->name, "real_server_port"))
			continue; /* servers have their ports */
		if (k->type == KT_ENUM) {
			uint32_t n = 0;

			while (k->names[n].name)
				n++;
			schema_put(k, base, k->names[pick(n)].value);
		} else if (k->type == KT_BOOL || k->type == KT_UINT || k->type == KT_DUR) {
			if (k->dflt != SCHEMA_NEED && k->dflt != SCHEMA_INHERIT && pick(3) == 0)
				schema_put(k, base, k->dflt);
			else if (pick(4) == 0)
				schema_put(k, base, coin() ? k->lo : k->hi);
			else
				schema_put(k, base, k->lo + (int64_t)(r % (span + 1)));
		}
	}
}

static struct ip_addr random_addr(uint32_t i)
{
	return addr_v4(htonl(0x0a000001u + i));
}

static struct conf_range random_vips(struct conf_make *b, uint32_t i, const char *interface)
{
	struct conf_range r = { .first = b->list[SCHEMA_vip].n, .n = 1 + pick(4) };

	for (uint32_t k = 0; k < r.n; k++) {
		struct conf_vip v = { .s.prefix = { .addr = random_addr(i * 8 + k),
						    .len = (uint8_t)pick(33) } };

		v.s.dev = coin() ? interface : random_text(b->c, "d", k, false);
		(void)conf_make_add(b, SCHEMA_vip, &v);
	}
	return r;
}

static void random_inst(struct conf_make *b, uint32_t i)
{
	struct conf_vrrp in = { 0 };

	random_rows(SCHEMA_vrrp, &in.s);
	in.s.name = random_text(b->c, "n", i, false);
	in.s.interface = random_text(b->c, "e", i, false);
	if (in.s.version == 2)
		in.s.adv_int_us = SEC(1 + pick(255));
	else
		in.s.adv_int_us = CS(1 + pick(4095));
	in.s.vips = random_vips(b, i, in.s.interface);
	(void)conf_make_add(b, SCHEMA_vrrp, &in);
}

static struct conf_range random_checks(struct conf_make *b)
{
	struct conf_range r = { .first = b->list[SCHEMA_check].n, .n = pick(4) };

	for (uint32_t i = 0; i < r.n; i++) {
		struct conf_check ck = { 0 };

		random_rows(SCHEMA_check, &ck.s);
		ck.s.path = coin() ? "/" : random_text(b->c, "/p", i, false);
		ck.s.host = coin() ? NULL : random_text(b->c, "h", i, false);
		ck.s.status = conf_status_default();
		for (uint32_t n = pick(5); n > 0; n--) {
			uint32_t code = pick(500);

			ck.s.status.w[code / 64] ^= UINT64_C(1) << code % 64;
		}
		(void)conf_make_add(b, SCHEMA_check, &ck);
	}
	return r;
}

static void random_vs(struct conf_make *b, uint32_t i)
{
	struct conf_vs vs = { 0 };
	char name[CONF_VS_NAME_LEN];

	random_rows(SCHEMA_vs, &vs.s);
	vs.s.addr = random_addr(i);
	vs.s.persistence_us -= vs.s.persistence_us % SEC(1);
	vs.s.name = coin() ? random_text(b->c, "s", i, false)
			   : arena_strdup(&b->c->arena, conf_vs_default_name(&vs.s, name));
	vs.s.checks = random_checks(b);
	vs.s.servers = (struct conf_range){ .first = b->list[SCHEMA_rs].n, .n = pick(5) };
	for (uint32_t k = 0; k < vs.s.servers.n; k++) {
		struct conf_rs rs = { .vs = i };

		random_rows(SCHEMA_rs, &rs.s);
		rs.s.addr = random_addr(k);
		if (vs.s.method != VS_NAT || coin())
			rs.s.port = vs.s.port;
		rs.s.checks = coin() ? vs.s.checks : random_checks(b);
		(void)conf_make_add(b, SCHEMA_rs, &rs);
	}
	(void)conf_make_add(b, SCHEMA_vs, &vs);
}

static struct conf *random_conf(void)
{
	struct conf *c = conf_new();
	struct conf_make b;

	conf_make_init(&b, c);
	random_rows(SCHEMA_global, &c->global.s);
	random_rows(SCHEMA_workers, &c->workers.s);
	c->global.s.router_id = coin() ? NULL : random_text(c, "r", 0, true);
	for (uint32_t i = 0, n = pick(4); i < n; i++)
		random_inst(&b, i);
	for (uint32_t i = 0, n = pick(6); i < n; i++)
		random_vs(&b, i);
	conf_make_finish(&b);
	return c;
}

/* ------------------------------------------------------------------ equality, lists and all */

static void same(enum schema_kind kind, const void *a, const void *b)
{
	assert_int_equal(schema_diff(kind, a, b), SCHEMA_SAME);
}

static void same_checks(const struct conf *a, struct conf_range x, const struct conf *b,
			struct conf_range y)
{
	assert_int_equal(x.n, y.n);
	for (uint32_t i = 0; i < x.n; i++)
		same(SCHEMA_check, &a->check[x.first + i].s, &b->check[y.first + i].s);
}

static void same_conf(const struct conf *a, const struct conf *b)
{
	same(SCHEMA_global, &a->global.s, &b->global.s);
	same(SCHEMA_workers, &a->workers.s, &b->workers.s);
	assert_int_equal(a->vrrp_n, b->vrrp_n);
	assert_int_equal(a->vs_n, b->vs_n);
	assert_int_equal(a->rs_n, b->rs_n);
	for (uint32_t i = 0; i < a->vrrp_n; i++) {
		const struct conf_range x = a->vrrp[i].s.vips, y = b->vrrp[i].s.vips;

		same(SCHEMA_vrrp, &a->vrrp[i].s, &b->vrrp[i].s);
		assert_int_equal(x.n, y.n);
		for (uint32_t k = 0; k < x.n; k++)
			same(SCHEMA_vip, &a->vip[x.first + k].s, &b->vip[y.first + k].s);
	}
	for (uint32_t i = 0; i < a->vs_n; i++) {
		same(SCHEMA_vs, &a->vs[i].s, &b->vs[i].s);
		same_checks(a, a->vs[i].s.checks, b, b->vs[i].s.checks);
		assert_int_equal(a->vs[i].s.servers.n, b->vs[i].s.servers.n);
	}
	for (uint32_t i = 0; i < a->rs_n; i++) {
		same(SCHEMA_rs, &a->rs[i].s, &b->rs[i].s);
		same_checks(a, a->rs[i].s.checks, b, b->rs[i].s.checks);
		assert_int_equal(a->rs[i].vs, b->rs[i].vs);
	}
}

static struct conf *load(const char *text)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("test", text, strlen(text), &errs);

	for (size_t i = 0; i < errs.n && errs.n_error; i++)
		print_message("seed %llx: %u: %s\n", (unsigned long long)seed, errs.item[i].line,
			      errs.item[i].text);
	if (!c)
		print_message("%s\n", text);
	assert_non_null(c);
	err_fini(&errs);
	return c;
}

static void random_configurations(void **state)
{
	(void)state;
	for (uint64_t run = 1; run <= 500; run++) {
		seed = run * 0x9e3779b97f4a7c15;

		struct conf *a = random_conf();
		char *text = conf_text(a, NULL), *again;
		struct conf *b = load(text);

		same_conf(a, b);
		again = conf_text(b, NULL);
		assert_string_equal(text, again);
		conf_free(a);
		conf_free(b);
		free(text);
		free(again);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_configurations),
		cmocka_unit_test(as_a_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
