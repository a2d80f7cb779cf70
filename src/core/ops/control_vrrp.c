/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_vrrp.h. What a wish does is decided in the VRRP role, which keeps it; main only tells it.
 */
#include "core/ops/control_vrrp.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_names.h"
#include "core/ops/control_post.h"
#include "core/ops/control_verbs.h"
#include "core/ops/pattern.h"

#include <stdlib.h>
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

/* By index of the instance: 1 + that of its sync group; 0: it has none. A member of two is in the first. */
static uint32_t *groups_of(const struct conf *c)
{
	uint32_t *group = calloc((size_t)c->vrrp_n + 1, sizeof(*group));
	struct names names = { 0 };

	BUG_ON(!group);
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (!names_get(&names, SCHEMA_vrrp, c->vrrp[i].s.name))
			names_put(&names, SCHEMA_vrrp, c->vrrp[i].s.name, &group[i]);
	for (uint32_t g = 0; g < c->sync_n; g++) {
		const struct conf_strs *m = &c->sync[g].s.members;

		for (uint32_t i = 0; i < m->n; i++) {
			uint32_t *of = names_get(&names, SCHEMA_vrrp, m->v[i]);

			if (of && !*of)
				*of = g + 1;
		}
	}
	names_fini(&names);
	return group;
}

/* Who is told (calloc, *told_n of them), and for how many instances that is: a group's members go with one of
 * them, so one is told. */
static uint32_t *meant(const struct conf *c, const char *match, uint32_t *told_n, uint32_t *n)
{
	uint32_t *group = groups_of(c), *told = calloc((size_t)c->vrrp_n + 1, sizeof(*told));
	bool *is_told = calloc((size_t)c->sync_n + 1, sizeof(*is_told)); /* by group[] */

	BUG_ON(!told || !is_told);
	*told_n = *n = 0;
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		if (is_told[group[i]] || !pattern_fits(match, c->vrrp[i].s.name))
			continue;
		told[(*told_n)++] = i;
		is_told[group[i]] = group[i] != 0;
		*n += !group[i];
	}
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		*n += is_told[group[i]];
	free(group);
	free(is_told);
	return told;
}

struct ctl_reply *control_vrrp(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	const struct conf *c = host->running(host->arg);
	const char *match = json_string_value(json_object_get(request, "match"));
	struct wish w;
	const char *why = wish_of(request, &w);
	uint32_t n = 0, told_n = 0, *told = NULL;

	(void)who;
	if (!why && !ctl_pattern_ok(match))
		why = CTL_PATTERN_WHY;
	if (!why)
		told = meant(c, match, &told_n, &n);
	if (!why && !told_n)
		why = "no instance has that name";
	if (!why && told_n > control_post_room())
		why = "too many instances are meant: name fewer at a time";
	for (uint32_t i = 0; !why && i < told_n; i++)
		(void)control_post(host->role->board->vrrp, MSG_VRRP_WISH, c->vrrp[told[i]].id.v,
				   wish_pack(w));
	free(told);
	if (why)
		return ctl_reply_one(ctl_refusal(1, why));

	json_t *end = json_pack("{s:i,s:I}", "status", 0, "matches", (json_int_t)n);

	BUG_ON(!end);
	return ctl_reply_one(end);
}
