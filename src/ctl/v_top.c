/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl top: servers, services or instances on one screen, sorted, always up to date. vipd is asked for the
 * page that is shown and for nothing else.
 */
#include "core/bug.h"
#include "core/ops/control_top.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/screen.h"
#include "ctl/show.h"
#include "ctl/v_show.h"
#include "ctl/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HEAD_N = 5, /* lines above the rows, with the titles */
	ONCE_N = 50, /* rows of --once when nobody says */
	EVERY_MAX_S = 3600,
	FILTER_LEN = 100,
};

struct ask {
	const char *what, *sort, *service, *state, *match;
	unsigned max, every_s, timeout_s;
	bool is_reverse, is_once, is_json;
};

struct top {
	struct ask ask;
	char filter[FILTER_LEN]; /* what match is, when it was typed */
	char typed[FILTER_LEN];
	bool is_typing, is_over;
	unsigned offset;
	json_int_t matches;
	double now_s;
	FILE *out; /* of the page that is being made */
	struct grid grid;
};

static void usage(const char *verb)
{
	(void)printf(
		"usage: vipctl %s [servers|services|vrrp] [--sort BY] [--reverse] [--match "
		"PATTERN]\n"
		"                  [--service PATTERN] [--state STATE] [--every SECONDS]\n"
		"                  [--once] [--max N] [--json] [--timeout SECONDS]\n"
		"\n"
		"  --sort       name, state (what needs somebody first), since (what has changed "
		"last\n"
		"               first) or weight (default: state)\n"
		"  --match, --service, --state   as with vipctl show\n"
		"  --every      from one look to the next (default 1)\n"
		"  --once       one page on standard output; so it is without a terminal, too\n"
		"  --max        rows of that page (default %d, at most %d)\n"
		"\n"
		"Keys: s v i servers, services, instances; n t c w sort by name, state, change, "
		"weight;\n"
		"r the other way round; d only what is down; / filter; arrows, space, b, g scroll; "
		"q quit.\n"
		"\n"
		"Exit status: 0 shown, 1 refused, 3 vipd can't be reached, 4 vipd did not answer "
		"in time.\n",
		verb, ONCE_N, TOP_PAGE_N);
}

static const struct opt opt[] = {
	{ "sort", 0, OPT_SORT, offsetof(struct ask, sort), 0, 0 },
	{ "reverse", 0, OPT_FLAG, offsetof(struct ask, is_reverse), 0, 0 },
	{ "match", 0, OPT_TEXT, offsetof(struct ask, match), 0, 0 },
	{ "service", 0, OPT_SERVICE, offsetof(struct ask, service), 0, 0 },
	{ "state", 0, OPT_STATE, offsetof(struct ask, state), 0, 0 },
	{ "every", 0, OPT_NUMBER, offsetof(struct ask, every_s), 1, EVERY_MAX_S },
	{ "once", 0, OPT_FLAG, offsetof(struct ask, is_once), 0, 0 },
	{ "max", 0, OPT_NUMBER, offsetof(struct ask, max), 1, TOP_PAGE_N },
	OPT_JSON(ask),
	OPT_TIMEOUT(ask),
	{ 0 },
};

const struct opts top_opts = { opt, usage };

/* ------------------------------------------------------------------ a page */

static json_t *request_of(const struct top *t)
{
	const struct ask *a = &t->ask;
	json_t *o = json_pack("{s:s,s:s,s:s,s:b,s:i,s:i}", "verb", "top", "what", a->what, "sort",
			      a->sort, "reverse", a->is_reverse, "offset", (int)t->offset, "max",
			      (int)a->max);

	if (!o) /* a text that is not UTF-8: vipd says so */
		o = json_pack("{s:s}", "verb", "top");
	opts_put(o, "match", a->match);
	opts_put(o, "service", a->service);
	opts_put(o, "state", a->state);
	return o;
}

static void on_line(void *arg, const char *text, const json_t *line)
{
	struct top *t = arg;
	const struct thing *thing = show_thing(t->ask.what);
	const json_t *o = json_object_get(line, show_member(thing));

	if (t->ask.is_json)
		(void)puts(text);
	else if (o)
		show_row(thing, &t->grid, o, t->now_s);
}

static json_int_t count(const json_t *end, const char *of, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(end, of), name));
}

static void counts(const struct top *t, const json_t *end, const char *title, const char *of)
{
	static const char *const words[] = { "ACTIVE", "BACKUP",  "FAULT", "INIT", "up",
					     "down",   "unknown", "drain", "maint" };
	int used = fprintf(t->out, "%-10s %" JSON_INTEGER_FORMAT, title, count(end, of, "total"));

	(void)used;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (count(end, of, words[i]))
			(void)fprintf(t->out, ", %" JSON_INTEGER_FORMAT " %s",
				      count(end, of, words[i]), words[i]);
	(void)fputc('\n', t->out);
}

/* Four lines, or why there is nothing to be told. 0 or the error of call(). */
static int head(struct top *t)
{
	char age[GRID_AGE_LEN];
	json_t *end;
	int err = call(json_pack("{s:s}", "verb", "status"), t->ask.timeout_s, call_ignore, NULL,
		       &end);

	if (err)
		return err;
	(void)fprintf(t->out, "vipd %s, up %s, generation %" JSON_INTEGER_FORMAT "\n",
		      show_text(end, "version"),
		      grid_age(json_number_value(json_object_get(end, "uptime_s")), age),
		      json_integer_value(json_object_get(end, "generation")));
	counts(t, end, "instances:", "vrrp_instances");
	counts(t, end, "services:", "virtual_servers");
	counts(t, end, "servers:", "real_servers");
	json_decref(end);
	return 0;
}

/* The rows, or vipd's word why not. An exit status. */
static int rows(struct top *t)
{
	struct grid_column titles[SHOW_COLUMNS_N];
	json_t *end;
	int status, err;

	show_titles(show_thing(t->ask.what), &t->grid, titles);
	t->now_s = grid_now_s();
	err = call(request_of(t), t->ask.timeout_s, on_line, t, &end);
	if (err) {
		grid_fini(&t->grid);
		return call_status(err);
	}
	status = show_end(&(struct show){ .is_json = t->ask.is_json }, end);
	t->matches = json_integer_value(json_object_get(end, "matches"));
	if (!t->ask.is_json && status)
		(void)fprintf(t->out, "vipctl: %s\n", show_text(end, "error"));
	else if (!t->ask.is_json)
		grid_write(&t->grid, t->out);
	grid_fini(&t->grid);
	json_decref(end);
	return status;
}

static int once(struct top *t)
{
	int err;

	t->out = stdout;
	if (!t->ask.max)
		t->ask.max = ONCE_N;
	if (t->ask.is_json)
		return rows(t);
	err = head(t);
	return err ? call_status(err) : rows(t);
}

/* ------------------------------------------------------------------ the screen */

static void last_line(const struct top *t, size_t shown)
{
	if (t->is_typing) {
		(void)fprintf(t->out, "filter (shell pattern, empty: all): %s_", t->typed);
		return;
	}
	(void)fprintf(t->out,
		      "%s by %s%s%s%s%s%s, rows %u-%zu of %" JSON_INTEGER_FORMAT
		      "   s v i  n t c w  r d /  q",
		      t->ask.what, t->ask.sort, t->ask.is_reverse ? " reversed" : "",
		      t->ask.match ? ", filter " : "", t->ask.match ? t->ask.match : "",
		      t->ask.state ? ", only " : "", t->ask.state ? t->ask.state : "",
		      shown ? t->offset + 1 : 0, t->offset + shown, t->matches);
}

/* False: the terminal is gone. */
static bool draw(struct top *t)
{
	size_t room, len = 0, height, width, shown;
	char *text = NULL;
	int err;
	bool is_shown;

	screen_size(&height, &width);
	room = height > HEAD_N + 1 ? height - HEAD_N - 1 : 1;
	t->ask.max = (unsigned)(room > TOP_PAGE_N - t->offset ? TOP_PAGE_N - t->offset : room);
	t->out = open_memstream(&text, &len);
	BUG_ON(!t->out);
	err = head(t);
	if (!err)
		(void)rows(t);
	else
		(void)fprintf(t->out, "vipd does not answer (%s): trying again\n",
			      strerrordesc_np(-err));
	shown = (size_t)t->matches > t->offset ? (size_t)t->matches - t->offset : 0;
	last_line(t, shown > room ? room : shown);
	(void)fclose(t->out);
	is_shown = screen_show(text, len);
	free(text);
	return is_shown;
}

static void look_at(struct top *t, const char *what)
{
	t->ask.what = what;
	t->ask.state = NULL;
	t->offset = 0;
}

static void type(struct top *t, int key)
{
	size_t len = strlen(t->typed);

	if (key == '\n' || key == '\r') {
		memcpy(t->filter, t->typed, sizeof(t->filter));
		t->ask.match = *t->filter ? t->filter : NULL;
		t->offset = 0;
		t->is_typing = false;
	} else if (key == SCREEN_ESCAPE) {
		t->is_typing = false;
	} else if ((key == '\b' || key == 0x7f) && len) {
		t->typed[len - 1] = '\0';
	} else if (key < 0x7f && isprint(key) && len + 1 < sizeof(t->typed)) {
		t->typed[len] = (char)key;
		t->typed[len + 1] = '\0';
	}
}

static void scroll(struct top *t, long by)
{
	long to = (long)t->offset + by, last = (long)t->matches - 1;

	if (to > last)
		to = last;
	if (to >= TOP_PAGE_N)
		to = TOP_PAGE_N - 1;
	t->offset = to < 0 ? 0 : (unsigned)to;
}

static void only_down(struct top *t)
{
	bool is_vrrp = !strcmp(t->ask.what, "vrrp");

	t->ask.state = t->ask.state ? NULL : is_vrrp ? "FAULT" : "down";
	t->offset = 0;
}

static void press(struct top *t, int key)
{
	switch (key) {
	case 'q':
		t->is_over = true;
		break;
	case 's':
		look_at(t, "servers");
		break;
	case 'v':
		look_at(t, "services");
		break;
	case 'i':
		look_at(t, "vrrp");
		break;
	case 'n':
		t->ask.sort = "name";
		break;
	case 't':
		t->ask.sort = "state";
		break;
	case 'c':
		t->ask.sort = "since";
		break;
	case 'w':
		t->ask.sort = "weight";
		break;
	case 'r':
		t->ask.is_reverse = !t->ask.is_reverse;
		break;
	case 'd':
		only_down(t);
		break;
	case '/':
		t->is_typing = true;
		t->typed[0] = '\0';
		break;
	default:
		break;
	}
}

static void move(struct top *t, int key)
{
	long page = (long)t->ask.max;

	if (key == SCREEN_UP || key == 'k')
		scroll(t, -1);
	else if (key == SCREEN_DOWN || key == 'j')
		scroll(t, 1);
	else if (key == SCREEN_PAGE_UP || key == 'b')
		scroll(t, -page);
	else if (key == SCREEN_PAGE_DOWN || key == ' ')
		scroll(t, page);
	else if (key == SCREEN_HOME || key == 'g')
		t->offset = 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until a key or a new size asks for another page, or it is time for one. */
static void wait_for_key(struct top *t, int64_t until_ms)
{
	int64_t left_ms = until_ms - now_ms();
	int key = screen_key(left_ms > 0 ? (int)left_ms : 0);

	if (key == SCREEN_GONE)
		t->is_over = true;
	else if (key != SCREEN_NONE && t->is_typing)
		type(t, key);
	else if (key != SCREEN_NONE) {
		press(t, key);
		move(t, key);
	}
}

static int on_screen(struct top *t)
{
	call_quietly();
	while (!t->is_over) {
		int64_t next_ms = now_ms() + (int64_t)t->ask.every_s * 1000;

		if (!draw(t))
			break;
		wait_for_key(t, next_ms);
	}
	screen_end();
	return EXIT_GOOD;
}

int verb_top(int argc, char **argv)
{
	struct top t = { .ask = { .sort = "state", .every_s = 1, .timeout_s = CALL_TIMEOUT_S } };
	int status, at = opts_parse(argc, argv, &top_opts, &t.ask, &status);
	const struct thing *thing;

	if (at < 0)
		return status;
	t.ask.what = at < argc ? argv[at] : "servers";
	thing = show_thing(t.ask.what);
	if (argc - at > 1 || !thing ||
	    (strcmp(t.ask.what, "servers") != 0 && strcmp(t.ask.what, "services") != 0 &&
	     strcmp(t.ask.what, "vrrp") != 0)) {
		(void)fprintf(stderr, "vipctl: top takes servers, services or vrrp; try top "
				      "--help\n");
		return EXIT_FAILED;
	}
	if (t.ask.is_once || t.ask.is_json || !screen_begin())
		return once(&t);
	return on_screen(&t);
}
