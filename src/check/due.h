/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When the probes of a worker are due: a heap in an array. The timers of the loop (core/timer.h) are for
 * few; one of them is 48 bytes, and there are a hundred thousand probes: here it is 12 and a place in the
 * array. One timer of the loop stands for the whole heap.
 *
 * Room is made beforehand, so arming never allocates. O(log n). One thread owns a heap. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Packed, so that the owner's next field follows at once. Zeroed memory is not armed. */
struct due {
	int64_t at_us; /* when it was due last or is due next */
	uint32_t place; /* in the heap, and 1 more; 0: not armed */
} __attribute__((packed, aligned(4)));

struct due_heap {
	struct due **at;
	uint32_t n, cap;
};

/* Room for so many, or for those that are armed if they are more. Never fails (out of memory is a bug). */
void due_room(struct due_heap *h, uint32_t cap);

/* None is armed. */
void due_fini(struct due_heap *h);

/* Arms d for at_us; moves it when it is armed already. */
void due_arm(struct due_heap *h, struct due *d, int64_t at_us);

/* Nothing happens when it is not armed. */
void due_disarm(struct due_heap *h, struct due *d);

/* The one that is due first, or NULL. */
struct due *due_first(const struct due_heap *h);
