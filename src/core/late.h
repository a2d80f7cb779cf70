/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How late something was, over very many times: the maximum and a histogram whose buckets are an eighth
 * of their value wide. Pure; stats.h keeps one for each thread.
 */
#pragma once

#include <stdint.h>

enum {
	LATE_PARTS_N = 8, /* buckets of each power of two; below this, a bucket is one us */
	LATE_PARTS_BITS = 3,
	LATE_POWERS_N = 36, /* the last bucket ends at 2^39 us: six days */
	LATE_BUCKETS_N = LATE_PARTS_N * (LATE_POWERS_N + 1),
};

/* Zeroed memory is empty. */
struct late {
	uint64_t n;
	int64_t max_us;
	uint64_t bucket[LATE_BUCKETS_N];
};

/* The bucket of a value. Less than 0 counts as 0; what is beyond the last bucket is in it. */
unsigned late_bucket(int64_t late_us);

void late_add(struct late *l, int64_t late_us);

/* A bound that this many of a thousand were not above: the end of the bucket in which the quantile
 * lies, or the maximum if that is less. 0 when empty. */
int64_t late_quantile_us(const struct late *l, unsigned permille);

/* Takes away what was in it before; its maximum is then known to a bucket only. */
void late_since(struct late *l, const struct late *before);
