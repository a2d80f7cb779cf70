/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tell.h.
 */
#include "vrrp/tell.h"

#include "core/event.h"

_Static_assert((int)VRRP_INIT == (int)EVENT_STATE_INIT &&
		       (int)VRRP_BACKUP == (int)EVENT_STATE_BACKUP &&
		       (int)VRRP_ACTIVE == (int)EVENT_STATE_ACTIVE &&
		       (int)VRRP_FAULT == (int)EVENT_STATE_FAULT,
	       "as the notify role knows them");

/* What has begun and is in INIT again has ended: with vipd, or by a reload. */
static uint8_t state_of(const struct vrrp *v, uint8_t state)
{
	if (state != VRRP_INIT)
		return state;
	return v->role.is_stopping ? EVENT_STATE_STOP : EVENT_STATE_GONE;
}

void tell_state(struct vrrp *v, const struct vrrp_inst *in, enum vrrp_state from)
{
	event_post(v->role.board->vrrp_events, &(struct event){
						       .type = EVENT_INST,
						       .id = in->cf->id.v,
						       .from = (uint8_t)from,
						       .to = state_of(v, (uint8_t)in->r.state),
						       .number = in->r.prio,
					       });
}

void tell_prio(struct vrrp *v, const struct vrrp_inst *in)
{
	event_post(v->role.board->vrrp_events, &(struct event){
						       .type = EVENT_INST_PRIO,
						       .id = in->cf->id.v,
						       .to = (uint8_t)in->r.state,
						       .number = in->r.prio,
					       });
}

void tell_lower(struct vrrp *v, const struct vrrp_inst *in, uint8_t theirs)
{
	event_post(v->role.board->vrrp_events, &(struct event){
						       .type = EVENT_INST_LOWER,
						       .id = in->cf->id.v,
						       .number = in->r.prio,
						       .other = theirs,
					       });
}

void tell_group(struct vrrp *v, const struct run_group *g, enum vrrp_state from)
{
	event_post(v->role.board->vrrp_events, &(struct event){
						       .type = EVENT_GROUP,
						       .id = g->cf->id.v,
						       .from = (uint8_t)from,
						       .to = state_of(v, g->state),
					       });
}

void tell_stop(struct vrrp *v)
{
	for (uint32_t i = 0; v->run && i < v->run->group_n; i++) {
		enum vrrp_state from = (enum vrrp_state)v->run->group[i].state;

		v->run->group[i].state = VRRP_INIT;
		if (from != VRRP_INIT)
			tell_group(v, &v->run->group[i], from);
	}
}

/* Instances first, then groups, counted through. What has not begun has nothing to tell. */
static void tell_one(struct vrrp *v, uint32_t i)
{
	const struct run *r = v->run;
	bool is_inst = i < r->inst_n;
	struct event e = { .type = is_inst ? EVENT_INST : EVENT_GROUP, .is_resync = true };

	if (is_inst) {
		e.id = r->inst[i].cf->id.v;
		e.to = (uint8_t)r->inst[i].r.state;
		e.number = r->inst[i].r.prio;
	} else {
		e.id = r->group[i - r->inst_n].cf->id.v;
		e.to = r->group[i - r->inst_n].state;
	}
	if (e.to != VRRP_INIT)
		event_post(v->role.board->vrrp_events, &e);
}

void tell_again(struct vrrp *v)
{
	struct event_ring *ring = v->role.board->vrrp_events;
	uint32_t i = event_resync_from(ring);

	if (i == EVENT_NO_RESYNC || !v->run)
		return;
	for (; i < v->run->inst_n + v->run->group_n && event_has_room(ring); i++)
		tell_one(v, i);
	event_resync_to(ring, i < v->run->inst_n + v->run->group_n ? i : EVENT_NO_RESYNC);
}
