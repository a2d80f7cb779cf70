/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_vrrp.h. What a wish does is decided in the VRRP role, which keeps it; main only tells it.
 */
#include "core/ops/control_vrrp.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/control_post.h"
#include "core/ops/control_verbs.h"
#include "core/ops/pattern.h"

#include <string.h>

enum { FOR_MAX_S = 10 * 365 * 86400 };

static const char *const words[WISH_STATE_N] = {
	[WISH_READY] = "ready",
	[WISH_RELEASED] = "released",
	[WISH_HELD] = "held",
};

/* NULL: *w is filled in; else why not. */
static const char *wish_of(const json_t *request, struct wish *w)
{
	const char *state = json_string_value(json_object_get(request, "state"));
	const json_t *for_s = json_object_get(request, "for_s");
	int64_t s = json_integer_value(for_s);

	*w = (struct wish){ .state = WISH_STATE_N };
	for (unsigned i = 0; i < WISH_STATE_N; i++)
		if (!strcmp(words[i], state))
			w->state = (enum wish_state)i;
	if (w->state == WISH_STATE_N)
		return "state must be ready, released or held";
	if (for_s && (s <= 0 || s > FOR_MAX_S))
		return "for_s must be 1..315360000";
	if (!for_s && w->state == WISH_RELEASED)
		s = WISH_FOR_S;
	if (s && w->state != WISH_READY)
		w->until_us = clock_now_us() + SEC(s);
	return NULL;
}

struct ctl_reply *control_vrrp(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const struct conf *c = host->running(host->arg);
	const char *match = json_string_value(json_object_get(request, "match"));
	struct wish w;
	const char *why = wish_of(request, &w);
	uint32_t n = 0, room = control_post_room();

	(void)who;
	if (!why && !ctl_pattern_ok(match))
		why = CTL_PATTERN_WHY;
	for (uint32_t i = 0; !why && i < c->vrrp_n; i++)
		n += pattern_fits(match, c->vrrp[i].s.name);
	if (!why && !n)
		why = "no instance has that name";
	if (!why && n > room)
		why = "too many instances are meant: name fewer at a time";
	if (why)
		return ctl_reply_one(ctl_refusal(1, why));
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (pattern_fits(match, c->vrrp[i].s.name))
			(void)control_post(host->role->board->vrrp, MSG_VRRP_WISH, c->vrrp[i].id.v,
					   wish_pack(w));

	json_t *end = json_pack("{s:i,s:I}", "status", 0, "matches", (json_int_t)n);

	BUG_ON(!end);
	return ctl_reply_one(end);
}
