/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl show: what runs and how it is, a line an object. Each thing that can be shown is a row of the table
 * of things: what is asked of vipd, and which columns are made of its answer.
 */
#include "ctl/v_show.h"

#include "core/bug.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMNS_MAX = SHOW_COLUMNS_N,
	CELL_LEN = 200,
	TRAFFIC_ROWS_N = 1000, /* that are asked for with their traffic when nobody says */
};

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
		{ "DROPPED", "dropped", FORMAT_NUMBER }, { "BY HAND", "wish", FORMAT_TEXT }, { "WHY", "why", FORMAT_TEXT } } },
	{ "services", "show_services", "virtual_server", "[NAME]", "virtual servers, their weight and quorum", {
		{ "SERVICE", "name", FORMAT_TEXT }, { "ADDRESS", "address", FORMAT_TEXT }, { "PROTO", "protocol", FORMAT_TEXT },
		{ "SCHED", "scheduler", FORMAT_TEXT }, { "METHOD", "method", FORMAT_TEXT }, { "QUORUM", "quorum", FORMAT_STATE },
		{ "FOR", "since", FORMAT_AGE }, { "SERVERS UP", "servers", FORMAT_UP }, { "WEIGHT UP", "up_weight", FORMAT_NUMBER },
		{ "OF", "total_weight", FORMAT_NUMBER }, { "CONN/S", "traffic.connections_s", FORMAT_NUMBER } } },
	{ "servers", "show_servers", "real_server", "[ADDRESS[:PORT]]", "real servers, their states and why", {
		{ "SERVER", "name", FORMAT_TEXT }, { "SERVICE", "service", FORMAT_TEXT }, { "STATE", "state", FORMAT_STATE },
		{ "FOR", "since", FORMAT_AGE }, { "TABLE", "table", FORMAT_TEXT }, { "WEIGHT", "weight", FORMAT_NUMBER },
		{ "REASON", "reason", FORMAT_TEXT }, { "CODE", "code", FORMAT_NUMBER }, { "MS", "duration_us", FORMAT_MS },
		{ "OPEN", "traffic.active", FORMAT_NUMBER }, { "TEXT", "text", FORMAT_TEXT } } },
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
	unsigned max, timeout_s; /* max 0: all */
	bool is_json, has_traffic;
	bool is_part; /* only the first rows have their traffic */
	double now_s;
	struct grid grid;
};

static void usage(const char *verb)
{
	(void)verb;
	(void)printf("usage: vipctl show THING [PATTERN] [--service PATTERN] [--state STATE]\n"
		     "                   [--max N] [--traffic] [--json]\n"
		     "                   [--timeout SECONDS]\n\n");
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
		"  --traffic    with what the kernel counts; without it a table has it of its "
		"first\n"
		"               1000 services or servers, JSON not at all\n"
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

static void cell_of(double now_s, const struct column *c, const json_t *v,
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
		(void)snprintf(buf, CELL_LEN, "%s", grid_age(now_s - json_number_value(v), age));
		return;
	case FORMAT_LEFT:
		(void)snprintf(buf, CELL_LEN, "%s",
			       json_number_value(v) < now_s
				       ? "over"
				       : grid_age(json_number_value(v) - now_s, age));
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

void show_row(const struct thing *t, struct grid *grid, const json_t *o, double now_s)
{
	for (const struct column *c = t->column; c->title; c++) {
		const json_t *v = member_of(o, c->member);
		char buf[CELL_LEN];

		if (!v || json_is_null(v))
			(void)snprintf(buf, sizeof(buf), "-");
		else
			cell_of(now_s, c, v, buf);
		grid_put(grid, buf, c->format == FORMAT_STATE ? colour_of(buf) : GRID_PLAIN);
	}
}

static void on_line(void *arg, const char *text, const json_t *line)
{
	struct ask *a = arg;
	const json_t *o;

	if (a->is_json) {
		(void)puts(text);
		return;
	}
	o = json_object_get(line, a->thing->line);
	if (json_is_string(o))
		(void)puts(json_string_value(o));
	else if (o)
		show_row(a->thing, &a->grid, o, a->now_s);
}

/* ------------------------------------------------------------------ the verb */

const struct thing *show_thing(const char *name)
{
	for (size_t i = 0; i < THINGS_N; i++)
		if (!strcmp(things[i].name, name))
			return &things[i];
	return NULL;
}

const char *show_name(size_t i)
{
	return i < THINGS_N ? things[i].name : NULL;
}

const char *show_member(const struct thing *t)
{
	return t->line;
}

void show_titles(const struct thing *t, struct grid *grid,
		 struct grid_column titles[static SHOW_COLUMNS_N])
{
	size_t n = 0;

	for (const struct column *c = t->column; c->title; c++)
		titles[n++] = (struct grid_column){ c->title, c->format != FORMAT_TEXT &&
								      c->format != FORMAT_STATE };
	grid_init(grid, titles, n);
}

static const struct opt opt[] = {
	{ "service", 0, OPT_SERVICE, offsetof(struct ask, service), 0, 0 },
	{ "state", 0, OPT_STATE, offsetof(struct ask, state), 0, 0 },
	{ "max", 0, OPT_NUMBER, offsetof(struct ask, max), 1, INT_MAX },
	{ "traffic", 0, OPT_FLAG, offsetof(struct ask, has_traffic), 0, 0 },
	OPT_JSON(ask),
	OPT_TIMEOUT(ask),
	{ 0 },
};

const struct opts show_opts = { opt, usage };

static bool parse(int argc, char **argv, struct ask *a, int *status)
{
	int at;

	*a = (struct ask){ .timeout_s = CALL_TIMEOUT_S };
	at = opts_parse(argc, argv, &show_opts, a, status);
	if (at < 0)
		return false;
	if (at == argc) {
		(void)fprintf(stderr, "vipctl: show what? try show --help\n");
		return false;
	}
	a->thing = show_thing(argv[at]);
	if (!a->thing) {
		(void)fprintf(stderr, "vipctl: can't show '%s'; try show --help\n", argv[at]);
		return false;
	}
	at++;
	a->match = at < argc ? argv[at++] : NULL;
	if (at == argc)
		return true;
	(void)fprintf(stderr,
		      "vipctl: show takes one pattern; quote it when the shell expands it\n");
	return false;
}

static int tell(const struct ask *a, const json_t *end)
{
	int status = show_end(&(struct show){ .is_json = a->is_json }, end);
	json_int_t matches = json_integer_value(json_object_get(end, "matches"));

	if (a->is_json)
		return status;
	if (status) {
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
		return status;
	}
	grid_print(&a->grid);
	if (a->max && matches > a->max)
		(void)printf("... and %" JSON_INTEGER_FORMAT " more\n", matches - a->max);
	if (a->is_part)
		(void)fprintf(stderr,
			      "vipctl: traffic of the first %d only; --traffic asks for all\n",
			      TRAFFIC_ROWS_N);
	if (matches)
		return status;
	(void)fprintf(stderr, a->match || a->service || a->state ? "vipctl: nothing matches\n"
								 : "vipctl: there are none\n");
	return EXIT_FAILED;
}

static bool has_counts(const struct thing *t)
{
	for (const struct column *c = t->column; c->title; c++)
		if (!strncmp(c->member, "traffic.", strlen("traffic.")))
			return true;
	return false;
}

static json_t *request_of(const struct ask *a, unsigned first, unsigned max, bool has_traffic)
{
	json_t *request = json_pack("{s:s}", "verb", a->thing->verb);

	BUG_ON(!request);
	opts_put(request, "match", a->match);
	opts_put(request, "service", a->service);
	opts_put(request, "state", a->state);
	if (first)
		BUG_ON(json_object_set_new(request, "first", json_integer(first)));
	if (max)
		BUG_ON(json_object_set_new(request, "max", json_integer(max)));
	if (has_traffic)
		BUG_ON(json_object_set_new(request, "traffic", json_true()));
	return request;
}

/* What the kernel counts costs vipd as much again: of a long table only the beginning has it. 0 or the error
 * of call(). */
static int ask(struct ask *a, json_t **end)
{
	bool is_split = has_counts(a->thing) && !a->has_traffic && !a->is_json &&
			(!a->max || a->max > TRAFFIC_ROWS_N);
	bool has_traffic = has_counts(a->thing) && (a->has_traffic || !a->is_json);
	int err;

	if (a->is_json)
		return call_raw(request_of(a, 0, a->max, has_traffic), a->timeout_s, on_line, a,
				end);
	err = call(request_of(a, 0, is_split ? TRAFFIC_ROWS_N : a->max, has_traffic), a->timeout_s,
		   on_line, a, end);
	if (err || !is_split ||
	    json_integer_value(json_object_get(*end, "matches")) <= TRAFFIC_ROWS_N)
		return err;
	json_decref(*end);
	a->is_part = true;
	return call(request_of(a, TRAFFIC_ROWS_N, a->max ? a->max - TRAFFIC_ROWS_N : 0, false),
		    a->timeout_s, on_line, a, end);
}

int verb_show(int argc, char **argv)
{
	struct ask a;
	struct grid_column titles[COLUMNS_MAX];
	json_t *end;
	int status;

	if (!parse(argc, argv, &a, &status))
		return status;
	show_titles(a.thing, &a.grid, titles);
	a.now_s = grid_now_s();

	int err = ask(&a, &end);

	if (err) {
		grid_fini(&a.grid);
		return call_status(err);
	}
	status = tell(&a, end);
	json_decref(end);
	grid_fini(&a.grid);
	return status;
}
