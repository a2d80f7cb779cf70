/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See timer.h.
 */
#include "core/timer.h"

#include "core/bug.h"

#include <stddef.h>

void timer_init(struct timer *t, timer_fn *fn)
{
	*t = (struct timer){ .fn = fn };
}

/* Both are roots without siblings; the later becomes the first child of the earlier. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->at_us < a->at_us) {
		struct timer *swap = a;

		a = b;
		b = swap;
	}
	b->next = a->child;
	b->prev = a;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* The children of a root that goes away, melded in pairs left to right, then right to left. Loops,
 * not recursion: a heap of 100,000 may be one long list of siblings. */
static struct timer *merge_pairs(struct timer *first)
{
	struct timer *pairs = NULL; /* melded pairs, last one first, chained by next */

	while (first) {
		struct timer *a = first;
		struct timer *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;

		struct timer *m = meld(a, b);

		m->next = pairs;
		pairs = m;
	}

	struct timer *root = NULL;

	while (pairs) {
		struct timer *m = pairs;

		pairs = m->next;
		m->next = m->prev = NULL;
		root = meld(root, m);
	}
	return root;
}

void timer_disarm(struct timer_heap *h, struct timer *t)
{
	if (!t->is_armed)
		return;

	struct timer *rest = merge_pairs(t->child);

	if (t == h->root) {
		h->root = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		h->root = meld(h->root, rest);
	}
	t->child = t->next = t->prev = NULL;
	t->is_armed = false;
}

void timer_arm(struct timer_heap *h, struct timer *t, int64_t at_us)
{
	BUG_ON(!t->fn);
	timer_disarm(h, t);
	t->at_us = at_us;
	t->is_armed = true;
	h->root = meld(h->root, t);
}

int64_t timer_next_us(const struct timer_heap *h)
{
	return h->root ? h->root->at_us : TIMER_NEVER;
}

unsigned timer_run(struct timer_heap *h, int64_t now_us, unsigned max)
{
	unsigned n = 0;

	while (n < max && h->root && h->root->at_us <= now_us) {
		struct timer *t = h->root;

		timer_disarm(h, t);
		n++;
		t->fn(t, now_us);
	}
	return n;
}
