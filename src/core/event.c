/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See event.h.
 */
#include "core/event.h"

#include "core/bug.h"
#include "core/stats.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void event_ring_init(struct event_ring *r, uint32_t n, uint32_t role, struct mbox *box)
{
	uint32_t size = 4;

	while (size < n)
		size *= 2;
	*r = (struct event_ring){ .mask = size - 1, .box = box, .resync_at = EVENT_NO_RESYNC };
	r->slot = malloc(size * sizeof(*r->slot));
	BUG_ON(!r->slot);
	/* touched here, so that the producer need not fault the pages in */
	memset(r->slot, 0, size * sizeof(*r->slot));
	fact_init(&r->fact, MSG_EVENT, role);
}

void event_ring_fini(struct event_ring *r)
{
	free(r->slot);
	r->slot = NULL;
}

static uint64_t waiting_n(const struct event_ring *r)
{
	/* relaxed: the producer's own; acquire: the consumer is done with the slot */
	return atomic_load_explicit(&r->head, memory_order_relaxed) -
	       atomic_load_explicit(&r->tail, memory_order_acquire);
}

static int64_t wall_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void wake(struct event_ring *r, uint64_t value)
{
	if (r->box)
		fact_post(r->box, &r->fact, value & FACT_VALUE_MAX);
}

void event_post(struct event_ring *r, const struct event *e)
{
	if (!r)
		return;

	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (waiting_n(r) > r->mask) {
		atomic_fetch_add_explicit(&r->lost_n, 1, memory_order_relaxed);
		stats_add(STAT_EVENTS_LOST, 1);
		r->resync_at = 0;
		return;
	}

	struct event *slot = &r->slot[head & r->mask];

	*slot = *e;
	slot->wall_us = wall_us();
	slot->gen = atomic_load_explicit(&r->gen, memory_order_relaxed);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	wake(r, head + 1);
}

void event_adopted(struct event_ring *r, uint64_t gen)
{
	if (!r)
		return;
	if (r->resync_at != EVENT_NO_RESYNC)
		r->resync_at = 0; /* it was a place among the objects of the one before */
	atomic_store_explicit(&r->gen, gen, memory_order_release);
	wake(r, atomic_load_explicit(&r->head, memory_order_relaxed));
}

/* Not before there is room for many: the consumer is behind. */
uint32_t event_resync_from(const struct event_ring *r)
{
	if (!r || r->resync_at == EVENT_NO_RESYNC || waiting_n(r) > r->mask / 2)
		return EVENT_NO_RESYNC;
	return r->resync_at;
}

bool event_has_room(const struct event_ring *r)
{
	return waiting_n(r) <= r->mask;
}

void event_resync_to(struct event_ring *r, uint32_t next)
{
	r->resync_at = next;
}

const struct event *event_peek(const struct event_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
		return NULL;
	return &r->slot[tail & r->mask];
}

void event_take(struct event_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

uint64_t event_gen(const struct event_ring *r)
{
	return atomic_load_explicit(&r->gen, memory_order_acquire);
}

uint64_t event_lost_n(const struct event_ring *r)
{
	return atomic_load_explicit(&r->lost_n, memory_order_relaxed);
}
