/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl show: what runs and how it is, a line an object. Each thing that can be shown is a row of the table
 * of things: what is asked of vipd, and which columns are made of its answer.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/number.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS_MAX = 12, CELL_LEN = 200 };

enum format {
	FORMAT_TEXT,
	FORMAT_STATE, /* with a colour */
	FORMAT_NUMBER,
	FORMAT_AGE, /* of a moment */
	FORMAT_LEFT, /* until a moment */
	FORMAT_MS, /* of microseconds */
	FORMAT_SECONDS,
	FORMAT_UP, /* up/total of an object of counts */
};

struct column {
	const char *title, *member; /* "a.b": member b of object a */
	enum format format;
};

struct thing {
	const char *name, *verb, *line, *args, *text;
	struct column column[COLUMNS_MAX + 1]; /* none: lines of text */
};

/* clang-format off */
static const struct thing things[] = {
	{ "vrrp", "show_vrrp", "vrrp_instance", "[NAME]", "instances of VRRP, their states and who was heard last", {
		{ "INSTANCE", "name", FORMAT_TEXT }, { "STATE", "state", FORMAT_STATE }, { "FOR", "since", FORMAT_AGE },
		{ "PRIO", "priority", FORMAT_NUMBER }, { "IFACE", "interface", FORMAT_TEXT }, { "VRID", "virtual_router_id", FORMAT_NUMBER },
		{ "PEER", "peer.address", FORMAT_TEXT }, { "ITS PRIO", "peer.priority", FORMAT_NUMBER }, { "HEARD", "peer.heard", FORMAT_AGE },
		{ "DROPPED", "dropped", FORMAT_NUMBER }, { "WHY", "why", FORMAT_TEXT } } },
	{ "services", "show_services", "virtual_server", "[NAME]", "virtual servers, their weight and quorum", {
		{ "SERVICE", "name", FORMAT_TEXT }, { "ADDRESS", "address", FORMAT_TEXT }, { "PROTO", "protocol", FORMAT_TEXT },
		{ "SCHED", "scheduler", FORMAT_TEXT }, { "METHOD", "method", FORMAT_TEXT }, { "QUORUM", "quorum", FORMAT_STATE },
		{ "FOR", "since", FORMAT_AGE }, { "SERVERS UP", "servers", FORMAT_UP }, { "WEIGHT UP", "up_weight", FORMAT_NUMBER },
		{ "OF", "total_weight", FORMAT_NUMBER } } },
	{ "servers", "show_servers", "real_server", "[ADDRESS[:PORT]]", "real servers, their states and why", {
		{ "SERVER", "name", FORMAT_TEXT }, { "SERVICE", "service", FORMAT_TEXT }, { "STATE", "state", FORMAT_STATE },
		{ "FOR", "since", FORMAT_AGE }, { "TABLE", "table", FORMAT_TEXT }, { "WEIGHT", "weight", FORMAT_NUMBER },
		{ "REASON", "reason", FORMAT_TEXT }, { "CODE", "code", FORMAT_NUMBER }, { "MS", "duration_us", FORMAT_MS },
		{ "TEXT", "text", FORMAT_TEXT } } },
	{ "checks", "show_checks", "check", "[ADDRESS[:PORT]]", "health checks and their last verdicts", {
		{ "SERVER", "server", FORMAT_TEXT }, { "SERVICE", "service", FORMAT_TEXT }, { "CHECK", "type", FORMAT_TEXT },
		{ "HEALTH", "health", FORMAT_STATE }, { "FOR", "since", FORMAT_AGE }, { "REASON", "reason", FORMAT_TEXT },
		{ "CODE", "code", FORMAT_NUMBER }, { "MS", "duration_us", FORMAT_MS }, { "EVERY", "interval_s", FORMAT_SECONDS },
		{ "CERT", "certificate_ends", FORMAT_LEFT }, { "ALPN", "alpn", FORMAT_TEXT } } },
	{ "threads", "show_threads", "thread", "", "threads of vipd and what they cost", {
		{ "THREAD", "name", FORMAT_TEXT }, { "TURNS", "turns", FORMAT_NUMBER }, { "CPU", "cpu_s", FORMAT_SECONDS },
		{ "GENERATION", "generation", FORMAT_NUMBER } } },
	{ "counters", "show_counters", "counter", "[NAME]", "counters, and how late things were", {
		{ "COUNTER", "name", FORMAT_TEXT }, { "VALUE", "value", FORMAT_NUMBER }, { "MAX MS", "max_us", FORMAT_MS },
		{ "TEXT", "text", FORMAT_TEXT } } },
	{ "config", "show_config", "text", "", "the configuration that runs, as a file (root)", { { NULL, NULL, FORMAT_TEXT } } },
};
/* clang-format on */

enum { THINGS_N = sizeof(things) / sizeof(*things) };

struct ask {
	const struct thing *thing;
	const char *match, *service, *state;
	unsigned max, timeout_s;
	bool has_max;
	struct show show;
	double now_s;
	struct grid grid;
};

static void usage(void)
{
	(void)printf("usage: vipctl show THING [PATTERN] [--service PATTERN] [--state STATE]\n"
		     "                   [--max N] [--json] [--timeout SECONDS]\n\n");
	for (size_t i = 0; i < THINGS_N; i++)
		(void)printf("  vipctl show %-8s %-18s %s\n", things[i].name, things[i].args,
			     things[i].text);
	(void)printf(
		"\n"
		"  PATTERN      a name or address; *, ? and [ ] stand for what they do in a shell\n"
		"  --service    servers and checks of these services only\n"
		"  --state      what is in this state only: ACTIVE, BACKUP, FAULT; up, down,\n"
		"               unknown, drain, maint\n"
		"  --max        at most so many\n"
		"  --json       a line for each, as vipctl-protocol(7) describes them\n"
		"\n"
		"Exit status: 0 shown, 1 nothing matches or a wrong command line, 3 vipd can't be\n"
		"reached, 4 vipd did not answer in time.\n");
}

/* ------------------------------------------------------------------ cells */

/* A member, or a member of a member. */
static const json_t *member_of(const json_t *o, const char *path)
{
	const char *dot = strchr(path, '.');
	char first[CELL_LEN];

	if (!dot)
		return json_object_get(o, path);
	(void)snprintf(first, sizeof(first), "%.*s", (int)(dot - path), path);
	return json_object_get(json_object_get(o, first), dot + 1);
}

static enum grid_colour colour_of(const char *state)
{
	static const struct {
		const char *word;
		enum grid_colour colour;
	} rows[] = {
		{ "up", GRID_GOOD },   { "ACTIVE", GRID_GOOD }, { "down", GRID_BAD },
		{ "FAULT", GRID_BAD }, { "unknown", GRID_DIM }, { "INIT", GRID_DIM },
		{ "drain", GRID_DIM }, { "maint", GRID_DIM },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].word, state))
			return rows[i].colour;
	return GRID_PLAIN;
}

static void cell_of(const struct ask *a, const struct column *c, const json_t *v,
		    char buf[static CELL_LEN])
{
	char age[GRID_AGE_LEN];

	switch (c->format) {
	case FORMAT_TEXT:
	case FORMAT_STATE:
		(void)snprintf(buf, CELL_LEN, "%s",
			       json_string_value(v) ? json_string_value(v) : "-");
		return;
	case FORMAT_NUMBER:
		(void)snprintf(buf, CELL_LEN, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return;
	case FORMAT_AGE:
		(void)snprintf(buf, CELL_LEN, "%s", grid_age(a->now_s - json_number_value(v), age));
		return;
	case FORMAT_LEFT:
		(void)snprintf(buf, CELL_LEN, "%s",
			       json_number_value(v) < a->now_s
				       ? "over"
				       : grid_age(json_number_value(v) - a->now_s, age));
		return;
	case FORMAT_MS:
		(void)snprintf(buf, CELL_LEN, "%.1f", json_number_value(v) / 1000);
		return;
	case FORMAT_SECONDS:
		(void)snprintf(buf, CELL_LEN, "%.2fs", json_number_value(v));
		return;
	case FORMAT_UP:
		(void)snprintf(buf, CELL_LEN, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
			       json_integer_value(json_object_get(v, "up")),
			       json_integer_value(json_object_get(v, "total")));
		return;
	}
}

static void row(struct ask *a, const json_t *o)
{
	for (const struct column *c = a->thing->column; c->title; c++) {
		const json_t *v = member_of(o, c->member);
		char buf[CELL_LEN];

		if (!v || json_is_null(v))
			(void)snprintf(buf, sizeof(buf), "-");
		else
			cell_of(a, c, v, buf);
		grid_put(&a->grid, buf, c->format == FORMAT_STATE ? colour_of(buf) : GRID_PLAIN);
	}
}

static void on_line(void *arg, const char *text, const json_t *line)
{
	struct ask *a = arg;
	const json_t *o = json_object_get(line, a->thing->line);

	if (a->show.is_json)
		(void)puts(text);
	else if (json_is_string(o))
		(void)puts(json_string_value(o));
	else if (o)
		row(a, o);
}

/* ------------------------------------------------------------------ the verb */

static const struct thing *thing_of(const char *name)
{
	for (size_t i = 0; i < THINGS_N; i++)
		if (!strcmp(things[i].name, name))
			return &things[i];
	(void)fprintf(stderr, "vipctl: can't show '%s'; try show --help\n", name);
	return NULL;
}

/* False: *status is the exit status. */
static bool take(int c, struct ask *a, int *status)
{
	switch (c) {
	case 's':
		a->service = optarg;
		return true;
	case 'S':
		a->state = optarg;
		return true;
	case 'm':
		a->has_max = true;
		return number("show", "max", optarg, 1, INT_MAX, &a->max);
	case 'j':
		a->show.is_json = true;
		return true;
	case 't':
		return number("show", "timeout", optarg, 1, CALL_TIMEOUT_MAX_S, &a->timeout_s);
	case 'h':
		usage();
		*status = EXIT_GOOD;
		return false;
	default:
		return false;
	}
}

static bool parse(int argc, char **argv, struct ask *a, int *status)
{
	static const struct option longs[] = {
		{ "service", required_argument, NULL, 's' },
		{ "state", required_argument, NULL, 'S' },
		{ "max", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*a = (struct ask){ .timeout_s = CALL_TIMEOUT_S };
	*status = EXIT_FAILED;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (!take(c, a, status))
			return false;
	if (optind == argc) {
		(void)fprintf(stderr, "vipctl: show what? try show --help\n");
		return false;
	}
	a->thing = thing_of(argv[optind++]);
	if (!a->thing)
		return false;
	if (optind < argc)
		a->match = argv[optind++];
	if (optind == argc)
		return true;
	(void)fprintf(stderr,
		      "vipctl: show takes one pattern; quote it when the shell expands it\n");
	return false;
}

static void put(json_t *request, const char *name, const char *text)
{
	if (text)
		BUG_ON(json_object_set_new(request, name, ctl_text(text)));
}

static double wall_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int tell(const struct ask *a, const json_t *end)
{
	int status = show_end(&a->show, end);
	json_int_t matches = json_integer_value(json_object_get(end, "matches"));

	if (a->show.is_json)
		return status;
	if (status) {
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
		return status;
	}
	grid_print(&a->grid);
	if (a->has_max && matches > a->max)
		(void)printf("... and %" JSON_INTEGER_FORMAT " more\n", matches - a->max);
	if (matches)
		return status;
	(void)fprintf(stderr, a->match || a->service || a->state ? "vipctl: nothing matches\n"
								 : "vipctl: there are none\n");
	return EXIT_FAILED;
}

int verb_show(int argc, char **argv)
{
	struct ask a;
	struct grid_column titles[COLUMNS_MAX];
	size_t n = 0;
	json_t *request, *end;
	int status;

	if (!parse(argc, argv, &a, &status))
		return status;
	for (const struct column *c = a.thing->column; c->title; c++)
		titles[n++] = (struct grid_column){ c->title, c->format != FORMAT_TEXT &&
								      c->format != FORMAT_STATE };
	grid_init(&a.grid, titles, n);
	a.now_s = wall_s();
	request = json_pack("{s:s}", "verb", a.thing->verb);
	BUG_ON(!request);
	put(request, "match", a.match);
	put(request, "service", a.service);
	put(request, "state", a.state);
	if (a.has_max)
		BUG_ON(json_object_set_new(request, "max", json_integer(a.max)));

	int err = call(request, a.timeout_s, on_line, &a, &end);

	if (err) {
		grid_fini(&a.grid);
		return err == -ETIMEDOUT ? EXIT_UNKNOWN : EXIT_UNREADABLE;
	}
	status = tell(&a, end);
	json_decref(end);
	grid_fini(&a.grid);
	return status;
}
