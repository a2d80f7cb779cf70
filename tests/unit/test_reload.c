/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A reload up to its last step: what is refused and why, that what runs is not touched, and the words for
 * what changes.
 */
#include "core/conf/schema.h"
#include "core/ops/reload.h"
#include "core/ops/report.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_reload.XXXXXX";
static char path[64];

#define SERVICE(servers)                                                                           \
	"virtual_servers = ( { name = \"www\"; address = \"10.0.0.1\"; port = 80; checks = ( { "   \
	"type = "                                                                                  \
	"\"tcp\"; timeout = 1; } ); real_servers = ( " servers " ); } );\n"
#define INSTANCE(interface, addresses)                                                             \
	"vrrp_instances = ( { name = \"web\"; interface = \"" interface "\"; virtual_router_id = " \
	"51; virtual_ipaddress = "                                                                 \
	"( " addresses " ); } );\n"
#define TWENTY "\"10.1.0.[1-20]\""

static void put(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct conf *load(const char *text)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("text", text, strlen(text), &errs);

	if (!c)
		fail_msg("%s", errs.item[0].text);
	err_fini(&errs);
	return c;
}

static void verdicts(void **state)
{
	static const struct {
		const char *text; /* NULL: no file */
		bool is_forced, has_table;
		enum reload_verdict verdict;
		int status;
		const char *summary; /* NULL: none */
	} row[] = {
		{ SERVICE(TWENTY), false, true, RELOAD_GOOD, 0, "nothing" },
		{ SERVICE("\"10.1.0.[1-10]\""), false, true, RELOAD_GOOD, 0,
		  "-10 servers, -10 checks" },
		{ SERVICE("\"10.1.0.[1-9]\""), false, true, RELOAD_TOO_MANY, 1,
		  "-11 servers, -11 checks" },
		{ SERVICE("\"10.1.0.[1-9]\""), true, true, RELOAD_GOOD, 0,
		  "-11 servers, -11 checks" },
		/* other servers instead: they are gone all the same */
		{ SERVICE("\"10.2.0.[1-20]\""), false, true, RELOAD_TOO_MANY, 1,
		  "+20 servers, -20 servers, +20 checks, -20 checks" },
		/* the setting of the new file does not count */
		{ "global_defs = { reload_max_removed_percent = 100; };\n", false, true,
		  RELOAD_TOO_MANY, 1,
		  "reload_max_removed_percent changed, -1 service, -20 servers, -20 checks" },
		{ "", true, true, RELOAD_GOOD, 0, "-1 service, -20 servers, -20 checks" },
		{ SERVICE(TWENTY), true, false, RELOAD_NO_IPVS, 1, "nothing" },
		{ "", true, false, RELOAD_GOOD, 0, "-1 service, -20 servers, -20 checks" },
		{ "virtual_servers = (", true, true, RELOAD_ERRORS, 2, NULL },
		{ NULL, true, true, RELOAD_UNREADABLE, 3, NULL },
	};
	struct reload_now now = { .conf = NULL };
	struct conf *running = load(SERVICE(TWENTY));

	(void)state;
	conf_ids_mint(&now.minter, NULL, running);
	now.conf = running;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct reload_from from = { .file = path, .has_table = row[i].has_table };
		struct reload *r = calloc(1, sizeof(*r));
		uint32_t last = now.minter.last;
		char text[CHANGES_TEXT_LEN];

		(void)unlink(path);
		if (row[i].text)
			put(row[i].text);
		reload_make(r, &from, &now, row[i].is_forced);
		assert_int_equal(r->verdict, row[i].verdict);
		assert_int_equal(reload_status(r->verdict), row[i].status);
		assert_int_equal(!!r->next, !!row[i].summary);
		assert_int_equal(!!r->errs.n_error, !row[i].summary);
		assert_int_equal(!!*r->why,
				 r->verdict == RELOAD_TOO_MANY || r->verdict == RELOAD_NO_IPVS);
		if (row[i].summary)
			assert_string_equal(changes_text(&r->sum, text), row[i].summary);
		if (r->verdict == RELOAD_TOO_MANY)
			assert_non_null(strstr(r->why, "reload --force"));
		assert_int_equal(now.minter.last, last); /* nothing was used up */
		reload_fini(r);
		free(r);
	}
	conf_free(running);
}

/* Nothing is wrong but that others could change what root runs: the end says so. */
static void insecure(void **state)
{
	static const char *const rest[] = { "", "virtual_servers = ( { } );\n" };
	struct conf *running = load("");
	struct reload_now now = { .conf = running };
	struct reload_from from = { .file = path, .has_table = true };
	char script[80], text[400];
	FILE *f;

	(void)state;
	(void)snprintf(script, sizeof(script), "%s/script", dir);
	f = fopen(script, "we");
	assert_non_null(f);
	(void)fclose(f);
	assert_int_equal(chmod(script, 0777), 0);
	for (size_t i = 0; i < N_OF(rest); i++) {
		struct reload *r = calloc(1, sizeof(*r));
		json_t *end;

		(void)snprintf(text, sizeof(text),
			       "global_defs = { enable_script_security = true; };\n"
			       "vrrp_scripts = ( { name = \"s\"; command = [ \"%s\" ]; user = "
			       "\"root\"; } );\n%s",
			       script, rest[i]);
		put(text);
		reload_make(r, &from, &now, false);
		assert_int_equal(r->verdict, i ? RELOAD_ERRORS : RELOAD_INSECURE);
		assert_int_equal(reload_status(r->verdict), 2);
		end = report_end(r, 1);
		assert_int_equal(json_integer_value(json_object_get(end, "status")), 2);
		assert_null(json_object_get(end, "summary"));
		if (!i)
			assert_non_null(strstr(json_string_value(json_object_get(end, "error")),
					       "for security"));
		else
			assert_null(json_object_get(end, "error"));
		json_decref(end);
		reload_fini(r);
		free(r);
	}
	assert_int_equal(unlink(script), 0);
	conf_free(running);
}

/* Both, compared; the caller frees them. */
static void pair(const char *before, const char *after, struct conf **old, struct reload *r)
{
	struct reload_now now = { .conf = NULL };
	struct reload_from from = { .file = path, .has_table = true };

	*old = load(before);
	conf_ids_mint(&now.minter, NULL, *old);
	now.conf = *old;
	put(after);
	reload_make(r, &from, &now, true);
	assert_int_equal(r->verdict, RELOAD_GOOD);
}

static void summaries(void **state)
{
	static const struct {
		const char *before, *after, *text;
	} row[] = {
		{ "", "", "nothing" },
		{ "", INSTANCE("eth0", "\"192.0.2.1\""), "+1 instance" },
		{ INSTANCE("eth0", "\"192.0.2.1/24 dev eth9\""),
		  INSTANCE("eth1", "\"192.0.2.1/24 dev eth9\""),
		  "1 instance restarts because its interface changed" },
		{ INSTANCE("eth0", "\"192.0.2.1\""),
		  INSTANCE("eth0", "\"192.0.2.1\", \"192.0.2.2\""),
		  "addresses of 1 instance changed" },
		{ SERVICE("\"10.1.0.1 weight=2\""),
		  SERVICE("\"10.1.0.1 weight=3\", \"10.1.0.[2-4]\""),
		  "+3 servers, weight of 1 server changed, +3 checks" },
		{ SERVICE("\"10.1.0.[1-3] weight=2\""),
		  SERVICE("\"10.1.0.[1-3] weight=3 inhibit_on_failure=true\""),
		  "weight of 3 servers changed, inhibit_on_failure of 3 servers changed" },
		{ "", "workers = { check_threads = 3; };",
		  "check_threads changed, which needs a restart of vipd" },
		{ "", "global_defs = { router_id = \"lb1\"; };", "router_id changed" },
		{ "virtual_servers = ( { name = \"a\"; address = \"10.0.0.1\"; port = 80; }, { "
		  "name = "
		  "\"b\"; address = \"10.0.0.2\"; port = 80; } );",
		  "virtual_servers = ( { name = \"a\"; address = \"10.0.0.3\"; port = 80; }, { "
		  "name = "
		  "\"b\"; address = \"10.0.0.4\"; port = 80; } );",
		  "2 services restart because their address changed" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct conf *old;
		struct reload *r = calloc(1, sizeof(*r));
		char text[CHANGES_TEXT_LEN];

		pair(row[i].before, row[i].after, &old, r);
		assert_string_equal(changes_text(&r->sum, text), row[i].text);
		reload_fini(r);
		free(r);
		conf_free(old);
	}
}

/* The summary has an end, whatever changes. */
static void long_summary(void **state)
{
	static const struct schema_key key = { .name = "a_setting_with_a_rather_long_name" };
	struct changes_sum s = { .other_n = 7 };
	char text[CHANGES_TEXT_LEN];

	(void)state;
	for (uint32_t i = 0; i < CHANGES_CAUSES_N; i++)
		s.cause[s.cause_n++] = (struct changes_cause){
			.key = &key, .of = CHANGE_RS, .what = CHANGE_LIVE, .n = i + 1
		};
	(void)changes_text(&s, text);
	assert_true(strlen(text) < CHANGES_TEXT_LEN);
	assert_string_equal(text + strlen(text) - 5, ", ...");
}

/* Every line of a report as text. */
static void lines_of(struct report *p, const char *const *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *line = report_next(p);
		char *text = json_dumps(line, JSON_COMPACT);

		assert_non_null(line);
		assert_string_equal(text, want[i]);
		free(text);
		json_decref(line);
	}
	assert_null(report_next(p));
}

static void reports(void **state)
{
	static const char *const want[] = {
		"{\"change\":{\"object\":\"workers\",\"what\":\"needs_restart\",\"settings\":[{"
		"\"name\":"
		"\"check_threads\",\"old\":\"0\",\"new\":\"2\",\"reload\":\"daemon\"}],\"because\":"
		"\"check_threads\"}}",
		"{\"change\":{\"object\":\"vrrp_instance\",\"what\":\"restarted\",\"name\":\"web\","
		"\"settings\":[{\"name\":\"interface\",\"old\":\"\\\"eth0\\\"\",\"new\":"
		"\"\\\"eth1\\\"\","
		"\"reload\":\"restart\"}],\"addresses\":{\"added\":[\"192.0.2.3/24 dev eth1\"],"
		"\"removed\":[\"192.0.2.1/24 dev eth0\"]},\"because\":\"interface\"}}",
		"{\"change\":{\"object\":\"real_server\",\"what\":\"changed\",\"name\":\"10.1.0.2:"
		"80\","
		"\"service\":\"www\",\"settings\":[{\"name\":\"weight\",\"old\":\"1\",\"new\":"
		"\"5\","
		"\"reload\":\"live\"}]}}",
		"{\"change\":{\"object\":\"real_server\",\"what\":\"added\",\"name\":\"10.1.0.3:"
		"80\","
		"\"service\":\"www\"}}",
		"{\"change\":{\"object\":\"real_server\",\"what\":\"removed\",\"name\":\"10.1.0.1:"
		"80\","
		"\"service\":\"www\"}}",
		"{\"change\":{\"object\":\"check\",\"what\":\"added\",\"name\":\"10.1.0.3:80\","
		"\"service\":"
		"\"www\",\"type\":\"tcp\"}}",
		"{\"change\":{\"object\":\"check\",\"what\":\"removed\",\"name\":\"10.1.0.1:80\","
		"\"service\":\"www\",\"type\":\"tcp\"}}",
	};
	struct conf *old;
	struct reload *r = calloc(1, sizeof(*r));
	struct report p;

	(void)state;
	pair(INSTANCE("eth0", "\"192.0.2.1/24\", \"192.0.2.2/24 dev eth9\"")
		     SERVICE("\"10.1.0.[1-2]\""),
	     "workers = { check_threads = 2; };\n" INSTANCE(
		     "eth1", "\"192.0.2.2/24 dev eth9\", \"192.0.2.3/24\"")
		     SERVICE("\"10.1.0.2 weight=5\", \"10.1.0.3\""),
	     &old, r);
	report_init(&p, r, old, REPORT_ALL);
	lines_of(&p, want, N_OF(want));
	report_fini(&p);
	report_init(&p, r, old, 2);
	lines_of(&p, want, 2);
	report_fini(&p);
	report_init(&p, r, old, -1);
	lines_of(&p, want, 0);
	report_fini(&p);
	reload_fini(r);
	free(r);
	conf_free(old);
}

/* What is said of addresses, and what objects without numbers are called. */
static void names(void **state)
{
	static const struct {
		const char *before, *after, *want; /* in the line of the one change */
	} row[] = {
		{ INSTANCE("eth0", "\"192.0.2.1\""), INSTANCE("eth0", "\"192.0.2.1 label eth0:1\""),
		  "\"addresses\":{\"added\":[\"192.0.2.1/32 dev eth0 label eth0:1\"],\"removed\":"
		  "[\"192.0.2.1/32 dev eth0\"]}" },
		{ INSTANCE("eth0", "\"192.0.2.1 scope link\""),
		  INSTANCE("eth0", "\"192.0.2.1 scope site\", \"192.0.2.10\""),
		  "\"addresses\":{\"added\":[\"192.0.2.1/32 dev eth0 scope site\",\"192.0.2.10/32 "
		  "dev eth0\"],\"removed\":[\"192.0.2.1/32 dev eth0 scope link\"]}" },
		{ INSTANCE("eth0", "{ address = \"192.0.2.1\"; no_track = true; }"),
		  INSTANCE("eth0", "\"192.0.2.1\""),
		  "\"removed\":[\"192.0.2.1/32 dev eth0 no_track true\"]" },
		{ "",
		  "garp_groups = ( { garp_interval = 1; interfaces = [ \"eth1\", \"eth2\" ]; } "
		  ");",
		  "{\"change\":{\"object\":\"garp_groups\",\"what\":\"added\",\"name\":\"eth1\"}"
		  "}" },
		{ "", "track_files = ( { name = \"f\"; file = \"/tmp/f\"; } );",
		  "\"what\":\"added\",\"name\":\"f\"" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct conf *old;
		struct reload *r = calloc(1, sizeof(*r));
		struct report p;

		pair(row[i].before, row[i].after, &old, r);
		report_init(&p, r, old, REPORT_ALL);

		json_t *line = report_next(&p);

		/* findings are not what is looked at */
		while (line && json_object_get(line, "finding")) {
			json_decref(line);
			line = report_next(&p);
		}

		char *text = json_dumps(line, JSON_COMPACT);

		assert_non_null(text);
		if (!strstr(text, row[i].want))
			fail_msg("row %zu: %s", i, text);
		free(text);
		json_decref(line);
		report_fini(&p);
		reload_fini(r);
		free(r);
		conf_free(old);
	}
}

/* Servers that moved, came and went keep or lose their identity whatever their order. */
static void shuffled(void **state)
{
	struct conf *old;
	struct reload *r = calloc(1, sizeof(*r));

	(void)state;
	pair(SERVICE("\"10.1.0.[1-200]\""),
	     SERVICE("\"10.1.0.[150-200]\", \"10.2.0.[1-7]\", \"10.1.0.[11-149]\""), &old, r);
	assert_int_equal(r->sum.n.rs.added, 7);
	assert_int_equal(r->sum.n.rs.removed, 10);
	assert_int_equal(r->sum.n.rs.changed, 0);
	assert_int_equal(r->sum.n.check.added, 7);
	assert_int_equal(r->sum.n.check.removed, 10);
	for (uint32_t i = 0; i < r->next->rs_n; i++) {
		const struct conf_rs *b = &r->next->rs[i], *a = conf_rs(old, b->id);

		assert_int_equal(!a, i >= 51 && i < 58);
		if (a)
			assert_true(addr_eq(&a->s.addr, &b->s.addr));
	}
	reload_fini(r);
	free(r);
	conf_free(old);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/conf", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),     cmocka_unit_test(summaries),
		cmocka_unit_test(long_summary), cmocka_unit_test(reports),
		cmocka_unit_test(shuffled),     cmocka_unit_test(names),
		cmocka_unit_test(insecure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
