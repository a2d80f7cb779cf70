/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See probe.h.
 */
#include "check/probe.h"

#include "core/bug.h"

#include <stdlib.h>

#define TO(state) (1u << PROBE_##state)

/* From each state, the states that may follow. */
static const uint8_t may_follow[PROBE_STATE_N] = {
	[PROBE_COLD] = TO(SCHEDULED) | TO(FOLLOWING) | TO(GONE),
	[PROBE_SCHEDULED] = TO(WAITING) | TO(FOLLOWING) | TO(GONE),
	[PROBE_FOLLOWING] = TO(SCHEDULED) | TO(GONE),
	[PROBE_WAITING] = TO(SCHEDULED) | TO(RUNNING) | TO(GONE),
	[PROBE_RUNNING] = TO(SCHEDULED) | TO(GONE),
	[PROBE_GONE] = 0,
};

struct probe *probe_new(struct probe_id id)
{
	struct probe *p = calloc(1, sizeof(*p));

	BUG_ON(!p);
	p->state = PROBE_COLD;
	fact_init(&p->fact, MSG_HEALTH, id.v);
	return p;
}

void probe_free(struct probe *p)
{
	BUG_ON(p->more && p->more->keep.conn);
	free(p->more);
	free(p);
}

bool probe_is_idle(const struct probe *p)
{
	return fact_is_idle(&p->fact) && (!p->more || fact_is_idle(&p->more->weight_fact));
}

void probe_follow(struct probe *p, struct probe *leader)
{
	BUG_ON(p->leader || leader->has_leader);
	p->leader = leader;
	p->has_leader = true;
	p->prev = NULL;
	p->next = leader->followers;
	if (p->next)
		p->next->prev = p;
	leader->followers = p;
}

void probe_unfollow(struct probe *p)
{
	if (!p->has_leader)
		return;
	if (p->prev)
		p->prev->next = p->next;
	else
		p->leader->followers = p->next;
	if (p->next)
		p->next->prev = p->prev;
	p->next = p->prev = p->leader = NULL;
	p->has_leader = false;
}

void probe_set_state(struct probe *p, enum probe_state next)
{
	BUG_ON(!(may_follow[p->state] & 1u << next));
	p->state = next & 0xf;
}

void probe_queue_put(struct probe_queue *q, struct probe *p)
{
	p->next = NULL;
	p->prev = q->tail;
	if (q->tail)
		q->tail->next = p;
	else
		q->head = p;
	q->tail = p;
}

void probe_queue_put_first(struct probe_queue *q, struct probe *p)
{
	p->prev = NULL;
	p->next = q->head;
	if (q->head)
		q->head->prev = p;
	else
		q->tail = p;
	q->head = p;
}

void probe_queue_remove(struct probe_queue *q, struct probe *p)
{
	if (p->prev)
		p->prev->next = p->next;
	else
		q->head = p->next;
	if (p->next)
		p->next->prev = p->prev;
	else
		q->tail = p->prev;
	p->next = p->prev = NULL;
}

struct probe *probe_queue_take(struct probe_queue *q)
{
	struct probe *p = q->head;

	if (p)
		probe_queue_remove(q, p);
	return p;
}
