/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See notify_web.h.
 */
#include "core/ops/notify_web.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const struct conf_webhook *hook_of(const struct conf *c)
{
	const struct conf_range *r = &c->global.s.webhook;

	return r->n ? &c->webhook[r->first] : NULL;
}

int64_t notify_web_delay_us(int64_t last_us)
{
	return last_us * 2 < WEB_AGAIN_MAX_US ? last_us * 2 : WEB_AGAIN_MAX_US;
}

/* ------------------------------------------------------------------ what is lost */

static void drop(struct notify_web *w, uint32_t n, const char *why)
{
	w->dropped_n += n;
	stats_add(STAT_WEBHOOK_DROPPED, n);
	if (!w->is_drop_told)
		log_event(LOG_WEBHOOK_DROPPED, "why=\"%s\" waiting=%u", why, w->n);
	w->is_drop_told = true;
}

/* ------------------------------------------------------------------ the queue */

static char *take(struct notify_web *w)
{
	char *event = w->event[w->at];

	w->event[w->at] = NULL;
	w->at = (w->at + 1) % WEB_QUEUE_N;
	w->n--;
	return event;
}

static void drop_all(struct notify_web *w)
{
	free(w->body);
	w->body = NULL;
	w->body_n = w->tries_n = 0;
	while (w->n)
		free(take(w));
}

/* ------------------------------------------------------------------ requests */

/* The next request, of what waits. */
static void make_body(struct notify_web *w)
{
	const char *router = w->conf->global.s.router_id;
	struct utsname u;
	size_t len;
	FILE *out = open_memstream(&w->body, &len);

	BUG_ON(!out);
	if (uname(&u))
		(void)snprintf(u.nodename, sizeof(u.nodename), "localhost");
	(void)fputs("{\"router\":", out);
	json_text(out, router ? router : u.nodename);
	(void)fprintf(out, ",\"dropped\":%llu,\"events\":[", (unsigned long long)w->dropped_n);
	for (w->body_n = 0; w->n && w->body_n < WEB_BATCH_N; w->body_n++) {
		char *event = take(w);

		(void)fprintf(out, "%s%.*s", w->body_n ? "," : "", (int)strcspn(event, "\n"),
			      event);
		free(event);
	}
	(void)fputs("]}\n", out);
	BUG_ON(fclose(out));
}

static void end_body(struct notify_web *w)
{
	free(w->body);
	w->body = NULL;
	w->body_n = w->tries_n = 0;
}

static void send_next(struct notify_web *w)
{
	const struct conf_webhook *hook = w->conf ? hook_of(w->conf) : NULL;

	while (hook && (w->body || w->n) && !web_send_is_busy(&w->send) && !w->again.is_armed) {
		if (!w->body)
			make_body(w);
		if (web_send_begin(&w->send, hook, w->body))
			return;
		drop(w, w->body_n, "no good request");
		end_body(w);
	}
}

static void on_done(void *arg, enum web_end end, const char *why)
{
	struct notify_web *w = arg;

	if (end == WEB_TAKEN) {
		stats_add(STAT_WEBHOOK, w->body_n);
		w->is_fail_told = w->is_drop_told = false;
		w->again_us = WEB_AGAIN_MIN_US;
		end_body(w);
		send_next(w);
		return;
	}
	if (!w->is_fail_told)
		log_event(LOG_WEBHOOK_FAIL, "error=\"%s\" waiting=%u", why, w->body_n + w->n);
	w->is_fail_told = true;
	if (end == WEB_NEVER || ++w->tries_n >= WEB_TRIES_N) {
		drop(w, w->body_n, end == WEB_NEVER ? "refused" : "tried too often");
		end_body(w);
	}
	/* one that refuses everything is not to be asked all the time either */
	timer_arm(&w->send.loop->timers, &w->again, clock_now_us() + w->again_us);
	w->again_us = notify_web_delay_us(w->again_us);
}

static void on_again(struct timer *t, int64_t now_us)
{
	(void)now_us;
	send_next(container_of(t, struct notify_web, again));
}

void notify_web_say(struct notify_web *w, const struct past_entry *e)
{
	if (!w->conf || !hook_of(w->conf))
		return;
	if (w->n == WEB_QUEUE_N) {
		drop(w, 1, "too many wait");
		return;
	}
	if (!w->event) {
		w->event = calloc(WEB_QUEUE_N, sizeof(*w->event));
		BUG_ON(!w->event);
	}
	w->event[(w->at + w->n++) % WEB_QUEUE_N] = past_json(e);
	send_next(w);
}

bool notify_web_is_going(const struct notify_web *w)
{
	return (w->body || w->n) && !w->again.is_armed;
}

void notify_web_adopt(struct notify_web *w, const struct conf *c)
{
	const struct conf_webhook *old = w->conf ? hook_of(w->conf) : NULL, *new = hook_of(c);
	bool is_other = old && new &&strcmp(old->s.url, new->s.url) != 0;

	conf_hold_again(c);
	if (w->conf)
		conf_drop(w->conf);
	w->conf = c;
	if (!new && !web_send_is_busy(&w->send))
		drop_all(w);
	if (is_other) { /* it may be there */
		timer_disarm(&w->send.loop->timers, &w->again);
		w->again_us = WEB_AGAIN_MIN_US;
	}
	send_next(w);
}

void notify_web_init(struct notify_web *w, struct loop *loop)
{
	web_send_init(&w->send, loop);
	w->send.done = on_done;
	w->send.arg = w;
	w->again_us = WEB_AGAIN_MIN_US;
	timer_init(&w->again, on_again);
}

void notify_web_fini(struct notify_web *w)
{
	if (w->body_n + w->n)
		log_event(LOG_WEBHOOK_DROPPED, "why=\"vipd stops\" waiting=%u", w->body_n + w->n);
	timer_disarm(&w->send.loop->timers, &w->again);
	web_send_fini(&w->send);
	drop_all(w);
	if (w->conf)
		conf_drop(w->conf);
	free(w->event);
}
