/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See metrics.h. What there is stands in tables of families (metrics_family.h); here they are written, in
 * pieces of a bounded size, and after them the counters and latenesses of the process.
 */
#include "core/ops/metrics.h"

#include "core/bug.h"
#include "core/ops/counter_desk.h"
#include "core/ops/metrics_family.h"
#include "core/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USEC_PER_SEC 1e6
#define WHOLE_MAX 9007199254740992.0 /* whole numbers up to it are exact in a double */

enum {
	PIECE_LEN = 64 * 1024, /* after which a piece ends */
	PIECE_ROWS_N = 8192, /* also those that are left out */
	DIGITS_N = 20,
};

/* ------------------------------------------------------------------ labels */

void metrics_label(struct text *out, const char *name, const char *value)
{
	text_add(out, "%s=\"", name);
	for (const char *p = value ? value : ""; *p; p++) {
		if (*p == '\\' || *p == '"')
			text_put(out, "\\", 1);
		if (*p == '\n')
			text_put(out, "\\n", 2);
		else
			text_put(out, p, 1);
	}
	text_put(out, "\"", 1);
}

/* "vs=...,real_server=..." of each server, made once and used by every family, and by all who are scraping the
 * same snapshot at the moment. */
struct metrics_labels {
	const struct conf *c; /* held by each who uses this */
	unsigned users_n;
	struct text text;
	size_t *end; /* of each server's in text */
	uint32_t n; /* made so far */
};

static struct metrics_labels *newest; /* main only */

static struct metrics_labels *labels_hold(const struct conf *c)
{
	struct metrics_labels *l = newest && newest->c == c ? newest : calloc(1, sizeof(*l));

	BUG_ON(!l);
	if (l != newest) {
		l->c = c;
		l->end = calloc((size_t)c->rs_n + 1, sizeof(*l->end));
		BUG_ON(!l->end);
		newest = l;
	}
	l->users_n++;
	return l;
}

static void labels_drop(struct metrics_labels *l)
{
	if (!l || --l->users_n)
		return;
	if (newest == l)
		newest = NULL;
	text_fini(&l->text);
	free(l->end);
	free(l);
}

void metrics_rs_labels(struct metrics *m, uint32_t i, struct text *out)
{
	struct metrics_labels *l = m->labels;
	char name[VIEW_NAME_LEN];

	for (; l->n <= i; l->n++) {
		metrics_label(&l->text, "vs", m->c->vs[m->c->rs[l->n].vs].s.name);
		text_put(&l->text, ",", 1);
		metrics_label(&l->text, "real_server", view_rs_name(m->c, l->n, name));
		l->end[l->n] = l->text.len;
	}

	size_t from = i ? l->end[i - 1] : 0;

	text_put(out, l->text.buf + from, l->end[i] - from);
}

/* ------------------------------------------------------------------ families */

static const struct metrics_table *const tables[] = { &metrics_own, &metrics_traffic,
						      &metrics_mehdy, &metrics_gen2brain };

enum { TABLES_N = sizeof(tables) / sizeof(*tables) };

static void put_text(struct text *out, const char *text)
{
	text_put(out, text, strlen(text));
}

/* A number as both formats take it. */
static void put_value(struct text *out, double v)
{
	char buf[DIGITS_N], *p = buf + sizeof(buf);
	uint64_t n = v >= 0 && v < WHOLE_MAX ? (uint64_t)v : 0;

	if (isnan(v)) {
		put_text(out, " NaN\n");
	} else if (v < 0 || v >= WHOLE_MAX || (double)n != v) {
		text_add(out, " %.15g\n", v);
	} else {
		*--p = '\n';
		do
			*--p = (char)('0' + n % 10);
		while (n /= 10);
		*--p = ' ';
		text_put(out, p, (size_t)(buf + sizeof(buf) - p));
	}
}

static void put_head(const struct metrics *m, struct text *out, const struct metrics_family *f)
{
	const char *suffix = f->type == METRIC_COUNTER && !m->is_open ? "_total" : "";
	bool is_counter =
		f->type == METRIC_COUNTER || (f->type == METRIC_PLAIN_COUNTER && !m->is_open);

	text_add(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", f->name, suffix, f->help, f->name, suffix,
		 is_counter ? "counter" : "gauge");
}

void metrics_row(struct metrics *m, const struct metrics_family *f, uint32_t i, struct text *out)
{
	put_text(out, f->name);
	if (f->type == METRIC_COUNTER)
		put_text(out, "_total");
	if (f->labels) {
		text_put(out, "{", 1);
		f->labels(m, i, out);
		text_put(out, "}", 1);
	}
	put_value(out, f->value(m, i));
}

static void rows(struct metrics *m, struct text *out)
{
	const struct metrics_table *t = tables[m->table];
	const struct metrics_family *f = &t->family[m->family];
	uint32_t n = f->n(m), end = m->row + PIECE_ROWS_N;

	m->arg = f->arg;
	if (!m->row && n)
		put_head(m, out, f);
	for (; m->row < n && m->row < end && out->len < PIECE_LEN; m->row++) {
		if (f->fits && !f->fits(m, m->row))
			continue;
		if (f->rows)
			f->rows(m, f, m->row, out);
		else
			metrics_row(m, f, m->row, out);
	}
	if (m->row < n)
		return;
	m->row = 0;
	m->family++;
}

/* False: there is no family any more. */
static bool some_rows(struct metrics *m, struct text *out)
{
	while (m->table < TABLES_N && out->len < PIECE_LEN) {
		const struct metrics_table *t = tables[m->table];

		if (m->family == t->n || (t->is_wanted && !t->is_wanted(m))) {
			m->table++;
			m->family = 0;
			continue;
		}
		rows(m, out);
		if (m->row)
			return true;
	}
	return m->table < TABLES_N;
}

/* ------------------------------------------------------------------ of the process */

static void put_stats(const struct metrics *m, struct text *out)
{
	for (unsigned i = 0; i < STAT_N; i++) {
		const struct stat_row *r = &stat_rows[i];
		int len = (int)strlen(r->name) - (int)strlen("_total");
		int shown = m->is_open ? len : (int)strlen(r->name);

		text_add(out, "# HELP vipd_%.*s %s\n# TYPE vipd_%.*s counter\nvipd_%s %llu\n",
			 shown, r->name, r->text, shown, r->name, r->name,
			 (unsigned long long)stats_sum((enum stat_id)i));
	}
}

static void put_lates(struct text *out)
{
	static const unsigned permille[] = { 500, 990, 999 };

	for (unsigned i = 0; i < LATE_N; i++) {
		const struct stat_row *r = &late_rows[i];
		struct late late;

		stats_late_sum((enum late_id)i, &late);
		text_add(out,
			 "# HELP vipd_%s_late_seconds %s\n# TYPE vipd_%s_late_seconds summary\n",
			 r->name, r->text, r->name);
		for (unsigned k = 0; k < sizeof(permille) / sizeof(*permille); k++)
			text_add(out, "vipd_%s_late_seconds{quantile=\"%.15g\"} %.15g\n", r->name,
				 permille[k] / 1e3,
				 (double)late_quantile_us(&late, permille[k]) / USEC_PER_SEC);
		text_add(out, "vipd_%s_late_seconds_count %llu\n", r->name,
			 (unsigned long long)late.n);
		text_add(out,
			 "# HELP vipd_%s_late_max_seconds The largest of them.\n# TYPE "
			 "vipd_%s_late_max_seconds gauge\nvipd_%s_late_max_seconds %.15g\n",
			 r->name, r->name, r->name, (double)late.max_us / USEC_PER_SEC);
	}
}

/* ------------------------------------------------------------------ one answer */

void metrics_init(struct metrics *m, const struct control_host *host, bool is_open)
{
	*m = (struct metrics){
		.c = host->settled(host->arg), .host = host, .t = view_now(), .is_open = is_open
	};
	conf_hold_again(m->c);
	m->has_servers = m->c->metrics.s.per_server;
	if (m->has_servers)
		m->labels = labels_hold(m->c);
	if (host->counters && m->c->metrics.s.traffic)
		m->question = counter_desk_ask(host->counters, m->t.mono_us, COUNTER_DESK_AGE_US);
}

void metrics_fini(struct metrics *m)
{
	if (m->counted)
		counters_drop(m->counted);
	labels_drop(m->labels);
	conf_drop(m->c);
}

bool metrics_is_ready(const struct metrics *m)
{
	return !m->question || counter_desk_has(m->host->counters, m->question);
}

bool metrics_next(struct metrics *m, struct text *out)
{
	if (!m->has_begun && m->host->counters && m->c->metrics.s.traffic)
		m->counted = counters_hold(&m->host->counters->board->counters);
	m->has_begun = true;
	if (some_rows(m, out))
		return true;
	put_stats(m, out);
	put_lates(out);
	if (m->is_open)
		text_add(out, "# EOF\n");
	return false;
}
