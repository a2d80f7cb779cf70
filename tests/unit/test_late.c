/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The histogram of lateness: its buckets, its quantiles, and the sum over threads.
 */
#include "core/late.h"
#include "core/stats.h"
#include "unit.h"

#include <pthread.h>

static void buckets(void **state)
{
	static const struct {
		int64_t late_us;
		unsigned bucket;
	} cases[] = {
		{ INT64_MIN, 0 },
		{ -5, 0 },
		{ 0, 0 },
		{ 7, 7 },
		{ 8, 8 },
		{ 15, 15 },
		{ 16, 16 },
		{ 17, 16 },
		{ 18, 17 },
		{ 31, 23 },
		{ 32, 24 },
		{ (INT64_C(1) << 39) - 1, LATE_BUCKETS_N - 1 },
		{ INT64_C(1) << 39, LATE_BUCKETS_N - 1 },
		{ INT64_MAX, LATE_BUCKETS_N - 1 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		assert_int_equal(late_bucket(cases[i].late_us), cases[i].bucket);
}

static void extremes(void **state)
{
	struct late l = { 0 };

	(void)state;
	assert_int_equal(late_quantile_us(&l, 999), 0);
	late_add(&l, -5);
	assert_int_equal(l.max_us, 0);
	late_add(&l, INT64_MAX);
	assert_int_equal(late_quantile_us(&l, 500), 0);
	assert_int_equal(late_quantile_us(&l, 1000), INT64_MAX);
}

/* The estimate is never below the quantile, and above it by an eighth at most. */
static void quantiles(void **state)
{
	struct late l = { 0 };

	(void)state;
	for (int i = 1; i <= 10000; i++)
		late_add(&l, i);
	for (unsigned permille = 1; permille <= 1000; permille++) {
		int64_t q_us = late_quantile_us(&l, permille);

		assert_true(q_us >= 10 * (int64_t)permille);
		assert_true(q_us <= 10 * (int64_t)permille * 9 / 8 + 1);
		assert_true(q_us <= 10000);
	}
}

static void since(void **state)
{
	struct late l = { 0 }, before;

	(void)state;
	late_add(&l, 1000000);
	before = l;
	late_since(&l, &before);
	assert_int_equal(l.n, 0);
	assert_int_equal(l.max_us, 0);
	l = before;
	late_add(&l, 3);
	late_add(&l, 5);
	late_since(&l, &before);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.max_us, 5);
	assert_int_equal(late_quantile_us(&l, 500), 3);
}

static void *count(void *arg)
{
	(void)arg;
	assert_int_equal(stats_thread_enter(), 0);
	for (int i = 0; i < 1000; i++)
		stats_late(LATE_CHECK, i);
	return NULL;
}

static void threads(void **state)
{
	enum { THREADS_N = 3 };
	pthread_t thread[THREADS_N];
	struct late sum;

	(void)state;
	stats_late(LATE_CHECK, 5); /* has not entered: counts nothing */
	for (int i = 0; i < THREADS_N; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, count, NULL), 0);
	stats_late_sum(LATE_CHECK, &sum); /* while they count */
	assert_true(sum.n <= 3000);
	for (int i = 0; i < THREADS_N; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	stats_late_sum(LATE_CHECK, &sum);
	assert_int_equal(sum.n, 3000);
	assert_int_equal(sum.max_us, 999);
	stats_late_sum(LATE_ADVERT, &sum);
	assert_int_equal(sum.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets), cmocka_unit_test(extremes), cmocka_unit_test(quantiles),
		cmocka_unit_test(since),   cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests_name("late", tests, NULL, NULL);
}
