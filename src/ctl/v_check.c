/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl check now: servers are checked at once, and not when their turn comes.
 */
#include "core/bug.h"
#include "core/ops/control_check.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_N = 6, CELL_LEN = 32 };

struct ask {
	const char *service;
	bool is_waiting, is_json;
	struct grid grid;
};

static void usage(const char *verb)
{
	(void)printf(
		"usage: vipctl %s now ADDRESS[:PORT]... [--service PATTERN] [--wait] [--json]\n"
		"\n"
		"Has the checks of these servers made at once. They go on by their schedule then;\n"
		"what they find counts as always (rise, fall). A check that runs already is not\n"
		"begun anew.\n"
		"\n"
		"  ADDRESS      *, ? and [ ] stand for what they do in a shell; at most %d checks "
		"at a\n"
		"               time\n"
		"  --service    only in these services\n"
		"  --wait       until the results are there, and tell them\n"
		"\n"
		"Exit status: 0 done, 1 refused (no such server, no permission), 3 vipd can't be\n"
		"reached, 4 vipd did not answer in time, 5 with --wait: a check did not pass, or\n"
		"did not end in %d s.\n",
		verb, CHECK_NOW_N, CHECK_NOW_WAIT_S);
}

static const struct opt opt[] = {
	{ "service", 0, OPT_SERVICE, offsetof(struct ask, service), 0, 0 },
	{ "wait", 0, OPT_FLAG, offsetof(struct ask, is_waiting), 0, 0 },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts check_opts = { opt, usage };

static const struct grid_column columns[COLUMNS_N] = {
	{ "SERVER", false }, { "SERVICE", false }, { "CHECK", false },
	{ "RESULT", false }, { "CODE", true },     { "MS", true },
};

static void on_line(void *arg, const char *text, const json_t *line)
{
	struct ask *a = arg;
	const json_t *check = json_object_get(line, "check");
	const json_t *result = json_object_get(check, "result");
	bool has_passed = json_is_true(json_object_get(result, "passed"));
	char code[CELL_LEN], ms[CELL_LEN];

	if (a->is_json)
		(void)puts(text);
	if (a->is_json || !check)
		return;
	(void)snprintf(code, sizeof(code), "%" JSON_INTEGER_FORMAT,
		       json_integer_value(json_object_get(result, "code")));
	(void)snprintf(ms, sizeof(ms), "%.1f",
		       json_number_value(json_object_get(result, "duration_us")) / 1000);
	grid_put(&a->grid, show_text(check, "server"), GRID_PLAIN);
	grid_put(&a->grid, show_text(check, "service"), GRID_PLAIN);
	grid_put(&a->grid, show_text(check, "type"), GRID_PLAIN);
	grid_put(&a->grid, json_is_object(result) ? show_text(result, "reason") : "none yet",
		 has_passed ? GRID_GOOD : GRID_BAD);
	grid_put(&a->grid, code, GRID_PLAIN);
	grid_put(&a->grid, ms, GRID_PLAIN);
}

static json_int_t number_of(const json_t *end, const char *name)
{
	return json_integer_value(json_object_get(end, name));
}

static int tell(const struct ask *a, const char *match, const json_t *end)
{
	int status = show_end(&(struct show){ .is_json = a->is_json }, end);
	json_int_t checks = number_of(end, "checks"), passed = number_of(end, "passed");

	if (!status && a->is_waiting && passed < checks)
		status = EXIT_TROUBLE;
	if (a->is_json)
		return status;
	if (status && status != EXIT_TROUBLE)
		(void)fprintf(stderr, "vipctl: %s: %s\n", match, show_text(end, "error"));
	else if (!a->is_waiting)
		(void)printf("%s: %" JSON_INTEGER_FORMAT " check%s asked for\n", match, checks,
			     checks == 1 ? "" : "s");
	return status;
}

static int check_now(struct ask *a, const char *match)
{
	json_t *request = json_pack("{s:s,s:o,s:b}", "verb", "check_now", "match", ctl_text(match),
				    "wait", a->is_waiting),
	       *end;

	BUG_ON(!request);
	opts_put(request, "service", a->service);

	int err = call(request, CHECK_NOW_WAIT_S + CALL_TIMEOUT_S, on_line, a, &end);

	if (err)
		return call_status(err);

	int status = tell(a, match, end);

	json_decref(end);
	return status;
}

int verb_check(int argc, char **argv)
{
	struct ask a = { 0 };
	int status, worst = EXIT_GOOD, at = opts_parse(argc, argv, &check_opts, &a, &status);

	if (at < 0)
		return status;
	if (argc - at < 2 || strcmp(argv[at], "now") != 0) {
		(void)fprintf(stderr, "vipctl: check takes `now` and servers; try check --help\n");
		return EXIT_FAILED;
	}
	grid_init(&a.grid, columns, COLUMNS_N);
	for (at++; at < argc; at++) {
		status = check_now(&a, argv[at]);
		if (!worst || worst == EXIT_TROUBLE)
			worst = status ? status : worst;
		if (status == EXIT_UNREADABLE || status == EXIT_UNKNOWN)
			break; /* it would be the same with the next one */
	}
	grid_print(&a.grid);
	grid_fini(&a.grid);
	return worst;
}
