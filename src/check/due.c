/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See due.h.
 */
#include "check/due.h"

#include "core/bug.h"

#include <stdlib.h>

void due_room(struct due_heap *h, uint32_t cap)
{
	if (cap < h->n)
		cap = h->n;
	if (cap == h->cap)
		return;
	h->cap = cap;
	h->at = reallocarray(h->at, cap ? cap : 1, sizeof(*h->at));
	BUG_ON(!h->at);
}

void due_fini(struct due_heap *h)
{
	BUG_ON(h->n);
	free(h->at);
	*h = (struct due_heap){ 0 };
}

static void put(struct due_heap *h, uint32_t i, struct due *d)
{
	h->at[i] = d;
	d->place = i + 1;
}

/* From place i, which is free, towards the root, to where d belongs. */
static void rise(struct due_heap *h, uint32_t i, struct due *d)
{
	while (i) {
		uint32_t up = (i - 1) / 2;

		if (h->at[up]->at_us <= d->at_us)
			break;
		put(h, i, h->at[up]);
		i = up;
	}
	put(h, i, d);
}

/* The same away from the root. */
static void sink(struct due_heap *h, uint32_t i, struct due *d)
{
	for (;;) {
		uint32_t down = 2 * i + 1;

		if (down + 1 < h->n && h->at[down + 1]->at_us < h->at[down]->at_us)
			down++;
		if (down >= h->n || h->at[down]->at_us >= d->at_us)
			break;
		put(h, i, h->at[down]);
		i = down;
	}
	put(h, i, d);
}

void due_disarm(struct due_heap *h, struct due *d)
{
	if (!d->place)
		return;

	uint32_t i = d->place - 1;
	struct due *last = h->at[--h->n];

	d->place = 0;
	if (last == d)
		return;
	if (i && h->at[(i - 1) / 2]->at_us > last->at_us)
		rise(h, i, last);
	else
		sink(h, i, last);
}

void due_arm(struct due_heap *h, struct due *d, int64_t at_us)
{
	due_disarm(h, d);
	BUG_ON(h->n >= h->cap);
	d->at_us = at_us;
	rise(h, h->n++, d);
}

struct due *due_first(const struct due_heap *h)
{
	return h->n ? h->at[0] : NULL;
}
