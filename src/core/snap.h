/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Snapshots: an immutable object published for all threads (RCU, liburcu's memb flavour).
 *
 * RCU protects the pointer, a count protects a stay:
 *
 *	short (part of one turn):  snap_enter(); s = snap_get(&slot); ...; snap_leave();
 *	long (many turns):         s = snap_hold(&slot); ...; snap_drop(s);
 *
 * Between enter and leave: no blocking call, no file, no log write, no lock. Call snap_get() once
 * and pass the pointer down; two calls may give two snapshots. Every thread that calls any of these
 * was started by role.c, which registers it.
 */
#pragma once

#include <stdatomic.h>
#include <urcu/urcu-memb.h>

/* The head of everything that is published. Embed it; container_of() gives the object back. */
struct snap {
	struct rcu_head rcu;
	atomic_long ref; /* one for the slot while current, one for each holder */
	void (*free)(struct snap *s); /* runs on liburcu's helper thread after a grace period */
};

/* The place where the current one is found. One publisher; any number of readers. */
struct snap_slot {
	struct snap *current;
};

void snap_enter(void);
void snap_leave(void);

/* The current snapshot or NULL; valid until snap_leave(). */
struct snap *snap_get(struct snap_slot *slot);

/* The current snapshot with a reference of the caller's own, or NULL. Any registered thread. */
struct snap *snap_hold(struct snap_slot *slot);

/* One more reference for a caller that has one already. */
void snap_hold_again(struct snap *s);

/* Gives a reference back. The last one frees the object after a grace period; never waits. */
void snap_drop(struct snap *s);

/* Makes s current (NULL: none) and gives back the slot's reference to the old one. The slot's
 * publisher only. s->free is set by the caller; the count is set here. Never waits. */
void snap_publish(struct snap_slot *slot, struct snap *s);

/* Waits until everything that was dropped has been freed. Main, before exit; tests. */
void snap_barrier(void);

/* Registration of the calling thread with liburcu: role.c and tests. */
void snap_thread_register(void);
void snap_thread_unregister(void);
