/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ipvs_tell.h.
 */
#include "ipvs/ipvs_tell.h"

#include "core/bug.h"
#include "core/event.h"

/* Quorum in the words of verdicts. */
static uint8_t verdict_of(uint8_t quorum)
{
	switch ((enum quorum_state)quorum) {
	case QUORUM_UNKNOWN:
		return HEALTH_UNKNOWN;
	case QUORUM_DOWN:
		return HEALTH_DOWN;
	case QUORUM_UP:
		return HEALTH_UP;
	}
	BUG("quorum_state");
}

void ipvs_tell_health(const struct drive *d, uint32_t probe, enum health_verdict was,
		      struct health h)
{
	uint32_t rs = d->conf->probe[probe].rs;
	uint8_t now = d->state.server[rs].verdict;
	struct event e = {
		.type = EVENT_SERVER,
		.id = d->conf->rs[rs].id.v,
		.other = d->conf->probe[probe].id.v,
		.from = (uint8_t)was,
		.to = now,
		.is_first = was == HEALTH_UNKNOWN,
		.number = EVENT_NO_NUMBER,
		.check = { .reason = h.reason, .code = h.code, .duration_us = h.duration_us }
	};

	if (was == now) {
		e.type = EVENT_CHECK;
		e.to = (uint8_t)h.verdict;
	}
	event_post(d->events, &e);
}

void ipvs_tell_weight(const struct drive *d, uint32_t rs)
{
	event_post(d->events, &(struct event){ .type = EVENT_WEIGHT,
					       .id = d->conf->rs[rs].id.v,
					       .number = state_weight(&d->state, rs) });
}

void ipvs_tell_admin(const struct drive *d, uint32_t rs, uint8_t was)
{
	const struct state_server *s = &d->state.server[rs];

	event_post(d->events,
		   &(struct event){ .type = EVENT_ADMIN,
				    .id = d->conf->rs[rs].id.v,
				    .from = was,
				    .to = s->admin,
				    .number = s->has_weight ? s->weight : EVENT_NO_NUMBER });
}

static struct event quorum_event(const struct drive *d, uint32_t vs)
{
	const struct fields_vs *s = &d->conf->vs[vs].s;
	const struct quorum_sum *sum = &d->state.service[vs].sum;
	struct quorum_rule rule = quorum_clamp(
		(struct quorum_rule){ s->quorum, s->hysteresis, s->panic_percent }, sum->total);

	return (struct event){ .type = EVENT_QUORUM,
			       .id = d->conf->vs[vs].id.v,
			       .to = verdict_of(d->state.service[vs].quorum),
			       .number = EVENT_NO_NUMBER,
			       .quorum = { .quorum = rule.quorum,
					   .hysteresis = rule.hysteresis,
					   .weight = sum->up + sum->maybe } };
}

void ipvs_tell_event(const struct drive *d, const struct drive_event *de)
{
	struct event e = { .id = d->conf->vs[de->vs].id.v, .number = EVENT_NO_NUMBER };

	switch (de->what) {
	case DRIVE_QUORUM_UP:
	case DRIVE_QUORUM_DOWN:
		e = quorum_event(d, de->vs);
		e.is_first = de->is_first;
		if (!e.is_first)
			e.from = e.to == HEALTH_UP ? HEALTH_DOWN : HEALTH_UP;
		break;
	case DRIVE_PANIC:
	case DRIVE_CALM:
		e.type = EVENT_PANIC;
		e.to = de->what == DRIVE_PANIC;
		break;
	case DRIVE_SUSPENDED:
	case DRIVE_RESUMED:
		e.type = EVENT_SUSPENDED;
		e.to = de->what == DRIVE_SUSPENDED;
		break;
	case DRIVE_DRAINED:
		e.type = EVENT_DRAINED;
		e.id = d->conf->rs[de->rs].id.v;
		break;
	}
	event_post(d->events, &e);
}

void ipvs_tell_adopted(const struct drive *d, const struct conf *old, const struct conf *new)
{
	event_adopted(d->events, new->gen);
	for (uint32_t i = 0; old && i < new->rs_n; i++)
		if (!conf_rs(old, new->rs[i].id))
			event_post(d->events, &(struct event){ .type = EVENT_ADDED,
							       .id = new->rs[i].id.v,
							       .number = EVENT_NO_NUMBER });
}

/* Servers first, then services, counted through. */
static void tell_one(const struct drive *d, uint32_t i)
{
	struct event e = { .type = EVENT_SERVER, .number = EVENT_NO_NUMBER };

	if (i < d->conf->rs_n) {
		e.id = d->conf->rs[i].id.v;
		e.to = d->state.server[i].verdict;
	} else {
		e = quorum_event(d, i - d->conf->rs_n);
	}
	e.is_resync = true;
	if (e.to != HEALTH_UNKNOWN)
		event_post(d->events, &e);
}

void ipvs_tell_again(const struct drive *d)
{
	uint32_t i = event_resync_from(d->events), n;

	if (i == EVENT_NO_RESYNC || !d->conf)
		return;
	n = d->conf->rs_n + d->conf->vs_n;
	while (i < n && event_has_room(d->events))
		tell_one(d, i++);
	event_resync_to(d->events, i < n ? i : EVENT_NO_RESYNC);
}
