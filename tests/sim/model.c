/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an instance must be, written down a second time from the statements alone: one wait that began at
 * base_us, and what ends it. It is told what the instance was told, and compared after every turn. Members
 * of sync groups are not modelled: what they do depends on the others, and rules.c looks at the whole.
 *
 * Intervals are computed in floating point here, so that a wrong rounding would be seen as well.
 */
#include "sim.h"

#include "core/clock.h"

#include <inttypes.h>

enum { ROUNDING_US = 2 };

static int64_t now_us(const struct sim_router *r)
{
	return seam_local_us(r, sim.now_us);
}

int64_t model_skew_us(const struct sim_inst *s, uint8_t prio, int64_t adv_us)
{
	double unit_us = s->version == 2 ? 1e6 : (double)adv_us; /* V60, V62 */

	return (int64_t)((256.0 - prio) / 256.0 * unit_us);
}

int64_t model_down_us(const struct sim_inst *s, uint8_t prio, int64_t adv_us)
{
	return s->down_n * adv_us + model_skew_us(s, prio, adv_us); /* V61, V63, V71 */
}

static int64_t wait_us(const struct sim_inst *s, const struct sim_model *m)
{
	return m->is_skew ? model_skew_us(s, m->prio, m->adv_us)
			  : model_down_us(s, m->prio, m->adv_us);
}

/* ------------------------------------------------------------------ what it is told */

static bool is_good(const struct sim_router *r, const struct sim_inst *s)
{
	const struct sim_link *l = &r->link[s->net];

	return l->is_up && l->has_address;
}

static void enter(struct sim_router *r, struct sim_model *m, const struct sim_inst *s,
		  enum vrrp_state state)
{
	m->state = state;
	m->base_us = m->moved_us = now_us(r);
	m->adv_us = s->adv_us;
	m->is_skew = m->has_learned = false;
	m->preempt_at_us = 0;
}

/* V74, V75, V95 */
static void begin(struct sim_router *r, struct sim_model *m, const struct sim_inst *s)
{
	enter(r, m, s, !is_good(r, s) ? VRRP_FAULT : s->prio == 255 ? VRRP_ACTIVE : VRRP_BACKUP);
}

static uint8_t prio_of(const struct sim_router *r, const struct sim_inst *s)
{
	int prio = s->prio + (s->has_file ? 2 * r->file : 0);

	if (s->prio == 255)
		return 255;
	return (uint8_t)(prio < 1 ? 1 : prio > 254 ? 254 : prio); /* V101 */
}

void model_start(struct sim_router *r)
{
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		const struct sim_inst *s = &r->next.inst[i];

		r->model[i].prio = prio_of(r, s);
		if (s->is_there)
			begin(r, &r->model[i], s);
	}
}

static bool restarts(const struct sim_inst *a, const struct sim_inst *b)
{
	return a->version != b->version || a->vrid != b->vrid || a->family != b->family ||
	       (a->prio == 255) != (b->prio == 255) || a->is_unicast != b->is_unicast ||
	       a->net != b->net || a->auth != b->auth;
}

void model_reload(struct sim_router *r, const struct sim_conf *old)
{
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		struct sim_model *m = &r->model[i];
		const struct sim_inst *was = &old->inst[i], *is = &r->conf.inst[i];

		if (!is->is_there)
			continue;
		m->prio = prio_of(r, is);
		m->moved_us = now_us(r);
		if (!was->is_there || restarts(was, is)) {
			begin(r, m, is);
		} else if (was->adv_us != is->adv_us && !m->has_learned) {
			m->adv_us = is->adv_us;
			m->base_us = now_us(r);
		}
	}
}

void model_link(struct sim_router *r)
{
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		const struct sim_inst *s = &r->conf.inst[i];
		struct sim_model *m = &r->model[i];
		const struct vrrp_inst *in = router_inst(r, i);

		if (!s->is_there || !in)
			continue;

		bool is_other = in->ifc && in->ifc->link.ifindex != r->link[s->net].ifindex;

		if (!is_good(r, s))
			m->state = VRRP_FAULT;
		else if (m->state == VRRP_FAULT || is_other)
			begin(r, m, s);
	}
}

void model_file(struct sim_router *r)
{
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		r->model[i].prio = prio_of(r, &r->conf.inst[i]);
		r->model[i].moved_us = now_us(r);
	}
}

/* V93 */
static bool is_delayed(struct sim_router *r, struct sim_model *m, const struct sim_inst *s,
		       uint8_t prio)
{
	if (!s->preempt_delay_us || s->nopreempt || s->prio == 255)
		return false;
	if (prio >= m->prio) {
		m->preempt_at_us = 0;
		return false;
	}
	if (!m->preempt_at_us)
		m->preempt_at_us = now_us(r) + s->preempt_delay_us;
	return now_us(r) < m->preempt_at_us;
}

static void learn(struct sim_router *r, struct sim_model *m, const struct sim_inst *s,
		  const struct pkt_advert *a)
{
	m->base_us = now_us(r);
	m->is_skew = false;
	if (s->version == 2) /* V67 */
		return;
	m->adv_us = a->adv_int_us; /* V66 */
	m->has_learned = true;
}

static void backup_heard(struct sim_router *r, struct sim_model *m, const struct sim_inst *s,
			 const struct pkt_advert *a)
{
	if (!a->prio) {
		if (!m->is_skew) /* V79; the second of two resignations changes nothing */
			m->base_us = now_us(r);
		m->is_skew = true;
		return;
	}

	bool is_let = is_delayed(r, m, s, a->prio) || (s->nopreempt && s->prio != 255);

	if (a->prio >= m->prio || is_let) /* V80 to V83 */
		learn(r, m, s, a);
}

void model_heard(struct sim_router *r, unsigned i, const struct pkt_advert *a,
		 const struct ip_addr *from)
{
	const struct sim_inst *s = &r->conf.inst[i];
	struct sim_model *m = &r->model[i];
	struct ip_addr own = router_addr(r, s->net, s->family);
	bool is_higher = a->prio > m->prio || (a->prio == m->prio && addr_cmp(from, &own) > 0);

	sim_note("router %u hears vrid=%u prio=%u", r->index, a->vrid, a->prio);
	if (m->state == VRRP_BACKUP) {
		backup_heard(r, m, s, a);
	} else if (m->state == VRRP_ACTIVE && a->prio && is_higher) { /* V87, V88 */
		enter(r, m, s, VRRP_BACKUP);
		learn(r, m, s, a);
	}
}

/* ------------------------------------------------------------------ what it must be */

/* V78: at that moment, unless it stood still, or the moment was past already when it was moved. */
static void wait_is_over(struct sim_router *r, struct sim_model *m, const struct sim_inst *s,
			 enum vrrp_state is)
{
	int64_t end_us = m->base_us + wait_us(s, m);
	int64_t late_us = now_us(r) - end_us;

	if (late_us < -ROUNDING_US)
		return;
	if (late_us > ROUNDING_US && end_us > m->moved_us &&
	    seam_world_us(r, end_us) > r->stalled_until_us)
		sim_fail("router %u: %" PRId64 " us late", r->index, late_us);
	if (late_us > ROUNDING_US || is == VRRP_ACTIVE)
		enter(r, m, s, VRRP_ACTIVE);
}

void model_check(struct sim_router *r)
{
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		const struct sim_inst *s = &r->conf.inst[i];
		struct sim_model *m = &r->model[i];
		const struct vrrp_inst *in = router_inst(r, i);

		if (!s->is_there || !in)
			continue;
		if (r->is_modelled) {
			if (m->state == VRRP_BACKUP)
				wait_is_over(r, m, s, in->r.state);
			if (in->r.state != m->state)
				sim_fail("router %u: %s is %s (%s) and must be %s, %" PRId64
					 " us after its wait began",
					 r->index, sim_inst_name[i], fsm_state_name[in->r.state],
					 in->r.why, fsm_state_name[m->state],
					 now_us(r) - m->base_us);
			if (in->r.prio != m->prio)
				sim_fail("router %u: %s has priority %u and must have %u", r->index,
					 sim_inst_name[i], in->r.prio, m->prio);
		}
		if (r->told[i].is_wanted != (in->r.state == VRRP_ACTIVE))
			sim_fail("router %u: %s is %s and its addresses are not", r->index,
				 sim_inst_name[i], fsm_state_name[in->r.state]);
	}
}
