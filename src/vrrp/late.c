/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See late.h.
 */
#include "vrrp/late.h"

void late_add(struct late *l, int64_t late_us)
{
	uint64_t v = late_us > 0 ? (uint64_t)late_us : 0;
	unsigned i = v ? 64 - (unsigned)__builtin_clzll(v) : 0;

	l->n++;
	l->bucket[i < LATE_BUCKETS_N ? i : LATE_BUCKETS_N - 1]++;
	if (late_us > l->max_us)
		l->max_us = late_us;
}

int64_t late_quantile_us(const struct late *l, unsigned permille)
{
	/* the rank rounded up, without overflow in any life of a process */
	uint64_t rank = l->n / 1000 * permille + (l->n % 1000 * permille + 999) / 1000;
	uint64_t seen = 0;

	for (unsigned i = 0; i < LATE_BUCKETS_N - 1; i++) {
		int64_t end_us = (INT64_C(1) << i) - 1;

		seen += l->bucket[i];
		if (seen >= rank)
			return end_us < l->max_us ? end_us : l->max_us;
	}
	return l->max_us;
}
