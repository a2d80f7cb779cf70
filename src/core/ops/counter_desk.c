/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See counter_desk.h.
 */
#include "core/ops/counter_desk.h"

void counter_desk_init(struct counter_desk *d, struct board *board)
{
	*d = (struct counter_desk){ .board = board };
	fact_init(&d->fact, MSG_COUNT, 0);
}

uint64_t counter_desk_ask(struct counter_desk *d, int64_t now_us, int64_t max_age_us)
{
	const struct counters *c = counters_hold(&d->board->counters);
	bool is_young = c && !c->err && now_us - c->at_us <= max_age_us;

	if (c)
		counters_drop(c);
	if (is_young)
		return 0;
	if (d->asked == d->answered)
		fact_post(d->board->ipvs, &d->fact, ++d->asked);
	return d->asked;
}

void counter_desk_answered(struct counter_desk *d, uint64_t number)
{
	if (number > d->answered && number <= d->asked)
		d->answered = number;
}
