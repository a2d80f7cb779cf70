/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See counter_desk.h.
 */
#include "core/ops/counter_desk.h"

#include "core/bug.h"
#include "core/clock.h"

/* The writer has not answered: main is told so by itself, as if it had. */
static void on_limit(struct timer *t, int64_t now_us)
{
	struct counter_desk *d = container_of(t, struct counter_desk, limit);

	(void)now_us;
	fact_post(d->board->main, &d->late, d->asked);
}

void counter_desk_init(struct counter_desk *d, struct board *board, struct loop *loop)
{
	*d = (struct counter_desk){ .board = board, .loop = loop };
	fact_init(&d->fact, MSG_COUNT, 0);
	fact_init(&d->late, MSG_COUNTED, 0);
	timer_init(&d->limit, on_limit);
}

static bool is_young(const struct counters *c, int64_t now_us, int64_t max_age_us)
{
	int64_t rest_us = c->took_us * COUNTER_DESK_REST;

	return !c->err && now_us - c->at_us <= (rest_us > max_age_us ? rest_us : max_age_us);
}

uint64_t counter_desk_ask(struct counter_desk *d, int64_t now_us, int64_t max_age_us)
{
	const struct counters *c = counters_hold(&d->board->counters);
	bool has_young = c && is_young(c, now_us, max_age_us);

	if (c)
		counters_drop(c);
	if (has_young)
		return 0;
	if (d->asked == d->answered) {
		fact_post(d->board->ipvs, &d->fact, ++d->asked);
		if (d->loop)
			timer_arm(&d->loop->timers, &d->limit, now_us + SEC(COUNTER_DESK_WAIT_S));
	}
	return d->asked;
}

void counter_desk_answered(struct counter_desk *d, uint64_t number)
{
	if (number <= d->answered || number > d->asked)
		return;
	d->answered = number;
	if (d->loop)
		timer_disarm(&d->loop->timers, &d->limit);
}
