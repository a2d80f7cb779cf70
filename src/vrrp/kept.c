/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kept.h.
 */
#include "vrrp/kept.h"

#include "core/record.h"
#include "vrrp/times.h"

enum {
	PRIO_BEST = 254, /* of a backup: the one that waits least; 255 is never a backup */
	/* What was sent right before the end may not be written down: a turn's adverts, a copy for each
	 * unicast peer. */
	SEQ_STEP_N = 4096,
};

void kept_write(const struct vrrp_inst *in)
{
	const struct inst_run *r = &in->r;
	bool is_begun = r->state == VRRP_ACTIVE || r->state == VRRP_BACKUP;

	if (!in->record)
		return;
	record_put_inst(in->record, in->index,
			&(struct record_vrrp){
				.sent_us = r->state == VRRP_ACTIVE ? r->sent_us : 0,
				.active_adv_us = r->active_adv_us,
				.tx_seq = r->auth.tx_seq,
				.ah_seq = r->auth.ah_seq,
				.wish = wish_pack(r->wish),
				.state = is_begun ? (uint8_t)r->state : 0,
				.prio = r->prio,
				.has_learned = r->has_learned,
			});
}

int64_t kept_until_us(const struct inst_opts *o, int64_t sent_us)
{
	uint8_t down_n = o->down_n < TIMES_DOWN_ADVERTS ? o->down_n : TIMES_DOWN_ADVERTS;

	return sent_us + times_down_us(o->version, PRIO_BEST, o->adv_int_us, down_n);
}

static bool read_one(struct vrrp_inst *in, const struct record_vrrp *was, int64_t now_us)
{
	int64_t until_us = kept_until_us(&in->o, was->sent_us);
	struct wish wish = wish_unpack(was->wish);

	if (!was->prio)
		return false; /* nothing was found */
	if (wish.state < WISH_STATE_N)
		in->r.wish = wish;
	in->r.auth.tx_seq = was->tx_seq ? was->tx_seq + SEQ_STEP_N : 0;
	in->r.auth.ah_seq = was->ah_seq && was->ah_seq < UINT32_MAX - SEQ_STEP_N
				    ? was->ah_seq + SEQ_STEP_N
				    : was->ah_seq;
	if (was->state == VRRP_BACKUP && was->has_learned == 1)
		in->r.kept_adv_us = was->active_adv_us;
	if (was->state != VRRP_ACTIVE || !was->sent_us || now_us >= until_us)
		return false;
	in->r.sent_us = was->sent_us;
	in->r.kept_until_us = until_us;
	in->r.kept_prio = was->prio;
	return true;
}

static void read_group(struct run *r, const struct run_group *g)
{
	bool is_whole = true;

	for (uint32_t i = g->first; i != RUN_NONE; i = r->inst[i].group_next)
		is_whole &= r->inst[i].r.kept_until_us != 0;
	for (uint32_t i = g->first; i != RUN_NONE && !is_whole; i = r->inst[i].group_next)
		r->inst[i].r.kept_until_us = r->inst[i].r.kept_prio = 0;
}

bool kept_read(struct run *r, const struct conf *c, int64_t now_us)
{
	const struct record_vrrp *was = c->record ? c->record->inst_was : NULL;
	bool any = false;

	for (uint32_t i = 0; was && i < r->inst_n; i++)
		any |= read_one(&r->inst[i], &was[i], now_us);
	for (uint32_t i = 0; i < r->group_n; i++)
		read_group(r, &r->group[i]);
	/* init_fail is for a beginning: here the script has had its first result long ago */
	for (uint32_t i = 0; any && i < r->obj_n; i++)
		r->obj[i].state.is_known = false;
	return any;
}
