/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See weigh.h. The arithmetic is track.h's.
 */
#include "vrrp/weigh.h"

#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/shown.h"

void weigh_inst(struct vrrp *v, uint32_t inst, int64_t now_us)
{
	struct vrrp_inst *in = &v->run->inst[inst];
	struct run_sum sum = run_sum(v->run, inst);

	inst_track(in, track_prio(in->o.prio, sum.add), sum.fault, sum.is_pending, now_us);
	shown_inst(in);
}

static void weigh_refs(struct vrrp *v, uint32_t first, int64_t now_us)
{
	for (uint32_t i = first; i != RUN_NONE; i = v->run->ref[i].obj_next)
		weigh_inst(v, v->run->ref[i].inst, now_us);
}

void weigh_iface(struct vrrp *v, struct run_iface *ifc, int64_t now_us)
{
	bool was_known = ifc->state.is_known;

	if (was_known && ifc->state.is_up == ifc->link.is_up)
		return;
	ifc->state = (struct track_state){ .is_known = true, .is_up = ifc->link.is_up };
	if (was_known && ifc->first_ref != RUN_NONE)
		log_event(LOG_VRRP_TRACK, "interface=%s up=%d", ifc->name, ifc->link.is_up);
	weigh_refs(v, ifc->first_ref, now_us);
}

static bool is_same(const struct track_state *a, const struct track_state *b)
{
	return a->is_known == b->is_known && a->is_up == b->is_up && a->value == b->value;
}

void weigh_obj(struct vrrp *v, struct run_obj *obj, const struct track_state *s)
{
	static const char *const kinds[] = {
		[TRACK_IFACE] = "interface", [TRACK_SCRIPT] = "script",      [TRACK_FILE] = "file",
		[TRACK_PROCESS] = "process", [TRACK_STATIC] = "track_group",
	};

	if (is_same(&obj->state, s))
		return;
	obj->state = *s;
	log_event(LOG_VRRP_TRACK, "%s=%s up=%d value=%d", kinds[obj->kind], obj->name, s->is_up,
		  s->value);
	weigh_refs(v, obj->first_ref, clock_now_us());
}

void weigh_fact(struct vrrp *v, uint32_t id, uint64_t value)
{
	struct track_state s = track_unpack(value);
	uint32_t i = v->run ? idmap_find(&v->role.conf->track_by_id, id) : IDMAP_NONE;

	if (i == IDMAP_NONE) {
		stats_add(STAT_MSG_UNKNOWN_ID, 1);
		return;
	}

	weigh_obj(v, &v->run->obj[i], &s);
}

void weigh_take(struct vrrp *v, const struct conf *new, const struct run *was)
{
	for (uint32_t i = 0; i < was->obj_n; i++) {
		uint32_t k = idmap_find(&new->track_by_id, was->obj[i].id);

		/* what nobody tracked may be of long ago */
		if (k != IDMAP_NONE && was->obj[i].state.is_known &&
		    was->obj[i].first_ref != RUN_NONE)
			v->run->obj[k].state = was->obj[i].state;
	}
}
