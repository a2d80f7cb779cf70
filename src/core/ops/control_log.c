/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_log.h. A level that somebody wants for a while stands beside that of the settings, so a reload
 * meanwhile changes what comes back, not what counts.
 */
#include "core/ops/control_log.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/control_verbs.h"
#include "core/ops/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { FOR_MAX_S = 10 * 365 * 86400 };

/* As in syslog(3), from the least. */
static const struct {
	int level;
	const char *word;
} words[] = { { 3, "error" }, { 4, "warning" }, { 5, "notice" }, { 6, "info" }, { 7, "debug" } };

enum { WORDS_N = sizeof(words) / sizeof(*words) };

static const char *word_now(void)
{
	int now = log_level(), i = 0;

	while (i < WORDS_N - 1 && words[i].level < now)
		i++;
	return words[i].word;
}

/* ------------------------------------------------------------------ the level */

/* Until when it counts; main's. */
static struct {
	struct timer end;
	struct timer_heap *timers; /* NULL: never set */
	int64_t until_us; /* 0: without end */
} own;

static void on_end(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
	own.until_us = 0;
	log_override_level(LOG_LEVEL_SET);
	log_event(LOG_LOG_LEVEL, "level=%s why=time_over", word_now());
}

static void set(const struct control_host *host, int level, int64_t for_s)
{
	if (!own.timers)
		timer_init(&own.end, on_end);
	own.timers = &host->role->loop.timers;
	timer_disarm(own.timers, &own.end);
	own.until_us = for_s ? clock_now_us() + SEC(for_s) : 0;
	if (for_s)
		timer_arm(own.timers, &own.end, own.until_us);
	log_override_level(level);
	log_event(LOG_LOG_LEVEL, "level=%s why=asked for_s=%lld", word_now(), (long long)for_s);
}

void control_log_stop(void)
{
	if (own.timers)
		timer_disarm(own.timers, &own.end);
	own.timers = NULL;
}

struct ctl_reply *control_log_level(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const char *level = json_string_value(json_object_get(request, "level"));
	const json_t *for_s = json_object_get(request, "for_s");
	int64_t s = json_integer_value(for_s);
	int want = LOG_LEVEL_SET;
	json_t *end;

	(void)who;
	for (int i = 0; i < WORDS_N; i++)
		if (!strcmp(words[i].word, level))
			want = words[i].level;
	if (want == LOG_LEVEL_SET && strcmp(level, "auto") != 0)
		return ctl_reply_one(ctl_refusal(
			1, "level must be error, warning, notice, info, debug or auto"));
	if (for_s && (s <= 0 || s > FOR_MAX_S))
		return ctl_reply_one(ctl_refusal(1, "for_s must be 1..315360000"));
	set(ctx, want, want == LOG_LEVEL_SET ? 0 : s);
	end = json_pack("{s:i,s:s}", "status", 0, "level", word_now());
	BUG_ON(!end);
	return ctl_reply_one(end);
}

/* ------------------------------------------------------------------ metrics */

struct metrics_reply {
	struct ctl_reply reply;
	struct metrics m;
	bool is_over;
};

static enum ctl_step metrics_line(struct ctl_reply *reply, json_t **line)
{
	struct metrics_reply *r = container_of(reply, struct metrics_reply, reply);
	struct text text = { 0 };

	if (!metrics_is_ready(&r->m))
		return CTL_WAIT;
	if (r->is_over) {
		*line = json_pack("{s:i}", "status", 0);
		BUG_ON(!*line);
		return CTL_END;
	}
	r->is_over = !metrics_next(&r->m, &text);
	text_put(&text, "", 1);
	*line = json_pack("{s:o}", "metrics", ctl_text(text.buf));
	BUG_ON(!*line);
	text_fini(&text);
	return CTL_LINE;
}

static void metrics_reply_free(struct ctl_reply *reply)
{
	struct metrics_reply *r = container_of(reply, struct metrics_reply, reply);

	metrics_fini(&r->m);
	free(r);
}

struct ctl_reply *control_metrics(void *ctx, const json_t *request, const struct ctl_who *who)
{
	struct metrics_reply *r = calloc(1, sizeof(*r));

	(void)who;
	BUG_ON(!r);
	r->reply = (struct ctl_reply){ .next = metrics_line, .free = metrics_reply_free };
	metrics_init(&r->m, ctx, json_is_true(json_object_get(request, "openmetrics")));
	return &r->reply;
}
