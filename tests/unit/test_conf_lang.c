/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The language on top of libconfig: templates, pools, short texts, ranges, includes, overrides. What is
 * refused stands in tests/conf/bad/language.conf; here is what things mean, and what files do.
 */
#include "core/clock.h"
#include "core/conf/conf_build.h"
#include "core/conf/conf_diff.h"
#include "core/conf/conf_ids.h"
#include "core/conf/conf_include.h"
#include "core/conf/conf_load.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(const struct err_list *errs)
{
	for (size_t i = 0; i < errs->n; i++)
		print_message("%s:%u: %s\n", errs->item[i].file, errs->item[i].line,
			      errs->item[i].text);
}

static struct conf *load(const char *text)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("test", text, strlen(text), &errs);

	if (errs.n_error)
		show(&errs);
	assert_non_null(c);
	err_fini(&errs);
	return c;
}

static const struct err_item *first_error(const struct err_list *errs)
{
	static const struct err_item none = { .text = NULL };

	for (size_t i = 0; i < errs->n; i++)
		if (errs->item[i].level == ERR_ERROR)
			return &errs->item[i];
	return &none;
}

/* Exactly one error, with these words in it. */
static void refused(const char *text, const char *says)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("test", text, strlen(text), &errs);

	if (errs.n_error != 1 || !strstr(first_error(&errs)->text, says)) {
		show(&errs);
		fail_msg("expected: %s", says);
	}
	assert_null(c);
	err_fini(&errs);
}

/* ------------------------------------------------------------------ the example */

static struct conf *example(const char *node)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = { .path = "tests/conf/good/example.conf", .node = node };
	struct conf *c = conf_load_ask(&ask, &errs);

	show(&errs);
	assert_non_null(c);
	assert_int_equal(errs.n, 0);
	assert_int_equal(ask.files, 3);
	err_fini(&errs);
	return c;
}

static int cmp_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static uint32_t different_servers(const struct conf *c)
{
	struct ip_addr *a = calloc(c->rs_n, sizeof(*a));
	uint32_t n = 1;

	assert_non_null(a);
	for (uint32_t i = 0; i < c->rs_n; i++)
		a[i] = c->rs[i].s.addr;
	qsort(a, c->rs_n, sizeof(*a), cmp_addr);
	for (uint32_t i = 1; i < c->rs_n; i++)
		n += !addr_eq(&a[i - 1], &a[i]);
	free(a);
	return n;
}

static const struct conf_vs *service(const struct conf *c, const char *name)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (!strcmp(c->vs[i].s.name, name))
			return &c->vs[i];
	fail_msg("no service %s", name);
	return NULL;
}

static const struct conf_rs *server(const struct conf *c, const struct conf_vs *vs, uint32_t i)
{
	assert_true(i < vs->s.servers.n);

	const struct conf_rs *rs = &c->rs[vs->s.servers.first + i];

	assert_ptr_equal(&c->vs[rs->vs], vs);
	return rs;
}

static const struct conf_check *check(const struct conf *c, const struct conf_rs *rs, uint32_t i)
{
	assert_true(i < rs->probes.n);
	return &c->check[c->probe[rs->probes.first + i].check];
}

static void example_file(void **state)
{
	struct conf *c = example(NULL);
	char text[ADDR_PORT_TEXT_LEN];

	(void)state;
	assert_int_equal(different_servers(c), 547);
	assert_int_equal(c->vs_n, 7);
	assert_int_equal(c->rs_n, 3 * 502 + 41 + 3 + 3 + 1);
	assert_int_equal(c->probe_n, 3 * 501 + 2 * 41 + 3 + 3 + 2);
	assert_int_equal(c->workers.s.check_threads, 4);
	assert_string_equal(c->global.s.router_id, "LVS_MAIN");

	/* templates: the chain below, the element on top */
	assert_int_equal(c->vrrp[0].s.priority, 150);
	assert_int_equal(c->vrrp[0].s.version, 3);
	assert_true(c->vrrp[1].s.adv_int_us == MS(100));
	assert_int_equal(c->vrrp[0].s.vips.n, 3);
	assert_int_equal(c->vip[1].s.prefix.len, 24);
	assert_string_equal(addr_text(&c->vip[1].s.prefix.addr, text), "198.51.100.11");

	/* a pool's port and checks, and what a service says over them */
	const struct conf_vs *http = service(c, "www-http"), *https = service(c, "www-https");
	const struct conf_rs *rs = server(c, http, 249);

	assert_string_equal(addr_port_text(&rs->s.addr, rs->s.port, text), "10.1.0.250:80");
	assert_int_equal(rs->s.weight, 100);
	assert_true(rs->s.inhibit_on_failure);
	assert_string_equal(check(c, rs, 0)->s.path, "/healthz");
	assert_true(check(c, rs, 0)->s.interval_us == SEC(5));
	rs = server(c, https, 249);
	assert_string_equal(addr_port_text(&rs->s.addr, rs->s.port, text), "10.1.0.250:443");
	assert_true(check(c, rs, 0)->s.interval_us == SEC(10));
	assert_string_equal(check(c, rs, 0)->s.host, "www.example.com");

	/* a server's own list, though empty, and its own port */
	rs = server(c, https, 501);
	assert_int_equal(rs->probes.n, 0);
	assert_false(rs->s.inhibit_on_failure);
	rs = server(c, service(c, "cart"), 40);
	assert_int_equal(rs->s.port, 9001);
	assert_int_equal(rs->s.weight, 10);
	assert_int_equal(check(c, rs, 0)->s.type, CHECK_HTTP);
	assert_int_equal(check(c, rs, 1)->s.type, CHECK_TCP);
	rs = server(c, service(c, "tunnel"), 0);
	assert_int_equal(rs->s.port, 179);
	assert_int_equal(check(c, rs, 0)->s.port, 1179);

	/* texts are there once */
	assert_ptr_equal(check(c, server(c, http, 0), 0), check(c, server(c, http, 400), 0));
	assert_ptr_equal(check(c, server(c, http, 0), 0)->s.path,
			 check(c, server(c, https, 0), 0)->s.path);
	conf_free(c);
}

static void example_other_node(void **state)
{
	struct conf *c = example("lb2");

	(void)state;
	assert_string_equal(c->global.s.router_id, "LVS_SPARE");
	assert_int_equal(c->global.s.vrrp_version, 3);
	assert_int_equal(c->vrrp[0].s.priority, 100);
	assert_int_equal(c->vrrp[1].s.priority, 100);
	assert_true(c->vrrp[1].s.adv_int_us == MS(200));
	assert_string_equal(conf_sched_name[service(c, "bulk")->s.sched], "sh");
	assert_string_equal(conf_sched_name[service(c, "www-http")->s.sched], "wlc");
	conf_free(c);
}

/* ------------------------------------------------------------------ meanings */

static void layers(void **state)
{
	struct conf *c = load(
		"templates = { check = { a = { type = \"tcp\"; rise = 1; fall = 1; port = 1; };"
		"  b = { rise = 2; fall = 2; }; c = { use = [ \"a\", \"b\" ]; fall = 3; }; }; "
		" vrrp_instance = { v = { virtual_ipaddress = ( \"192.0.2.[1-3]\" ); }; };"
		" virtual_server = { s = { lvs_sched = \"rr\"; checks = [ \"c\" ]; "
		"    real_servers = ( \"10.0.0.1\" ); }; }; };"
		"vrrp_instances = ( { name = \"i\"; use = \"v\"; interface = \"eth0\"; "
		"virtual_router_id = 1; }, { name = \"k\"; use = \"v\"; interface = \"eth1\"; "
		"virtual_router_id = 2; } );"
		"virtual_servers = ( { use = \"s\"; address = \"192.0.2.1\"; port = 1; },"
		" { use = \"s\"; address = \"192.0.2.1\"; port = 2; lvs_sched = \"sh\"; },"
		" { use = \"s\"; address = \"192.0.2.1\"; port = 3; "
		"   checks = ( { use = \"c\"; rise = 9; }, \"c\" ); } );");
	const struct conf_check *ck = check(c, server(c, &c->vs[0], 0), 0);

	(void)state;
	/* left to right, then its own */
	assert_int_equal(ck->s.port, 1);
	assert_int_equal(ck->s.rise_n, 2);
	assert_int_equal(ck->s.fall_n, 3);
	ck = check(c, server(c, &c->vs[2], 0), 0);
	assert_int_equal(ck->s.rise_n, 9);
	assert_int_equal(ck->s.fall_n, 3);
	assert_int_equal(check(c, server(c, &c->vs[2], 0), 1)->s.rise_n, 2);
	assert_string_equal(conf_sched_name[c->vs[0].s.sched], "rr");
	assert_string_equal(conf_sched_name[c->vs[1].s.sched], "sh");
	/* a template's servers and addresses are each user's own */
	assert_int_equal(c->rs_n, 3);
	assert_int_equal(c->rs[2].s.port, 3);
	assert_int_equal(c->vip_n, 6);
	assert_string_equal(c->vip[2].s.dev, "eth0");
	assert_string_equal(c->vip[5].s.dev, "eth1");
	conf_free(c);
}

#define POOL(own)                                                                                  \
	"pools = ( { name = \"p\"; real_servers = ( \"10.0.0.1\", \"10.0.0.2:82\" ); } );"         \
	"virtual_servers = ( { name = \"v\"; address = \"192.0.2.1\"; port = 80; pool = "          \
	"\"p\"; " own " } );"

static void pool_and_own_servers(void **state)
{
	struct conf *c = load(POOL("real_servers = ( \"10.0.0.3\", \"10.0.0.2:83 weight 7\" );"));

	(void)state;
	assert_int_equal(c->rs_n, 4);
	assert_null(c->vs[0].s.pool); /* nothing is left of how it was written */
	assert_int_equal(c->rs[0].s.port, 80);
	assert_int_equal(c->rs[1].s.port, 82);
	assert_int_equal(c->rs[3].s.port, 83);
	assert_int_equal(c->rs[3].s.weight, 7);
	conf_free(c);
	c = load(POOL("real_server_port = 81; real_servers = ( \"10.0.0.3\" );"));
	assert_int_equal(c->rs[0].s.port, 81);
	assert_int_equal(c->rs[1].s.port, 82);
	assert_int_equal(c->rs[2].s.port, 81);
	conf_free(c);
	refused(POOL("real_servers = ( \"10.0.0.[1-2]\" );"),
		"real_servers 10.0.0.1:80 of \"v\": is listed in line 1 already");
	refused(POOL("real_servers = ( \"10.1.[5-2].1:80\" );"), "is no range");
	refused(POOL("real_servers = ( { address = \"10.0.0.9:80\"; } );"), "is not an IP address");
}

/* Lists that say the same, one after the other, are one; what differs by anything is its own. */
static void equal_lists(void **state)
{
	static const char *const checks[] = {
		"( { type = \"tcp\"; fall = 2; } )",
		"( { type = \"tcp\"; fall = 2; } )",
		"[ \"t\" ]",
		"( { type = \"tcp\"; fall = 3; } )",
		"( { type = \"tcp\"; fall = 2; } )",
		"( { type = \"tcp\"; fall = 2; }, { type = \"http\"; path = \"/a\"; } )",
		"( { type = \"tcp\"; fall = 2; }, { type = \"http\"; path = \"/b\"; } )",
		"[ \"t\" ]",
	};
	static const uint32_t fall[] = { 2, 2, 2, 3, 2, 2, 2, 2 };
	enum { N = sizeof(fall) / sizeof(fall[0]) };
	char text[2048];
	size_t at =
		(size_t)snprintf(text, sizeof(text),
				 "templates = { check = { t = { type = \"tcp\"; fall = 2; }; }; };"
				 "virtual_servers = ( { address = \"192.0.2.1\"; port = 80; "
				 "real_servers = (");

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s{ address = \"10.0.0.%u\"; checks = %s; }", i ? "," : "",
				       i + 1, checks[i]);
	(void)snprintf(text + at, sizeof(text) - at, "); } );");

	struct conf *c = load(text);

	assert_int_equal(c->rs_n, N);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(check(c, server(c, &c->vs[0], i), 0)->s.fall_n, fall[i]);
	assert_ptr_equal(check(c, server(c, &c->vs[0], 0), 0),
			 check(c, server(c, &c->vs[0], 1), 0));
	assert_string_equal(check(c, server(c, &c->vs[0], 5), 1)->s.path, "/a");
	assert_string_equal(check(c, server(c, &c->vs[0], 6), 1)->s.path, "/b");
	conf_free(c);
}

static void chains(void **state)
{
	char text[8192] = "templates = { check = { t0 = { type = \"tcp\"; }; ";
	size_t used = strlen(text);

	(void)state;
	for (int i = 1; i < CONF_TEMPLATE_DEPTH_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "t%d = { use = \"t%d\"; }; ", i, i - 1);
	(void)snprintf(text + used, sizeof(text) - used, "}; };");
	conf_free(load(text));
	(void)snprintf(text + used, sizeof(text) - used, "t%d = { use = \"t%d\"; }; }; };",
		       CONF_TEMPLATE_DEPTH_MAX, CONF_TEMPLATE_DEPTH_MAX - 1);
	refused(text, "more than 32 templates in a chain");
	refused("templates = { check = { a = { use = \"a\"; }; }; };", "in a circle");
	refused("templates = { check = { a = { use = \"b\"; }; b = { use = \"c\"; }; "
		"c = { use = \"a\"; }; }; };",
		"in a circle");
	/* used a hundred times, wrong once */
	refused("templates = { virtual_server = { a = { lvs_sched = \"zz\"; }; }; };"
		"virtual_servers = ( { use = \"a\"; address = \"192.0.2.1\"; port = 1; },"
		"{ use = \"a\"; address = \"192.0.2.1\"; port = 2; } );",
		"templates.virtual_server \"a\": 'lvs_sched' \"zz\" is unknown");
}

static void too_many(void **state)
{
	char text[2048] = "pools = ( { name = \"p\"; real_servers = ( \"10.0.0.1\"";
	size_t used = strlen(text);

	(void)state;
	/* 16 texts of 65536 addresses */
	for (int i = 0; i < 16; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 ", \"10.%d.[0-255].[0-255]\"", i);
	(void)snprintf(text + used, sizeof(text) - used, " ); } );");
	refused(text, "more than 1000000 real servers in all");
	refused("vrrp_instances = ( { name = \"i\"; interface = \"e\"; virtual_router_id = 1; "
		"virtual_ipaddress = ( \"10.0.[0-1].[0-255]\" ); } );",
		"must have 0..255 elements, not more");
	/* one pool in many services counts for each */
	(void)snprintf(text, sizeof(text),
		       "pools = ( { name = \"p\"; real_servers = ( \"10.0.[0-255].[0-255]\", "
		       "\"10.1.[0-255].[0-255]\", \"10.2.[0-255].[0-255]\", "
		       "\"10.3.[0-255].[0-255]\" ); } ); virtual_servers = ( ");
	used = strlen(text);
	for (int i = 1; i <= 4; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s{ address = \"192.0.2.1\"; port = %d; pool = \"p\"; }",
					 i > 1 ? ", " : "", i);
	(void)snprintf(text + used, sizeof(text) - used, " );");
	refused(text, "more than 1000000 real servers in all");
}

/* ------------------------------------------------------------------ files */

struct folder {
	char path[64];
};

static void put(const struct folder *f, const char *name, const char *text)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", f->path, name);

	FILE *out = fopen(path, "we");

	assert_non_null(out);
	(void)fputs(text, out);
	(void)fclose(out);
}

static struct conf *load_in(const struct folder *f, struct err_list *errs, struct conf_ask *ask)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/vipd.conf", f->path);
	ask->path = path;

	struct conf *c = conf_load_ask(ask, errs);

	ask->path = NULL;
	return c;
}

/* The files load; n of them are read. */
static struct conf *good_in(const struct folder *f, uint32_t n, size_t notes)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = { .path = NULL };
	struct conf *c = load_in(f, &errs, &ask);

	if (!c || errs.n != notes)
		show(&errs);
	assert_non_null(c);
	assert_int_equal(errs.n, notes);
	assert_int_equal(ask.files, n);
	err_fini(&errs);
	return c;
}

/* One error, in this file and line, with these words. */
static void bad_in(const struct folder *f, const char *file, unsigned line, const char *says)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = { .path = NULL };
	struct conf *c = load_in(f, &errs, &ask);
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", f->path, file);
	const struct err_item *it = first_error(&errs);

	if (errs.n_error != 1 || it->line != line || strcmp(it->file, path) != 0 ||
	    !strstr(it->text, says)) {
		show(&errs);
		fail_msg("expected %s:%u: %s", path, line, says);
	}
	assert_null(c);
	assert_false(ask.is_unreadable);
	err_fini(&errs);
}

#define VS(name, port)                                                                             \
	"virtual_servers = ( { name = \"" name "\"; address = \"192.0.2.1\"; port = " port         \
	"; real_servers = ( \"10.0.0.1\" ); } );\n"

static void includes(const struct folder *f)
{
	struct conf *c;

	/* sorted by name, the including file first, folders relative to the file that says it */
	put(f, "vipd.conf", "include = [ \"d/*.conf\", \"none/*.conf\" ];\n" VS("a", "1"));
	put(f, "d/20.conf", VS("c", "3"));
	put(f, "d/10.conf", "include = \"sub/x\";\n" VS("b", "2") "workers = { };");
	put(f, "d/.hidden.conf", "nonsense");
	put(f, "d/sub/x", "include = [ \"../20.conf\" ]; workers = { check_threads = 3; };\n");
	c = good_in(f, 4, 1);
	assert_int_equal(c->vs_n, 3);
	assert_string_equal(c->vs[0].s.name, "a");
	assert_string_equal(c->vs[1].s.name, "b");
	assert_string_equal(c->vs[2].s.name, "c");
	assert_int_equal(c->workers.s.check_threads, 3);
	conf_free(c);

	/* the same name and the same setting in two files: both places */
	put(f, "d/sub/x", "workers = { check_threads = 3; };\n");
	put(f, "d/20.conf", "\n" VS("a", "3"));
	bad_in(f, "d/20.conf", 2, "vipd.conf:2");
	put(f, "d/20.conf", "\nworkers = {\ncheck_threads = 4; };");
	bad_in(f, "d/20.conf", 3, "'check_threads' is set in ");
	put(f, "d/20.conf", "config_version = 2;");
	bad_in(f, "d/20.conf", 1, "'config_version' must be 1");
	put(f, "d/20.conf", "\n\nvirtual_servers = ( { );");
	bad_in(f, "d/20.conf", 3, "syntax error: the '{' of this line is not closed");
	put(f, "d/20.conf", "");

	/* what can't be included */
	put(f, "d/sub/x", "\ninclude = \"../../vipd.conf\";\n");
	bad_in(f, "d/sub/x", 2, "includes itself");
	put(f, "d/sub/x", "\ninclude = \"x\";\n");
	bad_in(f, "d/sub/x", 2, "includes itself");
	put(f, "d/sub/x", "\n\ninclude = [ \"y\" ];\n");
	bad_in(f, "d/sub/x", 3, "d/sub/y can't be read: No such file");
	put(f, "d/sub/x", "include = [ \".\" ];\n");
	bad_in(f, "d/sub/x", 1, "can't be read: Is a directory");
	put(f, "d/sub/x", "include = [ 5 ];\n");
	bad_in(f, "d/sub/x", 1, "must be a text in quotes");
	put(f, "d/sub/x", "include = 5;\n");
	bad_in(f, "d/sub/x", 1, "must be an array of patterns");
	put(f, "d/sub/x", "include = \"\";\n");
	bad_in(f, "d/sub/x", 1, "is no name of a file");
	put(f, "d/sub/x", "");
	conf_free(good_in(f, 4, 1));
}

static void chain_of_files(const struct folder *f)
{
	char name[32], text[64];

	put(f, "vipd.conf", "include = \"1\";");
	for (int i = 1; i <= CONF_INCLUDE_DEPTH_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		(void)snprintf(text, sizeof(text), "include = \"%d\";", i + 1);
		put(f, name, i < CONF_INCLUDE_DEPTH_MAX ? text : "");
	}
	conf_free(good_in(f, CONF_INCLUDE_DEPTH_MAX + 1, 0));
	(void)snprintf(name, sizeof(name), "%d", CONF_INCLUDE_DEPTH_MAX);
	put(f, name, "include = \"more\";");
	put(f, "more", "");
	bad_in(f, name, 1, "in a chain");
}

static void nodes(const struct folder *f)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = { .path = NULL };
	struct conf *c;
	char host[256] = "", text[1200];

	/* the host's name up to its first dot is the default */
	(void)gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	(void)snprintf(text, sizeof(text),
		       "node_overrides = ( { node = \"%s\"; workers = { check_threads = 7; }; },"
		       "{ node = \"other%s\"; workers = { check_threads = 8; }; } );",
		       host, host);
	put(f, "vipd.conf", text);
	c = good_in(f, 1, 0);
	assert_int_equal(c->workers.s.check_threads, 7);
	conf_free(c);
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "node = \"other%s\";",
		       host);
	put(f, "vipd.conf", text);
	c = good_in(f, 1, 0);
	assert_int_equal(c->workers.s.check_threads, 8);
	conf_free(c);
	ask.node = host;
	c = load_in(f, &errs, &ask);
	assert_non_null(c);
	assert_int_equal(c->workers.s.check_threads, 7);
	conf_free(c);
	err_fini(&errs);

	/* a file under a temporary name is tested with the includes of its real place */
	put(f, "vipd.conf", "include = \"x\";");
	(void)snprintf(text, sizeof(text), "%s/d/sub", f->path);
	ask.base_dir = text;
	c = load_in(f, &errs, &ask);
	assert_non_null(c);
	assert_int_equal(ask.files, 2);
	conf_free(c);
	err_fini(&errs);
}

static void files(void **state)
{
	struct folder f = { "/tmp/vipd-lang-XXXXXX" };
	char command[100];

	(void)state;
	assert_non_null(mkdtemp(f.path));
	(void)snprintf(command, sizeof(command), "mkdir -p %s/d/sub", f.path);
	assert_int_equal(system(command), 0);
	includes(&f);
	chain_of_files(&f);
	nodes(&f);
	(void)snprintf(command, sizeof(command), "rm -r %s", f.path);
	assert_int_equal(system(command), 0);
}

static void overrides(void **state)
{
#define OVER(what) "node = \"x\"; node_overrides = ( { node = \"x\"; " what " } );"
	(void)state;
	refused(OVER("workers = 5;"), "workers: must be a group");
	refused(OVER("workers = { check_threads = 500; };"), "must be 0..256");
	refused(OVER("pools = { };"), "must be a list of groups");
	refused(OVER("pools = ( 5 );"), "an element must be a group");
	refused(OVER("pools = ( { name = \"p\"; } );"), "is not there to be laid over");
	refused(OVER("pools = ( { name = \"p\"; }, { name = \"p\"; port = 3; } );") "pools = ( { "
										    "name = \"p\"; "
										    "} );",
		"is laid over in line 1 already");
	refused("node_overrides = 5;", "must be a list of groups");
	refused("node_overrides = ( 5 );", "with the name of a 'node'");
	refused("node = 5;", "'node' must be a name in quotes");
	refused("templates = 5;", "templates: must be a group");

	struct conf *c = load(OVER(
		"pools = ( { name = \"p\"; port = 7; "
		"real_servers = ( \"10.0.0.9\" ); } );") "pools = ( { name = \"p\"; port = 6; "
							 "real_servers = ( \"10.0.0.1\", "
							 "\"10.0.0.2\" ); } ); virtual_servers = ( "
							 "{ address = \"192.0.2.1\"; "
							 "port = 5; pool = \"p\"; } );");

	/* a list replaces a list */
	assert_int_equal(c->rs_n, 1);
	assert_int_equal(c->rs[0].s.port, 7);
	conf_free(c);
}

/* ------------------------------------------------------------------ size */

enum { MANY = 100000, A_SERVICE = 100 };

/* 1,000 services of 100 servers with one HTTP check, each server written out or as a range. */
static char *large(bool is_short)
{
	size_t cap = (size_t)MANY * 180, used = 0;
	char *text = malloc(cap);

	assert_non_null(text);
#define ADD(...) used += (size_t)snprintf(text + used, cap - used, __VA_ARGS__)
	if (is_short)
		ADD("templates = { check = { h = { type = \"http\"; path = \"/x\"; }; }; };\n");
	ADD("virtual_servers = (\n");
	for (int i = 0; i < MANY / A_SERVICE; i++) {
		ADD("%s{ address = \"192.0.2.1\"; port = %d; %sreal_servers = ( ", i ? ",\n" : "",
		    i + 1, is_short ? "checks = [ \"h\" ]; " : "");
		for (int k = 0; !is_short && k < A_SERVICE; k++)
			ADD("%s{ address = \"10.%d.%d.%d\"; port = 80; weight = 10; checks = ( { "
			    "type = \"http\"; path = \"/x\"; } ); }",
			    k ? ",\n" : "", i / 250, i % 250, k);
		if (is_short)
			ADD("\"10.%d.%d.[0-%d]:80 weight=10\"", i / 250, i % 250, A_SERVICE - 1);
		ADD(" ); }");
	}
	ADD(" );\n");
#undef ADD
	return text;
}

static struct conf *timed(const char *text, int64_t *took_us)
{
	int64_t t0 = clock_now_us();
	struct conf *c = load(text);

	*took_us = clock_now_us() - t0;
	assert_int_equal(c->rs_n, MANY);
	assert_int_equal(c->probe_n, MANY);
	return c;
}

/* Both mean the same. Times are printed, not judged: the machine may have other work. */
static void short_and_long(void **state)
{
	char *lng = large(false), *shrt = large(true);
	int64_t t_lng, t_shrt;
	struct conf *a = timed(lng, &t_lng), *b = timed(shrt, &t_shrt);
	struct conf_minter m = { 0 };
	struct conf_changes ch;
	char text[256];

	(void)state;
	print_message("%d servers: long form %zu kB in %.0f ms (%zu kB kept); ranges %zu kB in "
		      "%.0f ms (%zu kB kept)\n",
		      MANY, strlen(lng) / 1024, (double)t_lng / 1000, a->arena.used_len / 1024,
		      strlen(shrt) / 1024, (double)t_shrt / 1000, b->arena.used_len / 1024);
	assert_true(b->arena.used_len < a->arena.used_len);
	conf_ids_mint(&m, NULL, a);
	conf_ids_mint(&m, a, b);
	conf_diff(a, b, &ch);
	conf_changes_text(&ch, text, sizeof(text));
	assert_string_equal(text, "nothing");
	conf_free(a);
	conf_free(b);
	free(lng);
	free(shrt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_file), cmocka_unit_test(example_other_node),
		cmocka_unit_test(layers),       cmocka_unit_test(pool_and_own_servers),
		cmocka_unit_test(chains),       cmocka_unit_test(too_many),
		cmocka_unit_test(equal_lists),  cmocka_unit_test(files),
		cmocka_unit_test(overrides),    cmocka_unit_test(short_and_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
