/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the administrator wants of an instance (vipctl vrrp), as rules of when it gives up and when it may be
 * active. Pure.
 *
 *	READY		elections decide
 *	RELEASED	an ACTIVE resigns. A BACKUP does not preempt: it is content with any other router, also
 *			as the owner of the addresses. When there is none it goes ACTIVE all the same, which
 *			ends the wish: service comes first
 *	HELD		the same, but it does not go ACTIVE when there is none either
 *
 * A wish is looked at when something happens to the instance, so one whose time is over needs no timer:
 * it has ended when the next advert comes, or is missing.
 */
#pragma once

#include "core/msg.h"
#include "vrrp/elect.h"

#include <stdbool.h>

/* What counts now: READY when its time is over. */
enum wish_state wish_now(struct wish w, int64_t now_us);

/* An instance in this state is to resign. */
bool wish_leaves(enum wish_state w, enum vrrp_state state);

/* Its down timer has run out: it may go ACTIVE. */
bool wish_may_rise(enum wish_state w);

/* It may begin as ACTIVE, if it is the owner. */
bool wish_may_own(enum wish_state w);

/* How it takes part in the election. */
void wish_elect(enum wish_state w, struct elect_self *self);

/* What is left of a wish when it has gone ACTIVE. */
struct wish wish_risen(struct wish w);
