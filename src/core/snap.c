/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See snap.h. The SYNC_ lines are for ThreadSanitizer only (tsan.h): `grace` stands for "a grace
 * period has passed" and is one object for all slots, which is coarse but reports no false race.
 */
#include "core/snap.h"

#include "core/bug.h"
#include "core/tsan.h"

#include <stdbool.h>

static char grace;

void snap_enter(void)
{
	urcu_memb_read_lock();
}

void snap_leave(void)
{
	SYNC_RELEASE(&grace);
	urcu_memb_read_unlock();
}

struct snap *snap_get(struct snap_slot *slot)
{
	struct snap *s = rcu_dereference(slot->current);

	SYNC_ACQUIRE(s);
	return s;
}

/* A snapshot whose count is zero is on its way to be freed: it can't be had any more. */
static bool ref_get_unless_zero(struct snap *s)
{
	long n = atomic_load_explicit(&s->ref, memory_order_relaxed);

	while (n > 0)
		if (atomic_compare_exchange_weak_explicit(&s->ref, &n, n + 1, memory_order_acquire,
							  memory_order_relaxed))
			return true;
	return false;
}

struct snap *snap_hold(struct snap_slot *slot)
{
	struct snap *s;

	snap_enter();
	do
		s = snap_get(slot);
	while (s && !ref_get_unless_zero(s));
	snap_leave();
	return s;
}

void snap_hold_again(struct snap *s)
{
	/* relaxed: the caller's own reference keeps the count above zero and the object in sight */
	long had = atomic_fetch_add_explicit(&s->ref, 1, memory_order_relaxed);

	BUG_ON(had <= 0);
}

static void reclaim(struct rcu_head *head)
{
	struct snap *s = container_of(head, struct snap, rcu);

	SYNC_ACQUIRE(&grace);
	SYNC_ACQUIRE(&s->ref);
	s->free(s);
}

void snap_drop(struct snap *s)
{
	SYNC_RELEASE(&s->ref);

	/* acq_rel: what every holder did to its copy happens before the free */
	long left = atomic_fetch_sub_explicit(&s->ref, 1, memory_order_acq_rel) - 1;

	BUG_ON(left < 0);
	if (!left)
		urcu_memb_call_rcu(&s->rcu, reclaim);
}

void snap_publish(struct snap_slot *slot, struct snap *s)
{
	if (s) {
		atomic_init(&s->ref, 1);
		SYNC_RELEASE(s);
	}

	struct snap *old = rcu_xchg_pointer(&slot->current, s);

	if (old)
		snap_drop(old);
}

void snap_barrier(void)
{
	urcu_memb_barrier();
}

void snap_thread_register(void)
{
	/* Starts liburcu's helper thread now, on main, which registers first: else the first thread that
	 * drops a snapshot would start it, and lend it its scheduling class. */
	(void)urcu_memb_get_default_call_rcu_data();
	urcu_memb_register_thread();
}

void snap_thread_unregister(void)
{
	urcu_memb_unregister_thread();
}
