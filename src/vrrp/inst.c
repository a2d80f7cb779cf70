/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See inst.h.
 */
#include "vrrp/inst.h"

#include "core/bug.h"
#include "core/conf/conf_compare.h"
#include "vrrp/act.h"
#include "vrrp/elect.h"
#include "vrrp/times.h"
#include "vrrp/wish.h"

#include <string.h>

static uint32_t list_sum(const struct vrrp_inst *in)
{
	uint8_t addr[PKT_ADDRS_MAX * 16];
	unsigned len = addr_len(in->o.family);

	for (uint32_t i = 0; i < in->o.vip_n; i++)
		memcpy(addr + len * i, in->o.vip[i].s.prefix.addr.byte, len);
	return pkt_list_sum(addr, in->o.vip_n, len);
}

void inst_init(struct vrrp_inst *in, const struct conf_vrrp *cf, const struct inst_shell *shell)
{
	in->cf = cf;
	in->list_sum = list_sum(in);
	in->shell = shell;
	in->is_src_there = true; /* until a table that looked for it says otherwise */
	in->r.state = VRRP_INIT;
	in->r.why = "start";
	in->r.prio = in->o.prio;
	in->r.sum = in->o.sum;
	in->r.active_adv_us = in->o.adv_int_us; /* V65 */
	in->r.want_n = 1; /* 0 is what an untouched fact says; the first word must differ from it */
	timer_init(&in->timer, shell->on_timer);
	fact_init(&in->want_fact, MSG_WANT_VIPS, cf->id.v);
	fact_init(&in->lower_fact, MSG_LOWER_PRIO, cf->id.v);
	fact_init(&in->state_fact, MSG_VRRP_STATE, cf->id.v);
}

static bool is_auth_same(const struct auth *a, const struct auth *b)
{
	if (!a || !b)
		return !a && !b;
	/* keys of the trailer come and go while it runs: that is what they have ids for */
	return a->kind == b->kind && !memcmp(a->pass, b->pass, sizeof(a->pass));
}

/* The interface that was made for its virtual MAC address may have another name. */
static bool is_other_name(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

bool inst_needs_restart(const struct conf *ca, const struct vrrp_inst *old, const struct conf *cb,
			const struct vrrp_inst *new)
{
	return opts_is_owner(&old->o) != opts_is_owner(&new->o) || old->o.family != new->o.family ||
	       old->o.version != new->o.version || old->o.is_unicast != new->o.is_unicast ||
	       !addr_eq(&old->o.group, &new->o.group) ||
	       is_other_name(conf_tx_dev(old->cf), conf_tx_dev(new->cf)) ||
	       conf_restarts(SCHEMA_vrrp, ca, old->cf, cb, new->cf);
}

void inst_take_counters(struct vrrp_inst *in, const struct vrrp_inst *old)
{
	struct inst_run fresh = in->r;

	in->r = fresh;
	in->r.want_n = old->r.want_n;
	in->r.is_held = old->r.is_held;
	in->r.wish = old->r.wish;
	in->r.rx_n = old->r.rx_n;
	in->r.tx_n = old->r.tx_n;
	in->r.tx_fail_n = old->r.tx_fail_n;
	in->r.transitions_n = old->r.transitions_n;
	in->r.list_differs_n = old->r.list_differs_n;
	memcpy(in->r.drop_n, old->r.drop_n, sizeof(in->r.drop_n));
	/* what was sent once must not be good again (V119) */
	if (is_auth_same(in->auth, old->auth))
		in->r.auth = old->r.auth;
}

/* ------------------------------------------------------------------ reload */

static int64_t wait_us(const struct inst_opts *o, const struct inst_run *r)
{
	if (r->is_skew)
		return times_skew_us(o->version, r->prio, r->active_adv_us);
	return times_down_us(o->version, r->prio, r->active_adv_us, o->down_n);
}

/* The deadline of a BACKUP under new settings. Of another number of adverts, it moves by as much as the
 * wait has become longer or shorter, as with another priority (V70). Of another interval, the wait begins
 * anew: the silence so far was measured with the old one, and in version 2 the active's adverts were
 * dropped if it had the new one already. An interval that was learnt stays (V66), so ours does not count
 * then. */
static int64_t down_at_us(const struct vrrp_inst *in, const struct vrrp_inst *old, int64_t now_us)
{
	if (in->o.adv_int_us != old->o.adv_int_us && !in->r.has_learned)
		return now_us + wait_us(&in->o, &in->r);
	return old->timer.at_us + wait_us(&in->o, &in->r) - wait_us(&old->o, &old->r);
}

/* In ACTIVE the next advert is not later than a new interval. */
static int64_t adv_at_us(const struct vrrp_inst *in, const struct vrrp_inst *old, int64_t now_us)
{
	int64_t at_us = now_us + in->o.adv_int_us;

	return old->timer.at_us < at_us ? old->timer.at_us : at_us;
}

void inst_take(struct vrrp_inst *in, struct vrrp_inst *old, int64_t now_us)
{
	in->r = old->r;
	in->is_src_there = !old->o.tracks_src || old->is_src_there;
	in->r.lower_n = 0; /* as the fact, which is new: what was told is not told again */
	if (!in->r.has_learned)
		in->r.active_adv_us = in->o.adv_int_us;
	if (in->o.sum != old->o.sum || !in->o.learns_group_sum)
		in->r.sum = in->o.sum;
	if (!old->timer.is_armed)
		return;

	int64_t at_us = in->r.state == VRRP_BACKUP ? down_at_us(in, old, now_us)
						   : adv_at_us(in, old, now_us);

	timer_disarm(in->shell->timers, &old->timer);
	timer_arm(in->shell->timers, &in->timer, at_us);
}

/* ------------------------------------------------------------------ what it stands on */

struct ip_addr inst_source(const struct vrrp_inst *in, const struct ip_addr *primary)
{
	if (in->o.src.family)
		return in->o.src;
	if (!primary->family && opts_is_owner(&in->o) && in->o.vip_n)
		return in->o.vip[0].s.prefix.addr;
	return *primary;
}

const char *inst_fault(const struct vrrp_inst *in)
{
	if (in->r.link_fault)
		return in->r.link_fault;
	return in->r.track_fault ? in->r.track_fault : in->r.group_fault;
}

/* A BACKUP that was one in the director before knows the active's interval. */
static void recall(struct vrrp_inst *in, int64_t now_us)
{
	if (in->r.state == VRRP_BACKUP && in->r.kept_adv_us && in->o.version != 2) {
		in->r.active_adv_us = in->r.kept_adv_us;
		in->r.has_learned = true;
		timer_arm(in->shell->timers, &in->timer, now_us + wait_us(&in->o, &in->r));
	}
	in->r.kept_adv_us = 0;
}

void inst_apply(struct vrrp_inst *in, bool is_lone_owner, int64_t now_us)
{
	const char *fault = inst_fault(in);
	struct inst_cause cause = { .now_us = now_us, .due_us = now_us, .why = fault };

	bool goes_on = now_us < in->r.kept_until_us;

	if (!in->r.is_linked || in->r.is_held)
		return;
	if (fault) {
		cause.event = VRRP_EV_FAULT;
		in->r.kept_until_us = 0;
		/* what has no result yet may lift it: nobody is told of a fault before (3a) */
		if (in->r.state != VRRP_FAULT && !(in->r.state == VRRP_INIT && in->r.is_pending))
			inst_event(in, &cause);
		return;
	}
	if ((in->r.state != VRRP_INIT && in->r.state != VRRP_FAULT) ||
	    (in->r.is_pending && !goes_on))
		return;
	cause.event = goes_on || (opts_is_owner(&in->o) && !is_lone_owner &&
				  wish_may_own(wish_now(in->r.wish, now_us)))
			      ? VRRP_EV_UP_OWNER
			      : VRRP_EV_UP;
	cause.why = goes_on ? "goes_on" : NULL;
	in->r.kept_until_us = 0;
	inst_event(in, &cause);
	recall(in, now_us);
}

static void settle(struct vrrp_inst *in, int64_t now_us)
{
	if (in->group)
		in->shell->regroup(in->shell->arg, in);
	else
		inst_apply(in, false, now_us);
}

void inst_link(struct vrrp_inst *in, const struct ip_addr *src, const char *fault, int64_t now_us)
{
	in->r.is_linked = true;
	in->r.link_fault = fault;
	if (!fault)
		in->r.src = *src;
	settle(in, now_us);
}

/* V70: a BACKUP's deadline moves by the difference of the two waits. */
static void set_prio(struct vrrp_inst *in, uint8_t prio)
{
	uint8_t from = in->r.prio;
	int64_t was_us = wait_us(&in->o, &in->r);

	if (prio == from)
		return;
	in->r.prio = prio;
	if (in->r.state == VRRP_BACKUP && in->timer.is_armed)
		timer_arm(in->shell->timers, &in->timer,
			  in->timer.at_us + wait_us(&in->o, &in->r) - was_us);
	in->shell->prio_changed(in->shell->arg, in, from);
}

void inst_track(struct vrrp_inst *in, uint8_t prio, const char *fault, bool is_pending,
		int64_t now_us)
{
	if (!is_pending)
		in->r.kept_prio = 0;
	set_prio(in, in->r.kept_prio ? in->r.kept_prio : prio);
	in->r.track_fault = fault;
	in->r.is_pending = is_pending;
	settle(in, now_us);
}

/* ------------------------------------------------------------------ events */

void inst_event(struct vrrp_inst *in, const struct inst_cause *cause)
{
	enum vrrp_state from = in->r.state;
	const struct fsm_cell *cell = &fsm_table[from][cause->event];

	BUG_ON(!cell->next);
	if (cell->next != from) {
		in->r.state = cell->next;
		in->r.why = cause->why ? cause->why : fsm_event_name[cause->event];
		in->r.since_us = cause->now_us;
		in->r.told &= 1u << INST_TELL_SUM;
		in->r.preempt_at_us = 0;
		in->r.wants_active = false;
		in->r.transitions_n += cell->next == VRRP_ACTIVE;
		if (cell->next == VRRP_ACTIVE) {
			auth_begin(&in->r.auth);
			in->r.wish = wish_risen(in->r.wish);
		}
	}
	act_run(in, cell->act, cause);
	if (cell->next != from)
		in->shell->changed(in->shell->arg, in, from);
}

/* V98: silent for so long that a router of this priority has taken over by now. It is not told from
 * its adverts, which were read just before: this network may have lost them. */
static bool is_replaced(const struct vrrp_inst *in, int64_t due_us, int64_t now_us)
{
	int64_t last_us = due_us - in->o.adv_int_us;

	return in->o.late_prio && in->o.nopreempt &&
	       now_us - last_us >= times_down_us(in->o.version, in->o.late_prio, in->o.adv_int_us,
						 in->o.down_n);
}

void inst_timer(struct vrrp_inst *in, int64_t due_us, int64_t now_us)
{
	struct inst_cause cause = { .event = VRRP_EV_ADV_TMR, .now_us = now_us, .due_us = due_us };

	if (in->r.state == VRRP_ACTIVE) {
		if (is_replaced(in, due_us, now_us)) {
			cause.event = VRRP_EV_YIELD;
			cause.why = "stalled";
		}
	} else if (!wish_may_rise(wish_now(in->r.wish, now_us))) {
		in->r.is_skew = false;
		timer_arm(in->shell->timers, &in->timer, now_us + wait_us(&in->o, &in->r));
		return;
	} else if (in->group) {
		/* the others must want it too; until they do, or somebody speaks, it goes on waiting */
		in->r.wants_active = true;
		in->r.is_skew = false;
		timer_arm(in->shell->timers, &in->timer, now_us + wait_us(&in->o, &in->r));
		in->shell->regroup(in->shell->arg, in);
		return;
	} else {
		cause.event = VRRP_EV_DOWN_TMR;
	}
	inst_event(in, &cause);
}

/* V93: a lower priority is let be for the delay, counted from its first advert. */
static bool is_preempt_delayed(struct vrrp_inst *in, uint8_t prio, int64_t now_us)
{
	if (!in->o.preempt_delay_us || in->r.state != VRRP_BACKUP || prio == ELECT_PRIO_RESIGN)
		return false;
	if (prio >= in->r.prio) {
		in->r.preempt_at_us = 0;
		return false;
	}
	if (!in->r.preempt_at_us)
		in->r.preempt_at_us = now_us + in->o.preempt_delay_us;
	return now_us < in->r.preempt_at_us;
}

void inst_advert(struct vrrp_inst *in, const struct pkt_advert *a, const struct ip_addr *from,
		 int64_t now_us)
{
	struct elect_self self = {
		.state = in->r.state,
		.prio = in->r.prio,
		.nopreempt = in->o.nopreempt || is_preempt_delayed(in, a->prio, now_us),
		.src = in->r.src,
	};
	wish_elect(wish_now(in->r.wish, now_us), &self);

	struct inst_cause cause = {
		.event = elect_event(&self, a->prio, from),
		.now_us = now_us,
		.due_us = now_us,
		.advert = a,
		.from = from,
	};

	in->r.rx_n++;
	if (cause.event == VRRP_EV_LOSE)
		in->r.wants_active = false;
	inst_event(in, &cause);
}

bool inst_tell(struct vrrp_inst *in, unsigned bit)
{
	bool is_first = !(in->r.told & 1u << bit);

	in->r.told |= 1u << bit;
	return is_first;
}
