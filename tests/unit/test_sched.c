/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/sched: the grid, and how evenly phases spread.
 */
#include "check/sched.h"

#include "core/clock.h"
#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>

enum { PROBES_N = 10000, WORKERS_N = 64 };

/* Always later than asked, at most one interval; each point follows the one before by one interval. */
static void test_grid(void **state)
{
	static const int64_t intervals[] = { 1, MS(10), SEC(1) - 7, SEC(6), SEC(86400) };
	uint64_t seed = 42;

	(void)state;
	for (unsigned i = 0; i < N_OF(intervals); i++)
		for (unsigned k = 0; k < 1000; k++) {
			uint32_t phase = unit_rand(&seed);
			int64_t after_us = (int64_t)unit_rand(&seed) * (k % 2 ? 1 : 100000);
			int64_t at_us = sched_next(after_us, intervals[i], phase);

			assert_true(at_us > after_us && at_us - after_us <= intervals[i]);
			assert_int_equal(sched_next(at_us, intervals[i], phase),
					 at_us + intervals[i]);
			assert_int_equal(sched_next(at_us - 1, intervals[i], phase), at_us);
			/* missed ones are skipped, the grid stays */
			assert_int_equal((sched_next(at_us + intervals[i] * 7 + intervals[i] / 2,
						     intervals[i], phase) -
					  at_us) %
						 intervals[i],
					 0);
		}
}

static void test_first(void **state)
{
	(void)state;
	assert_int_equal(sched_first_us(SEC(30), 1), SEC(1));
	assert_int_equal(sched_first_us(MS(10), 1), MS(10));
	assert_int_equal(sched_first_us(SEC(30), 5000), SEC(1));
	assert_int_equal(sched_first_us(SEC(30), 100000), SEC(20));
	assert_int_equal(sched_first_us(SEC(6), 100000), SEC(6));
	assert_true(sched_first_us(SEC(86400), UINT32_MAX) > 0);
}

static int cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The largest gap between neighbours, in units of the mean gap: of n ids in a row, or of those that one
 * worker has. */
static double spread(uint32_t id, bool is_one, uint32_t workers, uint32_t n)
{
	int64_t *at_us = malloc((n + 1) * sizeof(*at_us)), max_us = 0;

	assert_non_null(at_us);
	for (uint32_t i = 0; i < n; id++)
		if (!is_one || !sched_worker(id, workers))
			at_us[i++] = sched_next(0, SEC(100), sched_phase(id, workers));
	qsort(at_us, n, sizeof(*at_us), cmp);
	at_us[n] = at_us[0] + SEC(100);
	for (uint32_t i = 0; i < n; i++)
		if (at_us[i + 1] - at_us[i] > max_us)
			max_us = at_us[i + 1] - at_us[i];
	free(at_us);
	return (double)max_us / (double)SEC(100) * n;
}

/* Random phases would leave a gap of about ln(n) means. */
static void test_neighbours_are_spread(void **state)
{
	(void)state;
	for (uint32_t n = 2; n <= PROBES_N; n = n * 3 / 2 + 1)
		for (uint32_t first = 1; first < 1000000; first = first * 7 + 3)
			assert_true(spread(first, false, 1, n) < 3);
}

/* Whatever the pattern of ids: all in a row, or each server's first of several checks. */
static void test_workers_have_equal_shares(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= WORKERS_N; workers++)
		for (uint32_t step = 1; step <= 4; step++) {
			uint32_t n[WORKERS_N] = { 0 };

			for (uint32_t i = 1; i <= PROBES_N; i++)
				n[sched_worker(i * step, workers)]++;
			for (uint32_t w = 0; w < workers; w++)
				assert_in_range(n[w], PROBES_N / workers * 3 / 4,
						PROBES_N / workers * 5 / 4 + 2);
		}
}

/* A worker has one of each n neighbours: its share is spread by itself, and so are all together. */
static void test_each_worker_is_spread(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= WORKERS_N; workers++) {
		for (uint32_t first = 1; first < 1000000; first = first * 70 + 3)
			assert_true(spread(first, true, workers, PROBES_N) < 3);
		assert_true(spread(1, false, workers, PROBES_N) < 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_neighbours_are_spread),
		cmocka_unit_test(test_workers_have_equal_shares),
		cmocka_unit_test(test_each_worker_is_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
