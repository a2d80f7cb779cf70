/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_show.h. A reply is a walk over one kind of object, a line each, made as it is read, so that
 * 100,000 servers take neither memory nor a long turn of main.
 */
#include "core/ops/control_show.h"

#include "core/bug.h"
#include "core/conf/conf_text.h"
#include "core/ops/control_verbs.h"
#include "core/ops/counter_desk.h"
#include "core/ops/pattern.h"
#include "core/ops/view.h"
#include "core/ops/view_order.h"
#include "core/ops/view_traffic.h"
#include "core/stats.h"

#include <stdlib.h>
#include <string.h>

struct walk;

/* What a walk is over. */
struct kind {
	const char *line; /* the member of its lines */
	enum view_kind order; /* which orders there are */
	bool is_counted; /* the kernel counts of it */
	uint32_t (*count)(const struct walk *w);
	bool (*is_match)(const struct walk *w, uint32_t i); /* NULL: all */
	json_t *(*make)(const struct walk *w, uint32_t i);
};

struct walk {
	struct ctl_reply reply;
	const struct kind *kind;
	const struct control_host *host;
	const struct conf *c; /* held */
	struct view_time t;
	uint32_t at;
	int64_t told_n, first, max; /* lines; those before first and beyond max are only counted */
	char *match, *service, *state; /* NULL: any */
	const struct view_sort *sort; /* NULL: as the configuration has them */
	uint32_t *order; /* what matches, sorted; NULL: no order is made yet */
	uint32_t order_n;
	bool is_reverse, has_results, has_traffic;
	uint64_t question; /* whose answer it waits for; 0: none (counter_desk.h) */
	const struct counters *counted; /* held; NULL: nothing is known */
	char *text; /* of show_config */
	char *text_at;
};

/* ------------------------------------------------------------------ the walk */

static void end_walk(struct walk *w, json_t **line)
{
	*line = json_pack("{s:i,s:I,s:I}", "status", 0, "generation", (json_int_t)w->c->gen,
			  "matches", (json_int_t)w->told_n);
	BUG_ON(!*line);
}

static void put(json_t *o, const char *name, json_t *value)
{
	BUG_ON(!value || json_object_set_new_nocheck(o, name, value));
}

static json_t *make_line(const struct walk *w, uint32_t i)
{
	json_t *line = json_object();

	BUG_ON(!line);
	put(line, w->kind->line, w->kind->make(w, i));
	return line;
}

static bool is_match(const struct walk *w, uint32_t i)
{
	return !w->kind->is_match || w->kind->is_match(w, i);
}

static void make_order(struct walk *w)
{
	uint32_t n = w->kind->count(w);

	w->order = calloc((size_t)n + 1, sizeof(*w->order));
	BUG_ON(!w->order);
	for (uint32_t i = 0; i < n; i++)
		if (is_match(w, i))
			w->order[w->order_n++] = i;
	view_sort(w->sort, w->c, w->counted, w->order, w->order_n);
	if (w->is_reverse)
		view_reverse(w->order, w->order_n);
	w->told_n = w->order_n;
	w->at = w->first < w->order_n ? (uint32_t)w->first : w->order_n;
}

static enum ctl_step next_in_order(struct walk *w, json_t **line)
{
	if (!w->order)
		make_order(w);
	if (w->at < w->order_n && w->at - w->first < w->max) {
		*line = make_line(w, w->order[w->at++]);
		return CTL_LINE;
	}
	end_walk(w, line);
	return CTL_END;
}

/* To be told, or to sort by it. */
static bool needs_counters(const struct walk *w)
{
	return w->kind->is_counted && w->host->counters && (w->has_traffic || w->sort);
}

/* False: the answer is still to come. */
static bool has_counters(struct walk *w)
{
	if (!needs_counters(w) || w->counted)
		return true;
	if (!counter_desk_has(w->host->counters, w->question))
		return false;
	w->counted = counters_hold(&w->host->counters->board->counters);
	if (!w->counted)
		w->question = 0; /* there are none */
	return true;
}

static enum ctl_step walk_next(struct ctl_reply *reply, json_t **line)
{
	struct walk *w = container_of(reply, struct walk, reply);
	uint32_t n = w->kind->count(w);

	if (!has_counters(w))
		return CTL_WAIT;
	if (w->sort)
		return next_in_order(w, line);
	for (; w->at < n; w->at++) {
		if (!is_match(w, w->at))
			continue;

		int64_t number = w->told_n++;

		if (number < w->first || number - w->first >= w->max)
			continue;
		*line = make_line(w, w->at++);
		return CTL_LINE;
	}
	end_walk(w, line);
	return CTL_END;
}

static void walk_free(struct ctl_reply *reply)
{
	struct walk *w = container_of(reply, struct walk, reply);

	conf_drop(w->c);
	if (w->counted)
		counters_drop(w->counted);
	free(w->order);
	free(w->match);
	free(w->service);
	free(w->state);
	free(w->text);
	free(w);
}

static char *copy_of(const json_t *request, const char *name)
{
	const char *text = json_string_value(json_object_get(request, name));
	char *copy = text ? strdup(text) : NULL;

	BUG_ON(text && !copy);
	return copy;
}

static struct walk *walk_new(const struct control_host *host, const struct kind *kind,
			     const json_t *request, const struct view_sort *sort)
{
	const json_t *max = json_object_get(request, "max");
	json_int_t first = json_integer_value(json_object_get(request, "first"));
	struct walk *w = calloc(1, sizeof(*w));

	BUG_ON(!w);
	*w = (struct walk){
		.reply = { .next = walk_next, .free = walk_free },
		.kind = kind,
		.host = host,
		.c = host->settled(host->arg),
		.t = view_now(),
		.sort = sort,
		.match = copy_of(request, "match"),
		.service = copy_of(request, "service"),
		.state = copy_of(request, "state"),
		.first = first > 0 ? first : 0,
		.max = max ? json_integer_value(max) : INT64_MAX,
		.is_reverse = json_is_true(json_object_get(request, "reverse")),
		.has_results = json_is_true(json_object_get(request, "results")),
		.has_traffic = json_is_true(json_object_get(request, "traffic")),
	};
	conf_hold_again(w->c);
	if (needs_counters(w))
		w->question = counter_desk_ask(host->counters, w->t.mono_us, COUNTER_DESK_AGE_US);
	return w;
}

static struct ctl_reply *walk_start(const struct control_host *host, const struct kind *kind,
				    const json_t *request)
{
	if (!ctl_pattern_ok(json_string_value(json_object_get(request, "match"))) ||
	    !ctl_pattern_ok(json_string_value(json_object_get(request, "service"))))
		return ctl_reply_one(ctl_refusal(1, CTL_PATTERN_WHY));
	if (!view_is_state(json_string_value(json_object_get(request, "state"))))
		return ctl_reply_one(ctl_refusal(1, VIEW_STATE_WHY));

	const char *word = json_string_value(json_object_get(request, "sort"));
	const struct view_sort *sort = word ? view_sort_find(kind->order, word) : NULL;

	if (word && !sort)
		return ctl_reply_one(ctl_refusal(1, "there is no such order"));

	return &walk_new(host, kind, request, sort)->reply;
}

static bool is_word(const char *wanted, const char *word)
{
	return !wanted || !strcasecmp(wanted, word);
}

/* ------------------------------------------------------------------ instances */

static uint32_t inst_n(const struct walk *w)
{
	return w->c->vrrp_n;
}

static bool inst_match(const struct walk *w, uint32_t i)
{
	return pattern_fits(w->match, w->c->vrrp[i].s.name) &&
	       is_word(w->state, view_inst_state(w->c, i));
}

static json_t *inst_make(const struct walk *w, uint32_t i)
{
	return view_inst(w->c, i, &w->t);
}

struct ctl_reply *control_show_vrrp(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = { "vrrp_instance", VIEW_INST,  false,
					  inst_n,          inst_match, inst_make };

	(void)who;
	return walk_start(ctx, &kind, request);
}

/* ------------------------------------------------------------------ services */

static uint32_t vs_n(const struct walk *w)
{
	return w->c->vs_n;
}

static bool vs_match(const struct walk *w, uint32_t i)
{
	char where[VIEW_NAME_LEN];

	return (pattern_fits(w->match, w->c->vs[i].s.name) ||
		pattern_fits(w->match, view_vs_where(w->c, i, where))) &&
	       is_word(w->state, view_vs_quorum(w->c, i));
}

static json_t *vs_make(const struct walk *w, uint32_t i)
{
	json_t *o = view_vs(w->c, i, &w->t);

	if (w->has_traffic)
		put(o, "traffic", view_traffic_vs(w->counted, w->c->vs[i].id.v));
	return o;
}

struct ctl_reply *control_show_services(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = {
		"virtual_server", VIEW_VS, true, vs_n, vs_match, vs_make
	};

	(void)who;
	return walk_start(ctx, &kind, request);
}

/* ------------------------------------------------------------------ servers */

/* "10.0.0.1:80", or the address alone. */
static bool fits_server(const char *pattern, const struct conf *c, uint32_t rs)
{
	char name[VIEW_NAME_LEN], addr[ADDR_TEXT_LEN];

	return pattern_fits(pattern, view_rs_name(c, rs, name)) ||
	       pattern_fits(pattern, addr_text(&c->rs[rs].s.addr, addr));
}

static uint32_t rs_n(const struct walk *w)
{
	return w->c->rs_n;
}

static bool rs_match(const struct walk *w, uint32_t i)
{
	return is_word(w->state, view_rs_state(w->c, i)) &&
	       pattern_fits(w->service, w->c->vs[w->c->rs[i].vs].s.name) &&
	       fits_server(w->match, w->c, i);
}

/* The last results of the check that tells. */
static json_t *results_of(const struct walk *w, uint32_t i)
{
	const struct status_probe *p = view_rs_probe(w->c, i);
	const struct conf *newest = w->host->running(w->host->arg);

	return p ? w->host->results(newest, w->c->probe[p - w->c->status->probe].id) : json_array();
}

static json_t *rs_make(const struct walk *w, uint32_t i)
{
	json_t *o = view_rs(w->c, i, &w->t);

	if (w->has_traffic)
		put(o, "traffic", view_traffic_rs(w->counted, w->c->rs[i].id.v));
	if (w->has_results)
		put(o, "results", results_of(w, i));
	return o;
}

struct ctl_reply *control_show_servers(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = { "real_server", VIEW_RS, true, rs_n, rs_match, rs_make };

	(void)who;
	return walk_start(ctx, &kind, request);
}

/* ------------------------------------------------------------------ checks */

static uint32_t probe_n(const struct walk *w)
{
	return w->c->probe_n;
}

static bool probe_match(const struct walk *w, uint32_t i)
{
	uint32_t rs = w->c->probe[i].rs;

	return is_word(w->state, view_rs_state(w->c, rs)) &&
	       pattern_fits(w->service, w->c->vs[w->c->rs[rs].vs].s.name) &&
	       fits_server(w->match, w->c, rs);
}

static json_t *probe_make(const struct walk *w, uint32_t i)
{
	return view_probe(w->c, i, &w->t);
}

struct ctl_reply *control_show_checks(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = { "check", VIEW_KIND_N, false,
					  probe_n, probe_match, probe_make };

	(void)who;
	return walk_start(ctx, &kind, request);
}

/* ------------------------------------------------------------------ threads */

static uint32_t thread_n(const struct walk *w)
{
	struct control_thread t;
	uint32_t n = 0;

	while (w->host->thread(w->host->arg, n, &t))
		n++;
	return n;
}

static json_t *thread_make(const struct walk *w, uint32_t i)
{
	struct control_thread t = { 0 };
	json_t *o;

	(void)w->host->thread(w->host->arg, i, &t);
	o = json_pack("{s:s,s:I,s:I,s:f}", "name", t.name, "turns", (json_int_t)t.turns,
		      "generation", (json_int_t)t.gen, "cpu_s", (double)t.cpu_us / 1000000);
	BUG_ON(!o);
	return o;
}

struct ctl_reply *control_show_threads(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = {
		"thread", VIEW_KIND_N, false, thread_n, NULL, thread_make
	};

	(void)who;
	return walk_start(ctx, &kind, request);
}

/* ------------------------------------------------------------------ counters */

static uint32_t counter_n(const struct walk *w)
{
	(void)w;
	return STAT_N + LATE_N;
}

static const struct stat_row *counter_row(uint32_t i)
{
	return i < STAT_N ? &stat_rows[i] : &late_rows[i - STAT_N];
}

static bool counter_match(const struct walk *w, uint32_t i)
{
	return pattern_fits(w->match, counter_row(i)->name);
}

static json_t *counter_make(const struct walk *w, uint32_t i)
{
	const struct stat_row *row = counter_row(i);
	struct late late;
	json_t *o;

	(void)w;
	if (i < STAT_N) {
		o = json_pack("{s:s,s:I,s:s}", "name", row->name, "value",
			      (json_int_t)stats_sum((enum stat_id)i), "text", row->text);
	} else {
		stats_late_sum((enum late_id)(i - STAT_N), &late);
		o = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:s}", "name", row->name, "value",
			      (json_int_t)late.n, "p50_us",
			      (json_int_t)late_quantile_us(&late, 500), "p99_us",
			      (json_int_t)late_quantile_us(&late, 990), "p999_us",
			      (json_int_t)late_quantile_us(&late, 999), "max_us",
			      (json_int_t)late.max_us, "text", row->text);
	}
	BUG_ON(!o);
	return o;
}

struct ctl_reply *control_show_counters(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = { "counter", VIEW_KIND_N,   false,
					  counter_n, counter_match, counter_make };

	(void)who;
	return walk_start(ctx, &kind, request);
}

/* ------------------------------------------------------------------ config */

/* A line of the text a line; at stays 0 while there is more. */
static uint32_t config_n(const struct walk *w)
{
	return w->text_at && *w->text_at ? w->at + 1 : w->at;
}

static json_t *config_make(const struct walk *cw, uint32_t i)
{
	struct walk *w = (struct walk *)(uintptr_t)cw;
	char *line = strsep(&w->text_at, "\n");

	(void)i;
	return ctl_text(line);
}

struct ctl_reply *control_show_config(void *ctx, const json_t *request, const struct ctl_who *who)
{
	static const struct kind kind = { "text", VIEW_KIND_N, false, config_n, NULL, config_make };
	struct walk *w = walk_new(ctx, &kind, request, NULL);

	(void)who;
	w->text_at = w->text =
		conf_text(w->c, &(struct conf_text_opt){ .has_places = true, .is_factored = true });
	return &w->reply;
}

/* ------------------------------------------------------------------ status */

static json_t *inst_counts(const struct conf *c)
{
	uint32_t n[4] = { 0 };
	static const char *const name[] = { "INIT", "BACKUP", "ACTIVE", "FAULT" };
	json_t *o = json_object();

	BUG_ON(!o);
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		for (unsigned k = 0; k < 4; k++)
			n[k] += !strcmp(view_inst_state(c, i), name[k]);
	for (unsigned k = 0; k < 4; k++)
		BUG_ON(json_object_set_new(o, name[k], json_integer(n[k])));
	BUG_ON(json_object_set_new(o, "total", json_integer(c->vrrp_n)));
	return o;
}

static json_t *service_counts(const struct conf *c)
{
	uint32_t up = 0, down = 0;

	for (uint32_t i = 0; i < c->vs_n; i++) {
		const char *q = view_vs_quorum(c, i);

		up += !strcmp(q, "up");
		down += !strcmp(q, "down");
	}

	json_t *o =
		json_pack("{s:I,s:I,s:I,s:I}", "total", (json_int_t)c->vs_n, "up", (json_int_t)up,
			  "down", (json_int_t)down, "unknown", (json_int_t)(c->vs_n - up - down));

	BUG_ON(!o);
	return o;
}

struct ctl_reply *control_status(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const struct conf *c = host->settled(host->arg);
	struct view_time t = view_now();
	struct view_count n = { 0 };
	json_t *o;

	(void)request;
	(void)who;
	for (uint32_t i = 0; i < c->rs_n; i++)
		view_count(c, i, &n);
	o = json_pack("{s:i,s:s,s:I,s:I,s:f,s:f,s:o,s:o,s:o}", "status", 0, "version", VIPD_VERSION,
		      "generation", (json_int_t)c->gen, "pid", (json_int_t)host->pid, "started",
		      (double)(t.wall_us - (t.mono_us - host->started_us)) / 1000000, "uptime_s",
		      (double)(t.mono_us - host->started_us) / 1000000, "vrrp_instances",
		      inst_counts(c), "virtual_servers", service_counts(c), "real_servers",
		      view_counts(&n));
	BUG_ON(!o);
	if (c->global.s.router_id)
		BUG_ON(json_object_set_new(o, "router_id", ctl_text(c->global.s.router_id)));
	return ctl_reply_one(o);
}
