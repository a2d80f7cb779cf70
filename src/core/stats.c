/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See stats.h.
 */
#include "core/stats.h"

#include "core/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

const struct stat_row stat_rows[STAT_N] = {
#define STAT(sym, n, t) [STAT_##sym] = { .name = (n), .text = (t) },
#define LATE(sym, n, t)
#include "core/stats.def"
#undef STAT
#undef LATE
};

const struct stat_row late_rows[LATE_N] = {
#define STAT(sym, n, t)
#define LATE(sym, n, t) [LATE_##sym] = { .name = (n), .text = (t) },
#include "core/stats.def"
#undef STAT
#undef LATE
};

struct lateness {
	_Atomic int64_t max_us;
	_Atomic uint64_t bucket[LATE_BUCKETS_N];
};

struct block {
	struct block *next;
	/* written by one thread */
	_Atomic uint64_t v[STAT_N];
	struct lateness late[LATE_N];
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

/* one writer: a plain load and store, atomic only so that readers may look */
static void add(_Atomic uint64_t *to, uint64_t n)
{
	uint64_t v = atomic_load_explicit(to, memory_order_relaxed);

	atomic_store_explicit(to, v + n, memory_order_relaxed);
}

void stats_add(enum stat_id id, uint64_t n)
{
	if (mine)
		add(&mine->v[id], n);
}

void stats_late(enum late_id id, int64_t late_us)
{
	if (!mine)
		return;

	struct lateness *l = &mine->late[id];

	add(&l->bucket[late_bucket(late_us)], 1);
	if (late_us > atomic_load_explicit(&l->max_us, memory_order_relaxed))
		atomic_store_explicit(&l->max_us, late_us, memory_order_relaxed);
}

uint64_t stats_sum(enum stat_id id)
{
	uint64_t sum = 0;

	for (struct block *b = atomic_load(&blocks); b; b = b->next)
		sum += atomic_load_explicit(&b->v[id], memory_order_relaxed);
	return sum;
}

void stats_late_sum(enum late_id id, struct late *sum)
{
	*sum = (struct late){ 0 };
	for (struct block *b = atomic_load(&blocks); b; b = b->next) {
		const struct lateness *l = &b->late[id];
		int64_t max_us = atomic_load_explicit(&l->max_us, memory_order_relaxed);

		if (max_us > sum->max_us)
			sum->max_us = max_us;
		for (unsigned i = 0; i < LATE_BUCKETS_N; i++) {
			uint64_t n = atomic_load_explicit(&l->bucket[i], memory_order_relaxed);

			sum->bucket[i] += n;
			sum->n += n;
		}
	}
}

void stats_tell(void)
{
	for (unsigned i = 0; i < STAT_N; i++)
		if (stats_sum((enum stat_id)i))
			log_event(LOG_STATS, "%s=%llu", stat_rows[i].name,
				  (unsigned long long)stats_sum((enum stat_id)i));
}

void stats_tell_late(struct late told[static LATE_N])
{
	for (unsigned i = 0; i < LATE_N; i++) {
		struct late all, late;

		stats_late_sum((enum late_id)i, &all);
		late = all;
		late_since(&late, &told[i]);
		told[i] = all;
		log_event(LOG_LATENESS, "%s=%llu p50_us=%lld p99_us=%lld p999_us=%lld max_us=%lld",
			  late_rows[i].name, (unsigned long long)late.n,
			  (long long)late_quantile_us(&late, 500),
			  (long long)late_quantile_us(&late, 990),
			  (long long)late_quantile_us(&late, 999), (long long)late.max_us);
	}
}
