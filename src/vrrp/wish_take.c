/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See wish_take.h.
 */
#include "vrrp/wish_take.h"

#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/elect.h"
#include "vrrp/kept.h"
#include "vrrp/shown.h"
#include "vrrp/wish.h"

static const char *const names[WISH_STATE_N] = {
	[WISH_READY] = "ready",
	[WISH_RELEASED] = "released",
	[WISH_HELD] = "held",
};

void wish_take(struct vrrp_inst *in, struct wish w, int64_t now_us)
{
	in->r.wish = w;
	if (wish_leaves(w.state, in->r.state)) {
		/* on the wire before the addresses are withdrawn (V85), so that the others need not wait */
		in->shell->advert(in->shell->arg, in, ELECT_PRIO_RESIGN, now_us);
		inst_event(in, &(struct inst_cause){
				       .event = VRRP_EV_YIELD,
				       .now_us = now_us,
				       .due_us = now_us,
				       .why = names[w.state],
			       });
	}
	shown_inst(in);
	kept_write(in);
}

static void take(struct vrrp_inst *in, struct wish w, int64_t now_us)
{
	long long for_s = w.until_us ? (w.until_us - now_us) / SEC(1) : 0;

	log_event(LOG_VRRP_WISH, "inst=%s wish=%s for_s=%lld", in->cf->s.name, names[w.state],
		  for_s);
	wish_take(in, w, now_us);
}

void wish_fact(struct vrrp *v, uint32_t id, uint64_t value)
{
	struct wish w = wish_unpack(value);
	uint32_t i = v->run ? idmap_find(&v->role.conf->inst_by_id, id) : IDMAP_NONE;
	int64_t now_us = clock_now_us();

	if (i == IDMAP_NONE || w.state >= WISH_STATE_N) {
		stats_add(STAT_MSG_UNKNOWN_ID, 1);
		return;
	}
	if (!v->run->inst[i].group) {
		take(&v->run->inst[i], w, now_us);
		return;
	}
	for (i = v->run->inst[i].group->first; i != RUN_NONE; i = v->run->inst[i].group_next)
		take(&v->run->inst[i], w, now_us);
}
