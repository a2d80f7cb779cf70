/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See stats.h.
 */
#include "core/stats.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

const struct stat_row stat_rows[STAT_N] = {
#define STAT(sym, n, t) [STAT_##sym] = { .name = (n), .text = (t) },
#include "core/stats.def"
#undef STAT
};

struct block {
	struct block *next;
	_Atomic uint64_t v[STAT_N]; /* written by one thread */
};

static _Atomic(struct block *)
	blocks; /* push-only: at most a few dozen for the life of the process */
static _Thread_local struct block *mine;

int stats_thread_enter(void)
{
	struct block *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->next = atomic_load(&blocks);
	while (!atomic_compare_exchange_weak(&blocks, &b->next, b))
		;
	mine = b;
	return 0;
}

void stats_add(enum stat_id id, uint64_t n)
{
	if (!mine)
		return;
	/* one writer: a plain load and store, atomic only so that readers may look */
	uint64_t v = atomic_load_explicit(&mine->v[id], memory_order_relaxed);

	atomic_store_explicit(&mine->v[id], v + n, memory_order_relaxed);
}

uint64_t stats_sum(enum stat_id id)
{
	uint64_t sum = 0;

	for (struct block *b = atomic_load(&blocks); b; b = b->next)
		sum += atomic_load_explicit(&b->v[id], memory_order_relaxed);
	return sum;
}
