/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See act.h: one function for each bit, in a table.
 */
#include "vrrp/act.h"

#include "core/bug.h"
#include "vrrp/elect.h"
#include "vrrp/times.h"

/* Answers to adverts that we beat, in one interval of ours. A peer that is wrong sends once an
 * interval, so one answer would do; four leave room for several peers, and keep a flood of losing
 * adverts, which anybody on the network can send, from making a flood of ours. */
enum { ACT_ANSWERS_N = 4 };

struct act {
	struct vrrp_inst *in;
	const struct inst_cause *cause;
	unsigned bits; /* still to be done */
	int64_t due_us; /* when an advert sent now should have left */
};

static void forget(struct act *a)
{
	a->in->r.active_adv_us = a->in->o.adv_int_us;
	a->in->r.has_learned = false;
}

/* Version 2 never learns: both must agree, or the advert is dropped (V67, V48). */
static void learn(struct act *a)
{
	if (a->in->o.version == 2)
		return;
	a->in->r.active_adv_us = a->cause->advert->adv_int_us;
	a->in->r.has_learned = true;
}

static void disarm(struct act *a)
{
	timer_disarm(a->in->shell->timers, &a->in->timer);
}

static void arm(struct act *a, int64_t at_us)
{
	timer_arm(a->in->shell->timers, &a->in->timer, at_us);
}

static void arm_adv(struct act *a)
{
	bool is_first = a->cause->event == VRRP_EV_DOWN_TMR || a->cause->event == VRRP_EV_UP_OWNER;
	int64_t period_us = a->in->o.adv_int_us;

	if (is_first)
		arm(a, times_first_us(a->cause->now_us, period_us, a->in->early_us));
	else
		arm(a, times_next_us(a->due_us, period_us, a->cause->now_us));
}

static void send_advert(struct act *a, uint8_t prio)
{
	a->in->shell->advert(a->in->shell->arg, a->in, prio, a->due_us);
}

static void resign(struct act *a)
{
	send_advert(a, ELECT_PRIO_RESIGN);
}

/* Whatever it is sent for, it is an answer too: the next one can wait. */
static void advert(struct act *a)
{
	a->in->r.answer_at_us = a->cause->now_us + a->in->o.adv_int_us / ACT_ANSWERS_N;
	send_advert(a, a->in->r.prio);
}

/* An advert that we beat needs no answer if it had one just now. But a priority 0 has made every
 * backup wait for its Skew_Time only, which may be shorter than our interval: they must hear us. */
static void put_off(struct act *a)
{
	struct vrrp_inst *in = a->in;

	if (a->cause->event == VRRP_EV_RESIGN && in->timer.at_us > in->r.answer_at_us)
		timer_arm(in->shell->timers, &in->timer, in->r.answer_at_us);
}

/* After a stall our own advert may be due as well, and the answer is that one: two in a row would be
 * one too many (V13). */
static void answer_late(struct act *a)
{
	a->due_us = a->in->timer.at_us;
	advert(a);
	arm_adv(a);
}

/* V91: what hosts have learnt of the one that is better is refreshed by it once more. */
static void farewell(struct act *a)
{
	if (a->in->o.higher_send_advert)
		send_advert(a, a->in->r.prio);
}

static void answer(struct act *a)
{
	if (a->cause->event == VRRP_EV_WIN && a->in->o.lower_no_advert) {
		a->bits &= FSM_ANNOUNCE;
		return;
	}
	if (a->cause->now_us < a->in->r.answer_at_us) {
		a->bits &= FSM_ANNOUNCE; /* which has a bound of its own */
		put_off(a);
		return;
	}
	if (a->cause->event == VRRP_EV_WIN && a->in->timer.at_us <= a->cause->now_us)
		answer_late(a);
	else
		advert(a);
}

static void want(struct act *a, bool is_wanted)
{
	a->in->r.is_wanted = is_wanted;
	a->in->r.want_n++;
	a->in->shell->want(a->in->shell->arg, a->in);
}

static void vip_del(struct act *a)
{
	want(a, false);
}

static void vip_add(struct act *a)
{
	want(a, true);
}

/* At most once in an Active_Down_Interval: the peer that was told better needs one advert to
 * yield, and each announcement is many frames. Notification is bounded in the same way. */
static void announce(struct act *a)
{
	const struct inst_opts *o = &a->in->o;

	if (a->cause->now_us < a->in->r.announce_at_us)
		return;
	a->in->r.announce_at_us =
		a->cause->now_us +
		times_down_us(o->version, a->in->r.prio, o->adv_int_us, TIMES_DOWN_ADVERTS);
	if (a->cause->event == VRRP_EV_WIN)
		a->in->shell->beaten(a->in->shell->arg, a->in, a->cause);
	if (a->cause->event != VRRP_EV_WIN) {
		want(a, true);
	} else if (!o->lower_no_announce) {
		a->in->r.lower_n++;
		a->in->shell->want(a->in->shell->arg, a->in);
	}
}

static void arm_down(struct act *a)
{
	const struct inst_opts *o = &a->in->o;

	a->in->r.is_skew = false;
	arm(a, a->cause->now_us +
		       times_down_us(o->version, a->in->r.prio, a->in->r.active_adv_us, o->down_n));
}

/* Only the first of several: keepalived resigns twice, and a flood of priority 0 must not put off
 * the takeover for ever. */
static void arm_skew(struct act *a)
{
	if (a->in->r.is_skew)
		return;
	a->in->r.is_skew = true;
	arm(a, a->cause->now_us +
		       times_skew_us(a->in->o.version, a->in->r.prio, a->in->r.active_adv_us));
}

static void bug(struct act *a)
{
	BUG(fsm_event_name[a->cause->event]);
}

/* clang-format off */
static void (*const do_bit[FSM_ACT_N])(struct act *a) = {
	farewell, forget, learn, disarm, resign, advert, answer, vip_del, vip_add, announce,
	arm_adv, arm_down, arm_skew, bug,
};
/* clang-format on */

void act_run(struct vrrp_inst *in, unsigned bits, const struct inst_cause *cause)
{
	struct act a = { .in = in, .cause = cause, .bits = bits, .due_us = cause->due_us };

	_Static_assert(FSM_BUG == 1 << (FSM_ACT_N - 1), "a function for each bit");
	while (a.bits) {
		unsigned i = (unsigned)__builtin_ctz(a.bits);

		a.bits &= a.bits - 1;
		do_bit[i](&a);
	}
}
