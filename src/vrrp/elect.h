/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The election: what a valid advert means to us. Pure.
 */
#pragma once

#include "core/addr.h"
#include "vrrp/fsm.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ELECT_PRIO_RESIGN = 0,
	ELECT_PRIO_OWNER = 255,
};

/* We, at the moment the advert is read. */
struct elect_self {
	enum vrrp_state state;
	uint8_t prio; /* the effective one */
	bool nopreempt; /* or preempt_delay has not passed yet */
	struct ip_addr src; /* our primary address; compared in ACTIVE only */
};

/* VRRP_EV_RESIGN, VRRP_EV_LOSE or VRRP_EV_WIN. peer: the source address of the advert, of the same
 * family as ours and not equal to it (the caller drops adverts of our own address before: V90). */
enum vrrp_event elect_event(const struct elect_self *self, uint8_t peer_prio,
			    const struct ip_addr *peer);
