/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See shown.h.
 */
#include "vrrp/shown.h"

#include "core/conf/idmap.h"
#include "core/status.h"

#include <string.h>

_Static_assert((int)VRRP_DROP_N <= (int)STATUS_DROPS_N, "a place for each reason");

/* core/ops/view.c names them by their numbers */
_Static_assert(VRRP_INIT == 1 && VRRP_BACKUP == 2 && VRRP_ACTIVE == 3 && VRRP_FAULT == 4, "");

/* The place of an instance, or NULL in tests. */
static struct status_inst *place(const struct vrrp_inst *in)
{
	return in->shown;
}

void shown_counts(const struct vrrp_inst *in)
{
	struct status_inst *to = place(in);
	uint64_t drops = 0;

	if (!to)
		return;
	for (unsigned i = 1; i < VRRP_DROP_N; i++) {
		drops += in->r.drop_n[i];
		STATUS_STORE(&to->drop[i], in->r.drop_n[i]);
	}
	STATUS_STORE(&to->rx_n, in->r.rx_n);
	STATUS_STORE(&to->tx_n, in->r.tx_n);
	STATUS_STORE(&to->tx_fail_n, in->r.tx_fail_n);
	STATUS_STORE(&to->drop_n, drops);
	STATUS_STORE(&to->transitions_n, in->r.transitions_n);
}

void shown_inst(const struct vrrp_inst *in)
{
	struct status_inst *to = place(in);

	if (!to)
		return;

	struct status_inst_word w = status_inst_unpack(STATUS_LOAD(&to->word));

	w.state = (uint8_t)in->r.state;
	w.prio = in->r.prio;
	w.is_wanted = in->r.is_wanted;
	STATUS_STORE(&to->word, status_inst_pack(w));
	STATUS_STORE(&to->since_us, in->r.since_us);
	STATUS_STORE(&to->why, in->r.why);
	STATUS_STORE(&to->fault, inst_fault(in));
	STATUS_STORE(&to->wish, wish_pack(in->r.wish));
	shown_counts(in);
}

static void count(_Atomic uint64_t *n)
{
	STATUS_STORE(n, STATUS_LOAD(n) + 1); /* one writer */
}

void shown_released(const struct vrrp_inst *in)
{
	if (place(in))
		count(&place(in)->released_n);
}

void shown_farewell(const struct vrrp_inst *in)
{
	if (place(in))
		count(&place(in)->tx_zero_n);
}

void shown_heard(const struct vrrp_inst *in, const struct ip_addr *from, uint8_t prio,
		 int64_t now_us)
{
	struct status_inst *to = place(in);
	uint64_t half[2];

	if (!to)
		return;

	struct status_inst_word w = status_inst_unpack(STATUS_LOAD(&to->word));

	memcpy(half, from->byte, sizeof(half));
	w.peer_family = from->family;
	STATUS_STORE(&to->peer[0], half[0]);
	STATUS_STORE(&to->peer[1], half[1]);
	STATUS_STORE(&to->peer_prio, prio);
	STATUS_STORE(&to->heard_us, now_us);
	STATUS_STORE(&to->word, status_inst_pack(w));
	STATUS_STORE(&to->rx_n, in->r.rx_n);
	if (!prio)
		count(&to->rx_zero_n);
}

static void carry(struct status_inst *to, const struct status_inst *from)
{
	for (unsigned i = 0; i < 2; i++)
		STATUS_STORE(&to->peer[i], STATUS_LOAD(&from->peer[i]));
	STATUS_STORE(&to->peer_prio, STATUS_LOAD(&from->peer_prio));
	STATUS_STORE(&to->heard_us, STATUS_LOAD(&from->heard_us));
	STATUS_STORE(&to->word, STATUS_LOAD(&from->word));
	STATUS_STORE(&to->released_n, STATUS_LOAD(&from->released_n));
	STATUS_STORE(&to->rx_zero_n, STATUS_LOAD(&from->rx_zero_n));
	STATUS_STORE(&to->tx_zero_n, STATUS_LOAD(&from->tx_zero_n));
}

void shown_take(const struct run *r, const struct conf *old, const struct conf *new)
{
	for (uint32_t i = 0; old && old->status && i < r->inst_n; i++) {
		uint32_t k = idmap_find(&old->inst_by_id, new->vrrp[i].id.v);

		if (k != IDMAP_NONE && r->inst[i].shown)
			carry(r->inst[i].shown, &old->status->inst[k]);
	}
}

void shown_run(const struct run *r)
{
	for (uint32_t i = 0; i < r->inst_n; i++)
		shown_inst(&r->inst[i]);
}
