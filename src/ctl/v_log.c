/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl log and metrics: what vipd writes for others.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <string.h>

struct ask {
	long long for_s;
	bool is_open, is_json;
};

/* ------------------------------------------------------------------ log level */

static void log_usage(const char *verb)
{
	(void)printf("usage: vipctl %s level error|warning|notice|info|debug|auto [--for TIME] "
		     "[--json]\n"
		     "\n"
		     "What is less important than this is not logged from now on; auto: what the\n"
		     "configuration says again. It ends with a restart of vipd.\n"
		     "\n"
		     "  --for        so long, for example 90s, 10m, 2h; then as with auto\n"
		     "\n"
		     "Exit status: 0 done, 1 refused, 3 vipd can't be reached, 4 vipd did not "
		     "answer in\n"
		     "time.\n",
		     verb);
}

static const struct opt log_opt[] = {
	{ "for", 0, OPT_TIME, offsetof(struct ask, for_s), 0, 0 },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts log_opts = { log_opt, log_usage };

static int ask_level(const struct ask *a, const char *level)
{
	json_t *request = json_pack("{s:s,s:o}", "verb", "log_level", "level", ctl_text(level));
	json_t *end;

	BUG_ON(!request);
	if (a->for_s)
		BUG_ON(json_object_set_new(request, "for_s", json_integer(a->for_s)));

	int err = call(request, CALL_TIMEOUT_S, call_ignore, NULL, &end);

	if (err)
		return call_status(err);

	int status = show_end(&(struct show){ .is_json = a->is_json }, end);

	if (!a->is_json && status)
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
	else if (!a->is_json)
		(void)printf("log level %s\n", show_text(end, "level"));
	json_decref(end);
	return status;
}

int verb_log(int argc, char **argv)
{
	struct ask a = { 0 };
	int status, at = opts_parse(argc, argv, &log_opts, &a, &status);

	if (at < 0)
		return status;
	if (argc - at == 2 && !strcmp(argv[at], "level"))
		return ask_level(&a, argv[at + 1]);
	(void)fprintf(stderr, "vipctl: log takes `level` and one of them; try log --help\n");
	return EXIT_FAILED;
}

/* ------------------------------------------------------------------ metrics */

static void metrics_usage(const char *verb)
{
	(void)printf("usage: vipctl %s [--openmetrics] [--json]\n"
		     "\n"
		     "Prints what /metrics of the HTTP endpoint has, also when there is none.\n"
		     "\n"
		     "  --openmetrics  in that form, instead of in Prometheus' own\n"
		     "\n"
		     "Exit status: 0 printed, 1 refused, 3 vipd can't be reached, 4 vipd did not "
		     "answer\n"
		     "in time.\n",
		     verb);
}

static const struct opt metrics_opt[] = {
	{ "openmetrics", 0, OPT_FLAG, offsetof(struct ask, is_open), 0, 0 },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts metrics_opts = { metrics_opt, metrics_usage };

static void on_piece(void *arg, const char *text, const json_t *line)
{
	const struct ask *a = arg;

	if (a->is_json)
		(void)puts(text);
	else
		(void)fputs(show_text(line, "metrics"), stdout);
}

int verb_metrics(int argc, char **argv)
{
	struct ask a = { 0 };
	json_t *end;
	int status, at = opts_parse(argc, argv, &metrics_opts, &a, &status);

	if (at < 0)
		return status;
	if (at < argc) {
		(void)fprintf(stderr, "vipctl: metrics takes no '%s'; try metrics --help\n",
			      argv[at]);
		return EXIT_FAILED;
	}

	int err = call(json_pack("{s:s,s:b}", "verb", "metrics", "openmetrics", a.is_open),
		       CALL_TIMEOUT_S, on_piece, &a, &end);

	if (err)
		return call_status(err);
	status = show_end(&(struct show){ .is_json = a.is_json }, end);
	if (status && !a.is_json)
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
	json_decref(end);
	return status;
}
