/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See track.h.
 */
#include "vrrp/track.h"

/* Weights do not go with a group, which must agree on one router: without them a thing counts as FAULT
 * or not at all. */
static bool drop_weight(struct track_rule *r)
{
	bool is_default = r->kind == TRACK_FILE && r->weight == TRACK_FILE_WEIGHT;

	if (!is_default && r->weight && r->kind != TRACK_IFACE)
		return false;
	r->weight = 0;
	return true;
}

bool track_adapt(struct track_rule *r, const struct track_who *who)
{
	bool is_suppressed = who->is_member && !who->keeps_weights && !who->is_of_group &&
			     r->kind != TRACK_PROCESS;

	if (is_suppressed && !drop_weight(r))
		return false;
	if (!who->is_owner || !r->weight)
		return true;
	/* an owner's priority is what makes it one */
	if (who->is_of_group || (r->kind == TRACK_FILE && r->weight == TRACK_FILE_WEIGHT)) {
		r->weight = 0;
		return true;
	}
	return false;
}

static struct track_share file_share(const struct track_rule *r, int32_t value)
{
	int64_t add = (int64_t)value * r->weight * (r->is_reverse ? -1 : 1);

	if (!r->weight)
		return (struct track_share){ .is_fault = (value != 0) != r->is_reverse };
	if (add <= TRACK_FILE_FAULT)
		return (struct track_share){ .is_fault = true };
	return (struct track_share){ .add = (int32_t)(add > TRACK_FILE_MAX ? TRACK_FILE_MAX
									   : add) };
}

struct track_share track_share(const struct track_rule *r, const struct track_state *s)
{
	int32_t add = r->is_reverse ? -r->weight : r->weight;
	bool counts = s->is_up ? r->weight > 0 : r->weight < 0;

	if (!s->is_known)
		return (struct track_share){ .is_pending = !r->weight };
	if (r->kind == TRACK_FILE)
		return file_share(r, s->value);
	if (!r->weight)
		return (struct track_share){ .is_fault = s->is_up == r->is_reverse };
	return (struct track_share){ .add = counts ? add : 0 };
}

uint8_t track_prio(uint8_t base, int64_t sum)
{
	int64_t prio = base + sum;

	if (base > TRACK_PRIO_MAX) /* an owner */
		return base;
	if (prio < TRACK_PRIO_MIN)
		return TRACK_PRIO_MIN;
	return (uint8_t)(prio > TRACK_PRIO_MAX ? TRACK_PRIO_MAX : prio);
}

bool track_count(struct track_count *c, bool is_success, uint16_t rise, uint16_t fall)
{
	if (c->is_known && c->is_up == is_success) {
		c->streak = 0;
		return false;
	}
	c->streak++;
	if (c->is_known && c->streak < (is_success ? rise : fall))
		return false;
	*c = (struct track_count){ .is_known = true, .is_up = is_success };
	return true;
}

static bool has_quorum(const struct track_quorum *q, uint32_t n)
{
	return n >= q->min && n <= q->max;
}

enum track_step track_quorum(struct track_quorum *q, uint32_t n, enum track_cause cause,
			     int64_t *wait_us)
{
	bool is_up = has_quorum(q, n), was_waiting = q->is_waiting;
	int64_t us = 0;

	if (q->is_known && is_up == q->is_up) {
		q->is_waiting = false;
		return was_waiting ? TRACK_CALM : TRACK_STAY;
	}
	if (cause == TRACK_FORK)
		us = q->fork_us;
	else if (cause == TRACK_EXIT || (cause == TRACK_SCAN && !is_up))
		us = q->exit_us;
	if (q->is_known && us) {
		q->is_waiting = true;
		if (was_waiting)
			return TRACK_STAY;
		*wait_us = us;
		return TRACK_WAIT;
	}
	q->is_known = true;
	q->is_waiting = false;
	q->is_up = is_up;
	return TRACK_TURN;
}

bool track_quorum_end(struct track_quorum *q, uint32_t n)
{
	bool was_up = q->is_up;

	q->is_waiting = false;
	q->is_up = has_quorum(q, n);
	return q->is_up != was_up;
}
