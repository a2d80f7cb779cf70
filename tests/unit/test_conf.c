/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whole configurations: the files under tests/conf, inheritance, identity over reloads, differences.
 *
 * A file under tests/conf/bad says in comments what must be found in it: `#! LINE: level: text`, where
 * text is a part of the finding. All of them must be found and nothing else of level error.
 */
#include "core/bug.h"
#include "core/conf/conf_diff.h"
#include "core/conf/conf_ids.h"
#include "core/conf/conf_load.h"
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf *load(const char *text)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("test", text, strlen(text), &errs);

	for (size_t i = 0; i < errs.n && errs.n_error; i++)
		print_message("%s:%u: %s\n", errs.item[i].file, errs.item[i].line,
			      errs.item[i].text);
	assert_non_null(c);
	err_fini(&errs);
	return c;
}

/* Calls fn with the path of each file of a folder; at least one must be there. */
static void each_file(const char *folder, void (*fn)(const char *path))
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[600];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		fn(path);
		n++;
	}
	(void)closedir(d);
	assert_true(n > 0);
}

static void is_good(const char *path)
{
	struct err_list errs = { 0 };
	bool is_unreadable;
	struct conf *c = conf_load(path, &errs, &is_unreadable);

	for (size_t i = 0; i < errs.n; i++)
		print_message("%s:%u: %s\n", errs.item[i].file, errs.item[i].line,
			      errs.item[i].text);
	assert_non_null(c);
	assert_int_equal(errs.n_error + errs.n_warning, 0);
	err_fini(&errs);
	conf_free(c);
}

static bool has_finding(const struct err_list *errs, unsigned line, const char *level,
			const char *text)
{
	for (size_t i = 0; i < errs->n; i++)
		if (errs->item[i].line == line &&
		    !strcmp(err_level_name(errs->item[i].level), level) &&
		    strstr(errs->item[i].text, text))
			return true;
	return false;
}

static void is_bad(const char *path)
{
	struct err_list errs = { 0 };
	bool is_unreadable;
	struct conf *c = conf_load(path, &errs, &is_unreadable);
	FILE *f = fopen(path, "re");
	char row[512], level[16], text[400];
	unsigned line, n_error = 0;

	assert_non_null(f);
	while (fgets(row, sizeof(row), f)) {
		if (sscanf(row, "#! %u: %15[a-z]: %399[^\n]", &line, level, text) != 3)
			continue;
		if (!has_finding(&errs, line, level, text)) {
			for (size_t i = 0; i < errs.n; i++)
				print_message("have %s:%u: %s\n", path, errs.item[i].line,
					      errs.item[i].text);
			fail_msg("%s: expected in line %u: %s: %s", path, line, level, text);
		}
		n_error += !strcmp(level, "error");
	}
	(void)fclose(f);
	if (errs.n_error != n_error)
		for (size_t i = 0; i < errs.n; i++)
			print_message("have %s:%u: %s\n", path, errs.item[i].line,
				      errs.item[i].text);
	assert_int_equal(errs.n_error, n_error);
	assert_int_equal(c == NULL, n_error > 0);
	assert_false(is_unreadable);
	err_fini(&errs);
	conf_free(c);
}

static void good_files(void **state)
{
	(void)state;
	each_file("tests/conf/good", is_good);
}

static void bad_files(void **state)
{
	(void)state;
	each_file("tests/conf/bad", is_bad);
}

static void sample_file(void **state)
{
	(void)state;
	is_good("etc/vipd.conf");
}

static void unreadable(void **state)
{
	static const char *const path[] = { "tests/conf/no-such-file", "tests/conf" };

	(void)state;
	for (size_t i = 0; i < N_OF(path); i++) {
		struct err_list errs = { 0 };
		bool is_unreadable = false;

		assert_null(conf_load(path[i], &errs, &is_unreadable));
		assert_true(is_unreadable);
		assert_int_equal(errs.n_error, 1);
		err_fini(&errs);
	}
}

static void zero_byte(void **state)
{
	static const char text[] = "workers = {\n};\n\0workers";
	struct err_list errs = { 0 };

	(void)state;
	assert_null(conf_load_text("t", text, sizeof(text) - 1, &errs));
	assert_true(has_finding(&errs, 3, "error", "zero byte"));
	err_fini(&errs);
}

#define VS_A                                                                                       \
	"{ name = \"a\"; address = \"10.0.0.1\"; port = 80; inhibit_on_failure = true;"            \
	"  checks = ( { type = \"tcp\"; }, { type = \"http\"; } );"                                \
	"  real_servers = ( { address = \"10.1.0.1\"; }, "                                         \
	"{ address = \"10.1.0.2\"; port = 8080; weight = 7; inhibit_on_failure = false; "          \
	"checks = ( ); } ); }"

static void inheritance(void **state)
{
	struct conf *c = load("global_defs = { vrrp_version = 3; };\n"
			      "vrrp_instances = ( { name = \"i\"; interface = \"eth0\"; "
			      "virtual_router_id = 1; virtual_ipaddress = ( \"192.0.2.1\", "
			      "{ address = \"192.0.2.2/24\"; dev = \"eth1\"; } ); } );\n"
			      "virtual_servers = ( " VS_A ", { address = \"10.0.0.1\"; port = 81; "
			      "protocol = \"udp\"; } );");

	(void)state;
	assert_int_equal(c->vrrp[0].s.version, 3);
	assert_string_equal(c->vip[0].s.dev, "eth0");
	assert_int_equal(c->vip[0].s.prefix.len, 32);
	assert_string_equal(c->vip[1].s.dev, "eth1");
	assert_string_equal(c->vs[1].s.name, "vs-10.0.0.1-udp-81");
	assert_int_equal(c->rs[0].s.port, 80);
	assert_true(c->rs[0].s.inhibit_on_failure);
	assert_int_equal(c->rs[0].probes.n, 2);
	assert_int_equal(c->rs[1].s.port, 8080);
	assert_int_equal(c->rs[1].s.weight, 7);
	assert_false(c->rs[1].s.inhibit_on_failure);
	assert_int_equal(c->rs[1].probes.n, 0);
	assert_string_equal(c->check[1].s.path, "/");
	assert_null(c->check[1].s.host);
	assert_true(conf_status_has(&c->check[1].s.status, 200));
	assert_true(conf_status_has(&c->check[1].s.status, 299));
	assert_false(conf_status_has(&c->check[1].s.status, 300));
	conf_free(c);
}

/* Objects keep their id when they stay, whatever else moves; new ones get one never used before. */
static void identity(void **state)
{
	struct conf_minter m = { 0 };
	struct conf *a = load("virtual_servers = ( " VS_A " );");
	struct conf *b =
		load("virtual_servers = ( { name = \"z\"; address = \"10.0.0.9\"; port = 1; "
		     "real_servers = ( { address = \"10.1.0.1\"; } ); }, " VS_A " );");
	struct conf *e = load("");
	struct conf *again = load("virtual_servers = ( " VS_A " );");
	struct conf_changes ch;
	char text[200];

	(void)state;
	conf_ids_mint(&m, NULL, a);
	conf_ids_mint(&m, a, b);
	assert_int_equal(a->vs[0].id.v, b->vs[1].id.v);
	assert_int_equal(a->rs[0].id.v, b->rs[1].id.v);
	assert_int_equal(a->rs[1].id.v, b->rs[2].id.v);
	assert_int_equal(a->probe[0].id.v, b->probe[0].id.v);
	assert_true(b->vs[0].id.v > a->probe[1].id.v);
	assert_ptr_equal(conf_rs(b, a->rs[1].id), &b->rs[2]);
	assert_ptr_equal(conf_probe(b, a->probe[1].id), &b->probe[1]);
	assert_null(conf_rs(a, b->rs[0].id));

	conf_diff(a, b, &ch);
	conf_changes_text(&ch, text, sizeof(text));
	assert_string_equal(text, "1 service added, 1 server added");
	conf_diff(a, a, &ch);
	conf_changes_text(&ch, text, sizeof(text));
	assert_string_equal(text, "nothing");

	/* all gone, then all back: other ids */
	conf_ids_mint(&m, b, e);
	conf_ids_mint(&m, e, again);
	assert_true(again->vs[0].id.v > b->vs[0].id.v);
	assert_null(conf_vs(again, a->vs[0].id));
	conf_free(a);
	conf_free(b);
	conf_free(e);
	conf_free(again);
}

/* A verdict belongs to a question: it does not move to another one that takes its place. */
static void identity_of_checks(void **state)
{
	static const char form[] =
		"virtual_servers = ( { address = \"10.0.0.1\"; port = 80; checks = ( %s ); "
		"real_servers = ( { address = \"10.1.0.1\"; } ); } );";
	static const char a_then_b[] = "{ type = \"http\"; path = \"/a\"; }, "
				       "{ type = \"http\"; path = \"/b\"; interval = 9; }";
	static const char only_b[] = "{ type = \"http\"; path = \"/b\"; }, { type = \"tcp\"; }, "
				     "{ type = \"http\"; path = \"/b\"; }";
	struct conf_minter m = { 0 };
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text), form, a_then_b);

	struct conf *a = load(text);

	(void)snprintf(text, sizeof(text), form, only_b);

	struct conf *b = load(text);

	conf_ids_mint(&m, NULL, a);
	conf_ids_mint(&m, a, b);
	assert_int_equal(b->probe[0].id.v, a->probe[1].id.v); /* /b, whatever its interval */
	assert_true(b->probe[1].id.v > a->probe[1].id.v);
	assert_true(b->probe[2].id.v > b->probe[1].id.v); /* /b once more: another probe */
	conf_free(a);
	conf_free(b);
}

static void changes(void **state)
{
	struct conf_minter m = { 0 };
	struct conf *a = load("vrrp_instances = ( { name = \"i\"; interface = \"eth0\"; "
			      "virtual_router_id = 1; virtual_ipaddress = ( \"192.0.2.1\" ); } );\n"
			      "virtual_servers = ( " VS_A " );");
	struct conf *b =
		load("workers = { check_threads = 3; };"
		     "vrrp_instances = ( { name = \"i\"; interface = \"eth0\"; "
		     "virtual_router_id = 1; virtual_ipaddress = ( \"192.0.2.2\" ); } );\n"
		     "virtual_servers = ( { name = \"a\"; address = \"10.0.0.2\"; port = 80; "
		     "real_servers = ( { address = \"10.1.0.1\"; weight = 5; } ); } );");
	struct conf_changes ch;

	(void)state;
	conf_ids_mint(&m, NULL, a);
	conf_ids_mint(&m, a, b);
	conf_diff(a, b, &ch);
	assert_int_equal(ch.inst.changed, 1);
	assert_int_equal(ch.vs.restarted, 1);
	assert_int_equal(ch.rs.changed, 1);
	assert_int_equal(ch.rs.removed, 1);
	assert_int_equal(ch.check.removed, 2);
	conf_free(a);
	conf_free(b);
}

/* No part of loading may be quadratic: 100,000 servers in one service load within a test's patience
 * (a fraction of a second; quadratic would be minutes). */
static void many_servers(void **state)
{
	enum { N = 100000 };
	size_t cap = (size_t)N * 64 + 200, used = 0;
	char *text = malloc(cap);
	struct conf_minter m = { 0 };

	(void)state;
	assert_non_null(text);
	used += (size_t)snprintf(text, cap,
				 "virtual_servers = ( { address = \"10.0.0.1\"; port = 80; "
				 "checks = ( { type = \"tcp\"; } ); real_servers = ( ");
	for (unsigned i = 0; i < N; i++)
		used += (size_t)snprintf(text + used, cap - used,
					 "%s{ address = \"10.%u.%u.%u\"; }", i ? "," : "",
					 1 + i / 65536, i / 256 % 256, i % 256);
	(void)snprintf(text + used, cap - used, " ); } );");

	struct conf *a = load(text), *b = load(text);
	struct conf_changes ch;

	assert_int_equal(a->rs_n, N);
	conf_ids_mint(&m, NULL, a);
	conf_ids_mint(&m, a, b);
	conf_diff(a, b, &ch);
	assert_int_equal(ch.rs.added + ch.rs.removed + ch.rs.changed + ch.check.added, 0);
	conf_free(a);
	conf_free(b);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files),  cmocka_unit_test(bad_files),
		cmocka_unit_test(sample_file), cmocka_unit_test(unreadable),
		cmocka_unit_test(zero_byte),   cmocka_unit_test(inheritance),
		cmocka_unit_test(identity),    cmocka_unit_test(identity_of_checks),
		cmocka_unit_test(changes),     cmocka_unit_test(many_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
