/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sync groups: what the members of one do, from what they are. Pure; run by group.c.
 *
 * The rules are keepalived's (V96): one member in FAULT puts all there; one that is beaten takes all
 * back to BACKUP; none goes ACTIVE before all would. A member that joins a group that is ACTIVE
 * already follows when its own time comes, and one in a group that is not waits for the others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A group at one moment; counts of members. */
struct sync_view {
	uint32_t n;
	uint32_t init_n, backup_n, active_n, fault_n; /* by state; they add up to n */
	uint32_t broken_n; /* with a fault of their own, whatever their state */
	uint32_t want_n; /* ACTIVE, or with a down timer that has run out since they last heard one
			  * that is better */
	bool is_pending; /* something that a member tracks has no result, or its interface is not known */
	bool has_fallen; /* one went from ACTIVE to BACKUP since the last move */
	bool is_active; /* the group was ACTIVE after the last move */
};

enum sync_move {
	SYNC_STAY,
	SYNC_FAULT, /* all that are not there go to FAULT */
	SYNC_BEGIN, /* those in INIT and FAULT begin */
	SYNC_RETREAT, /* those that are ACTIVE go to BACKUP, without an advert of priority 0 */
	SYNC_RISE, /* those that want it go ACTIVE */
};

/* The next move; call it again with what it made of the members, until SYNC_STAY. */
enum sync_move sync_move(const struct sync_view *v);

/* True when the group as a whole is ACTIVE now. */
bool sync_is_active(const struct sync_view *v);
