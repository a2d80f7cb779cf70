/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See elect.h. RFC 9568 section 6.4.
 */
#include "vrrp/elect.h"

/* Backup: an equal priority is accepted whatever the address says (V83); a lower one only when we
 * don't preempt (V81, V82), and an owner always does (V92). */
static bool backup_loses(const struct elect_self *self, uint8_t peer_prio)
{
	if (peer_prio >= self->prio)
		return true;
	return self->nopreempt && self->prio != ELECT_PRIO_OWNER;
}

/* Active: the higher priority wins; among equals the higher address, unsigned and in network order
 * (V87 to V89). */
static bool active_loses(const struct elect_self *self, uint8_t peer_prio,
			 const struct ip_addr *peer)
{
	if (peer_prio != self->prio)
		return peer_prio > self->prio;
	return addr_cmp(peer, &self->src) > 0;
}

enum vrrp_event elect_event(const struct elect_self *self, uint8_t peer_prio,
			    const struct ip_addr *peer)
{
	if (peer_prio == ELECT_PRIO_RESIGN)
		return VRRP_EV_RESIGN;

	bool loses = self->state == VRRP_ACTIVE ? active_loses(self, peer_prio, peer)
						: backup_loses(self, peer_prio);

	return loses ? VRRP_EV_LOSE : VRRP_EV_WIN;
}
