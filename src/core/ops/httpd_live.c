/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See httpd_live.h. vipctl-protocol(7) and vipd-metrics(7) say what a message looks like.
 */
#include "core/ops/httpd_live.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/control_show.h"
#include "core/ops/control_verbs.h"
#include "core/ops/past.h"

#include <stdlib.h>
#include <string.h>

struct live {
	struct httpd_answer answer;
	const struct control_host *host;
	uint64_t at; /* number of the next event */
	uint64_t gen; /* that was told last; 0: nothing was */
	int64_t told_us;
};

static unsigned clients_n; /* main only */

static json_t *status_of(const struct control_host *host)
{
	const struct ctl_who who = { .uid = (uid_t)-1 };
	union {
		const struct control_host *host;
		void *ctx;
	} u = { .host = host }; /* verbs only read it */
	json_t *request = json_object(), *line = NULL;
	struct ctl_reply *reply = control_status(u.ctx, request, &who);

	BUG_ON(reply->next(reply, &line) != CTL_END);
	reply->free(reply);
	json_decref(request);
	return line;
}

/* Those since the last message, the oldest first. */
static json_t *events_of(struct live *l)
{
	uint64_t next = past_next(l->host->role->board->past);
	json_t *all = json_array();
	struct past_entry e;

	BUG_ON(!all);
	if (next - l->at > LIVE_EVENTS_N)
		l->at = next - LIVE_EVENTS_N;
	while (l->at < next && past_read(l->host->role->board->past, &l->at, &e)) {
		char *text = past_json(&e);
		json_t *o = json_loads(text, 0, NULL);

		free(text);
		/* names are as the configuration has them: bytes that are not UTF-8 can't be told */
		if (o)
			BUG_ON(json_array_append_new(all, o));
	}
	return all;
}

static bool has_changed(const struct live *l)
{
	const struct conf *c = l->host->settled(l->host->arg);

	return past_next(l->host->role->board->past) != l->at || c->gen != l->gen;
}

static enum httpd_step live_next(struct httpd_answer *a, struct text *out)
{
	struct live *l = container_of(a, struct live, answer);
	int64_t now_us = clock_now_us(), age_us = now_us - l->told_us;
	bool is_new = has_changed(l);
	json_t *message;
	char *text;

	if (age_us < (is_new ? SEC(LIVE_EVERY_S) : SEC(LIVE_BEAT_S)))
		return HTTPD_WAIT;
	message = json_pack("{s:b,s:b,s:o,s:o}", "is_first", !l->gen, "has_changed", is_new,
			    "status", status_of(l->host), "events", events_of(l));
	BUG_ON(!message);
	text = json_dumps(message, JSON_COMPACT);
	BUG_ON(!text);
	text_add(out, "event: state\ndata: %s\n\n", text);
	free(text);
	json_decref(message);
	l->gen = l->host->settled(l->host->arg)->gen;
	l->told_us = now_us;
	return HTTPD_MORE;
}

static void live_free(struct httpd_answer *a)
{
	clients_n--;
	free(container_of(a, struct live, answer));
}

/* ------------------------------------------------------------------ too many */

static enum httpd_step refuse_next(struct httpd_answer *a, struct text *out)
{
	(void)a;
	text_add(out, "enough clients are told live: ask again later\n");
	return HTTPD_END;
}

static void refuse_free(struct httpd_answer *a)
{
	free(a);
}

static struct httpd_answer *refuse(void)
{
	struct httpd_answer *a = calloc(1, sizeof(*a));

	BUG_ON(!a);
	*a = (struct httpd_answer){ .status = 503,
				    .type = "text/plain; charset=utf-8",
				    .next = refuse_next,
				    .free = refuse_free };
	return a;
}

struct httpd_answer *httpd_live(void *ctx, const struct httpd_query *q)
{
	const struct control_host *host = ctx;
	struct live *l;

	(void)q;
	if (clients_n >= LIVE_CLIENTS_N)
		return refuse();
	clients_n++;
	l = calloc(1, sizeof(*l));
	BUG_ON(!l);
	*l = (struct live){
		.answer = { .type = "text/event-stream",
			    .is_live = true,
			    .next = live_next,
			    .free = live_free },
		.host = host,
		.told_us = clock_now_us() - SEC(LIVE_BEAT_S),
	};
	return &l->answer;
}
