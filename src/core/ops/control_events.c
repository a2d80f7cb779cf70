/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_events.h. A line is past_json()'s, under the member `event`.
 */
#include "core/ops/control_events.h"

#include "core/bug.h"
#include "core/ops/control_verbs.h"
#include "core/ops/past.h"
#include "core/ops/pattern.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_N = 100 /* that are told when nobody says how many */ };

struct events {
	struct ctl_reply reply;
	const struct past *past;
	uint64_t at, end; /* the next one; one after the last */
	bool is_endless;
	char *match; /* a shell pattern for names, or NULL */
};

static bool is_wanted(const struct events *e, const struct past_entry *entry)
{
	return pattern_fits(e->match, entry->name) ||
	       (*entry->server && pattern_fits(e->match, entry->server));
}

static enum ctl_step events_next(struct ctl_reply *reply, json_t **line)
{
	struct events *e = container_of(reply, struct events, reply);
	struct past_entry entry;

	while ((e->is_endless || e->at < e->end) && past_read(e->past, &e->at, &entry)) {
		if (!is_wanted(e, &entry))
			continue;

		char *text = past_json(&entry);
		json_t *o = json_loads(text, 0, NULL);

		free(text);
		/* names are as the configuration has them: bytes that are not UTF-8 can't be told */
		if (!o)
			continue;
		*line = json_pack("{s:o}", "event", o);
		BUG_ON(!*line);
		return CTL_LINE;
	}
	if (e->is_endless)
		return CTL_WAIT;
	*line = json_pack("{s:i,s:I}", "status", 0, "events", (json_int_t)past_next(e->past));
	BUG_ON(!*line);
	return CTL_END;
}

static void events_free(struct ctl_reply *reply)
{
	struct events *e = container_of(reply, struct events, reply);

	free(e->match);
	free(e);
}

static bool is_pattern_ok(const json_t *request)
{
	return ctl_pattern_ok(json_string_value(json_object_get(request, "match")));
}

static struct events *events_new(const struct control_host *host, const json_t *request)
{
	const json_t *max = json_object_get(request, "max");
	const char *match = json_string_value(json_object_get(request, "match"));
	struct events *e = calloc(1, sizeof(*e));
	uint64_t n = EVENTS_N;

	BUG_ON(!e);
	*e = (struct events){
		.reply = { .next = events_next, .free = events_free },
		.past = host->role->board->past,
		.end = past_next(host->role->board->past),
		.match = match ? strdup(match) : NULL,
	};
	BUG_ON(match && !e->match);
	if (max)
		n = json_integer_value(max) < 0 ? 0 : (uint64_t)json_integer_value(max);
	e->at = e->end > n ? e->end - n : 0;
	return e;
}

struct ctl_reply *control_show_events(void *ctx, const json_t *request, const struct ctl_who *who)
{
	(void)who;
	if (!is_pattern_ok(request))
		return ctl_reply_one(ctl_refusal(1, CTL_PATTERN_WHY));
	return &events_new(ctx, request)->reply;
}

struct ctl_reply *control_monitor(void *ctx, const json_t *request, const struct ctl_who *who)
{
	struct events *e;

	(void)who;
	if (!is_pattern_ok(request))
		return ctl_reply_one(ctl_refusal(1, CTL_PATTERN_WHY));
	e = events_new(ctx, request);
	e->is_endless = true;
	if (!json_object_get(request, "max"))
		e->at = e->end;
	return &e->reply;
}
