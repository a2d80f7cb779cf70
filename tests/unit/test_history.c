/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/history: the last results of a probe, kept in five bytes each.
 */
#include "check/history.h"
#include "core/clock.h"

#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

static const int64_t start_us = SEC(5000000); /* beyond 2^32 ms */

static void add(struct history *h, enum check_reason reason, unsigned code, uint32_t duration_us,
		int64_t at_us)
{
	struct history_item item = {
		.reason = reason, .code = (uint16_t)code, .duration_us = duration_us, .at_us = at_us
	};

	history_add(h, &item);
}

static void test_order(void **state)
{
	struct history h = { 0 };
	struct history_item out[HISTORY_N];

	(void)state;
	assert_int_equal(history_read(&h, start_us, out), 0);
	for (unsigned i = 1; i <= 3 * HISTORY_N; i++) {
		add(&h, i % REASON_N, i, i, start_us + i * MS(1500));

		unsigned n = history_read(&h, start_us + i * MS(1500) + US(700), out);

		assert_int_equal(n, i < HISTORY_N ? i : HISTORY_N);
		for (unsigned k = 0; k < n; k++) {
			assert_int_equal(out[k].reason, (i - k) % REASON_N);
			assert_int_equal(out[k].code, i - k);
			assert_int_equal(out[k].duration_us, i - k);
			assert_int_equal(out[k].at_us, start_us + (i - k) * MS(1500));
		}
	}
}

static void test_copy(void **state)
{
	struct history_item want[HISTORY_N], out[HISTORY_N];
	struct history h = { 0 }, copy = { 0 };

	(void)state;
	for (unsigned i = 1; i <= HISTORY_N + 3; i++) {
		add(&h, i % REASON_N, i, i, start_us + i * MS(1500));
		history_copy(&copy, &h);

		unsigned n = history_read(&h, start_us + SEC(60), want);

		assert_int_equal(history_read(&copy, start_us + SEC(60), out), n);
		for (unsigned k = 0; k < n; k++) {
			assert_int_equal(out[k].reason, want[k].reason);
			assert_int_equal(out[k].code, want[k].code);
			assert_int_equal(out[k].duration_us, want[k].duration_us);
			assert_int_equal(out[k].at_us, want[k].at_us);
		}
	}
}

/* What is kept of numbers: exact as far as it matters, then as good as written in history.h. */
static void test_floats(void **state)
{
	static const uint32_t durations_us[] = { 0,    1,      63,      65,         1000,
						 5000, 999999, 4000000, 3600000000, UINT32_MAX };
	static const int64_t gaps_ms[] = {
		0, 1, 999, 2047, 2049, 6001, 60000, 3600000, 86400000, SEC(40 * 86400) / MS(1)
	};
	struct history_item out[HISTORY_N];

	(void)state;
	for (unsigned i = 0; i < sizeof(durations_us) / sizeof(*durations_us); i++) {
		struct history h = { 0 };
		uint32_t us = durations_us[i];

		add(&h, REASON_L7STS, 65535, us, start_us);
		assert_int_equal(history_read(&h, start_us, out), 1);
		assert_int_equal(out[0].reason, REASON_L7STS);
		assert_int_equal(out[0].code, HISTORY_CODE_MAX);
		assert_true(llabs((int64_t)out[0].duration_us - us) <= us / 64 + 1);
		assert_true(us > 63 || out[0].duration_us == us);
	}
	for (unsigned i = 0; i < sizeof(gaps_ms) / sizeof(*gaps_ms); i++) {
		struct history h = { 0 };
		int64_t gap_us = gaps_ms[i] * MS(1);

		add(&h, REASON_L4OK, 0, 0, start_us);
		add(&h, REASON_L4OK, 0, 0, start_us + gap_us);
		assert_int_equal(history_read(&h, start_us + gap_us, out), 2);
		assert_int_equal(out[0].at_us, start_us + gap_us);
		assert_true(llabs(out[1].at_us - start_us) <= gap_us / 2048);
		assert_true(gap_us >= MS(2048) || out[1].at_us == start_us);
	}
}

/* ---- two threads ---- */

enum { ROUNDS_N = 2000, BURST_N = 10 };

static atomic_uint reads_n;

/* In bursts, each of which may disturb a reader some times, but not for ever. */
static void *write_all(void *arg)
{
	for (unsigned i = 1; i <= ROUNDS_N; i++) {
		unsigned n = atomic_load(&reads_n);

		add(arg, REASON_L7OK, i % 1000, i % 64, start_us + i * MS(1));
		while (i % BURST_N == 0 && atomic_load(&reads_n) == n)
			(void)sched_yield();
	}
	return NULL;
}

/* Whatever is read is a piece of what was written, in order. */
static void test_threads(void **state)
{
	struct history h = { 0 };
	struct history_item out[HISTORY_N];
	pthread_t t;
	int64_t seen = 0;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, write_all, &h), 0);
	while (seen < ROUNDS_N) {
		unsigned n = history_read(&h, start_us + ROUNDS_N * MS(1), out);

		atomic_fetch_add(&reads_n, 1);
		for (unsigned k = 0; k < n; k++) {
			int64_t i = (out[k].at_us - start_us) / MS(1);

			assert_true(k || i >= seen);
			seen = k ? seen : i;
			assert_int_equal(i, seen - k);
			assert_int_equal(out[k].code, i % 1000);
			assert_int_equal(out[k].duration_us, i % 64);
		}
	}
	assert_int_equal(pthread_join(t, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
