/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See late.h.
 */
#include "core/late.h"

unsigned late_bucket(int64_t late_us)
{
	uint64_t v = late_us > 0 ? (uint64_t)late_us : 0;

	if (v < LATE_PARTS_N)
		return (unsigned)v;

	unsigned shift = 63 - (unsigned)__builtin_clzll(v) - LATE_PARTS_BITS;
	unsigned i = shift * LATE_PARTS_N + (unsigned)(v >> shift);

	return i < LATE_BUCKETS_N ? i : LATE_BUCKETS_N - 1;
}

/* The largest value of a bucket. */
static int64_t end_us(unsigned i)
{
	unsigned shift = i < LATE_PARTS_N ? 0 : i / LATE_PARTS_N - 1;

	return ((INT64_C(1) + i - shift * LATE_PARTS_N) << shift) - 1;
}

void late_add(struct late *l, int64_t late_us)
{
	l->n++;
	l->bucket[late_bucket(late_us)]++;
	if (late_us > l->max_us)
		l->max_us = late_us;
}

int64_t late_quantile_us(const struct late *l, unsigned permille)
{
	/* the rank rounded up, without overflow in any life of a process */
	uint64_t rank = l->n / 1000 * permille + (l->n % 1000 * permille + 999) / 1000;
	uint64_t seen = 0;

	for (unsigned i = 0; i < LATE_BUCKETS_N - 1; i++) {
		seen += l->bucket[i];
		if (seen >= rank)
			return end_us(i) < l->max_us ? end_us(i) : l->max_us;
	}
	return l->max_us;
}

void late_since(struct late *l, const struct late *before)
{
	int64_t max_us = 0;

	l->n -= before->n;
	for (unsigned i = 0; i < LATE_BUCKETS_N; i++) {
		l->bucket[i] -= before->bucket[i];
		if (l->bucket[i])
			max_us = i < LATE_BUCKETS_N - 1 ? end_us(i) : INT64_MAX;
	}
	if (max_us < l->max_us)
		l->max_us = max_us;
}
