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

#include <string.h>

static uint32_t list_sum(const struct vrrp_inst *in)
{
	uint8_t addr[PKT_ADDRS_MAX * 4];

	for (uint32_t i = 0; i < in->vip_n; i++)
		memcpy(addr + 4 * i, &in->vip[i].s.prefix.addr.v4, 4);
	return pkt_list_sum(addr, in->vip_n);
}

void inst_init(struct vrrp_inst *in, const struct conf_vrrp *cf, const struct conf_vip *vip,
	       const struct inst_shell *shell)
{
	in->cf = cf;
	in->vip = vip;
	in->vip_n = cf->s.vips.n > PKT_ADDRS_MAX ? PKT_ADDRS_MAX : (uint8_t)cf->s.vips.n;
	in->list_sum = list_sum(in);
	in->shell = shell;
	in->r.state = VRRP_INIT;
	in->r.why = "start";
	in->r.active_adv_us = cf->s.adv_int_us; /* V65 */
	in->r.want_n = 1; /* 0 is what an untouched fact says; the first word must differ from it */
	timer_init(&in->timer, shell->on_timer);
	fact_init(&in->want_fact, MSG_WANT_VIPS, cf->id.v);
	fact_init(&in->state_fact, MSG_VRRP_STATE, cf->id.v);
}

bool inst_needs_restart(const struct conf *ca, const struct conf_vrrp *a, const struct conf *cb,
			const struct conf_vrrp *b)
{
	bool was_owner = a->s.priority == ELECT_PRIO_OWNER;
	bool is_owner = b->s.priority == ELECT_PRIO_OWNER;

	return was_owner != is_owner || conf_compare(SCHEMA_vrrp, ca, a, cb, b) >= SCHEMA_RESTART;
}

void inst_take_counters(struct vrrp_inst *in, const struct vrrp_inst *old)
{
	struct inst_run fresh = in->r;

	in->r = old->r;
	in->r.state = fresh.state;
	in->r.why = fresh.why;
	in->r.since_us = fresh.since_us;
	in->r.active_adv_us = fresh.active_adv_us;
	in->r.has_learned = false;
	in->r.is_skew = false;
	in->r.told = 0;
}

static int64_t wait_us(const struct conf_vrrp *cf, const struct inst_run *r)
{
	if (r->is_skew)
		return times_skew_us(cf->s.version, cf->s.priority, r->active_adv_us);
	return times_down_us(cf->s.version, cf->s.priority, r->active_adv_us);
}

/* The deadline of a BACKUP under new settings. Of another priority, it moves by as much as the wait
 * has become longer or shorter (V70). Of another interval, the wait begins anew: the silence so far
 * was measured with the old one, and in version 2 the active's adverts were dropped if it had the new
 * one already. An interval that was learnt stays (V66), so ours does not count then. */
static int64_t down_at_us(const struct vrrp_inst *in, const struct vrrp_inst *old, int64_t now_us)
{
	if (in->cf->s.adv_int_us != old->cf->s.adv_int_us && !in->r.has_learned)
		return now_us + wait_us(in->cf, &in->r);
	return old->timer.at_us + wait_us(in->cf, &in->r) - wait_us(old->cf, &old->r);
}

/* In ACTIVE the next advert is not later than a new interval. */
static int64_t adv_at_us(const struct vrrp_inst *in, const struct vrrp_inst *old, int64_t now_us)
{
	int64_t at_us = now_us + in->cf->s.adv_int_us;

	return old->timer.at_us < at_us ? old->timer.at_us : at_us;
}

void inst_take(struct vrrp_inst *in, struct vrrp_inst *old, int64_t now_us)
{
	in->r = old->r;
	if (!in->r.has_learned)
		in->r.active_adv_us = in->cf->s.adv_int_us;
	if (!old->timer.is_armed)
		return;

	int64_t at_us = in->r.state == VRRP_BACKUP ? down_at_us(in, old, now_us)
						   : adv_at_us(in, old, now_us);

	timer_disarm(in->shell->timers, &old->timer);
	timer_arm(in->shell->timers, &in->timer, at_us);
}

struct ip_addr inst_source(const struct vrrp_inst *in, const struct ip_addr *primary)
{
	if (!primary->family && in->cf->s.priority == ELECT_PRIO_OWNER && in->vip_n)
		return in->vip[0].s.prefix.addr;
	return *primary;
}

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
		in->r.transitions_n += cell->next == VRRP_ACTIVE;
	}
	act_run(in, cell->act, cause);
	if (cell->next != from)
		in->shell->changed(in->shell->arg, in, from);
}

void inst_link(struct vrrp_inst *in, const struct ip_addr *src, const char *fault, int64_t now_us)
{
	struct inst_cause cause = { .now_us = now_us, .due_us = now_us, .why = fault };

	if (fault) {
		cause.event = VRRP_EV_FAULT;
		if (in->r.state != VRRP_FAULT)
			inst_event(in, &cause);
		return;
	}
	in->r.src = *src;
	if (in->r.state != VRRP_INIT && in->r.state != VRRP_FAULT)
		return;
	cause.event = in->cf->s.priority == ELECT_PRIO_OWNER ? VRRP_EV_UP_OWNER : VRRP_EV_UP;
	inst_event(in, &cause);
}

void inst_timer(struct vrrp_inst *in, int64_t due_us, int64_t now_us)
{
	inst_event(in,
		   &(struct inst_cause){
			   .event = in->r.state == VRRP_ACTIVE ? VRRP_EV_ADV_TMR : VRRP_EV_DOWN_TMR,
			   .now_us = now_us,
			   .due_us = due_us,
		   });
}

void inst_advert(struct vrrp_inst *in, const struct pkt_advert *a, const struct ip_addr *from,
		 int64_t now_us)
{
	struct elect_self self = {
		.state = in->r.state,
		.prio = in->cf->s.priority,
		.nopreempt = in->cf->s.nopreempt,
		.src = in->r.src,
	};

	in->r.rx_n++;
	inst_event(in, &(struct inst_cause){
			       .event = elect_event(&self, a->prio, from),
			       .now_us = now_us,
			       .due_us = now_us,
			       .advert = a,
		       });
}

bool inst_tell(struct vrrp_inst *in, unsigned bit)
{
	bool is_first = !(in->r.told & 1u << bit);

	in->r.told |= 1u << bit;
	return is_first;
}
