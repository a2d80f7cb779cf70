/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How late something was, over very many times: the maximum and a histogram of powers of two. Pure.
 */
#pragma once

#include <stdint.h>

enum { LATE_BUCKETS_N = 40 }; /* the last begins at 2^38 us: three days */

/* Zeroed memory is empty. */
struct late {
	uint64_t n;
	int64_t max_us;
	uint64_t bucket[LATE_BUCKETS_N]; /* 0: 0 us; i: from 2^(i-1) to below 2^i */
};

/* Less than 0 counts as 0. */
void late_add(struct late *l, int64_t late_us);

/* A bound that this many of a thousand were not above: the end of the bucket in which the quantile
 * lies, or the maximum if that is less. 0 when empty. */
int64_t late_quantile_us(const struct late *l, unsigned permille);
