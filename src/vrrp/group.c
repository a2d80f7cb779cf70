/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See group.h.
 */
#include "vrrp/group.h"

#include "core/clock.h"
#include "core/log.h"
#include "vrrp/run_name.h"
#include "vrrp/shown.h"
#include "vrrp/sync.h"
#include "vrrp/tell.h"

/* Moves that one thing can lead to: into FAULT or out of it, back, up. What can't move (a start-up delay
 * holds it) ends it as well. */
enum { GROUP_MOVES_N = 4 };

static void mark(struct vrrp *v, struct run_group *g)
{
	if (g->is_dirty || v->is_stopping)
		return;
	g->is_dirty = true;
	g->dirty_next = v->dirty;
	v->dirty = g;
}

void group_mark(struct vrrp *v, struct vrrp_inst *in)
{
	mark(v, in->group);
}

void group_changed(struct vrrp *v, const struct vrrp_inst *in, enum vrrp_state from)
{
	if (!in->group || in->group == v->settling)
		return;
	in->group->has_fallen |= from == VRRP_ACTIVE && in->r.state == VRRP_BACKUP;
	mark(v, in->group);
}

static struct sync_view view_of(const struct run *r, const struct run_group *g)
{
	struct sync_view v = { .has_fallen = g->has_fallen, .is_active = g->is_active };

	for (uint32_t i = g->first; i != RUN_NONE; i = r->inst[i].group_next) {
		const struct inst_run *m = &r->inst[i].r;

		v.n++;
		v.init_n += m->state == VRRP_INIT;
		v.backup_n += m->state == VRRP_BACKUP;
		v.active_n += m->state == VRRP_ACTIVE;
		v.fault_n += m->state == VRRP_FAULT;
		v.broken_n += m->is_linked && (m->link_fault || m->track_fault);
		v.want_n += m->state == VRRP_ACTIVE || m->wants_active;
		v.is_pending |= !m->is_linked || m->is_held || (m->is_pending && !m->kept_until_us);
	}
	return v;
}

static void event(struct vrrp_inst *in, enum vrrp_event e, int64_t now_us)
{
	inst_event(in, &(struct inst_cause){
			       .event = e,
			       .now_us = now_us,
			       .due_us = now_us,
			       .why = "sync_group",
		       });
}

/* In FAULT for the others' sake, or not any more. */
static void set_fault(struct vrrp_inst *in, const struct run_group *g, bool is_fault,
		      int64_t now_us)
{
	bool is_own = in->r.link_fault || in->r.track_fault;

	in->r.group_fault = is_fault && !is_own ? "sync_group" : NULL;
	inst_apply(in, !g->are_owners, now_us);
	shown_inst(in);
}

static void move(struct run *r, const struct run_group *g, enum sync_move m)
{
	int64_t now_us = clock_now_us();

	for (uint32_t i = g->first; i != RUN_NONE; i = r->inst[i].group_next) {
		struct vrrp_inst *in = &r->inst[i];

		if (m == SYNC_FAULT || m == SYNC_BEGIN)
			set_fault(in, g, m == SYNC_FAULT, now_us);
		if (m == SYNC_RETREAT && in->r.state == VRRP_ACTIVE)
			event(in, VRRP_EV_YIELD, now_us);
		if (m == SYNC_RISE && in->r.state == VRRP_BACKUP && in->r.wants_active)
			event(in, VRRP_EV_DOWN_TMR, now_us);
	}
}

static enum vrrp_state state_of(const struct sync_view *v, bool is_active)
{
	if (v->broken_n || (v->n && v->fault_n == v->n))
		return VRRP_FAULT;
	if (v->init_n == v->n)
		return VRRP_INIT;
	return is_active ? VRRP_ACTIVE : VRRP_BACKUP;
}

static void tell(struct vrrp *vrrp, struct run_group *g, const struct sync_view *v)
{
	enum vrrp_state now = state_of(v, g->is_active), from = (enum vrrp_state)g->state;

	if (now == from)
		return;
	log_event(LOG_VRRP_GROUP, "group=%s from=%s to=%s members=%u broken=%u", g->cf->s.name,
		  fsm_state_name[from], fsm_state_name[now], v->n, v->broken_n);
	g->state = (uint8_t)now;
	tell_group(vrrp, g, from);
}

static void settle(struct vrrp *v, struct run_group *g)
{
	struct sync_view view = view_of(v->run, g);
	enum sync_move m = sync_move(&view);

	v->settling = g;
	for (unsigned n = 0; m != SYNC_STAY && n < GROUP_MOVES_N; n++) {
		move(v->run, g, m);
		if (m == SYNC_RETREAT)
			g->has_fallen = false;
		view = view_of(v->run, g);
		g->is_active = sync_is_active(&view);
		m = sync_move(&view);
	}
	v->settling = NULL;
	g->has_fallen = false;
	g->is_active = sync_is_active(&view);
	tell(v, g, &view);
}

void group_settle(struct vrrp *v)
{
	while (v->dirty) {
		struct run_group *g = v->dirty;

		v->dirty = g->dirty_next;
		settle(v, g);
		g->is_dirty = false;
	}
}

/* Members that are new, or come from another group, must not count for the group's state. */
void group_take(struct vrrp *v, const struct run *was)
{
	for (uint32_t i = 0; i < v->run->group_n; i++) {
		struct run_group *g = &v->run->group[i];
		uint32_t k = run_name_find(was, RUN_GROUP, g->cf->s.name);

		if (k != RUN_NONE) {
			g->is_active = was->group[k].is_active;
			g->state = was->group[k].state;
		}
		mark(v, g);
	}
	/* what stood still for its group stands still no more */
	for (uint32_t i = 0; i < v->run->inst_n; i++)
		if (!v->run->inst[i].group)
			v->run->inst[i].r.group_fault = NULL;
}
