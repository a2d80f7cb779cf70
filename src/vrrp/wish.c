/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See wish.h.
 */
#include "vrrp/wish.h"

enum wish_state wish_now(struct wish w, int64_t now_us)
{
	return w.until_us && now_us >= w.until_us ? WISH_READY : w.state;
}

bool wish_leaves(enum wish_state w, enum vrrp_state state)
{
	return w != WISH_READY && state == VRRP_ACTIVE;
}

bool wish_may_rise(enum wish_state w)
{
	return w != WISH_HELD;
}

bool wish_may_own(enum wish_state w)
{
	return w == WISH_READY;
}

void wish_elect(enum wish_state w, struct elect_self *self)
{
	if (w == WISH_READY || self->state == VRRP_ACTIVE)
		return;
	self->nopreempt = true;
	if (self->prio == ELECT_PRIO_OWNER) /* an owner preempts whatever is set (V92) */
		self->prio--;
}

struct wish wish_risen(struct wish w)
{
	return w.state == WISH_RELEASED ? (struct wish){ .state = WISH_READY } : w;
}
