/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Intervals at their boundaries.
 */
#include "unit.h"
#include "vrrp/times.h"

static void examples_V72(void **state)
{
	(void)state;
	assert_int_equal(times_skew_us(2, 150, SEC(1)), 414063);
	assert_int_equal(times_down_us(2, 150, SEC(1), 3), 3414063);
	assert_int_equal(times_skew_us(3, 150, CS(50)), 207031);
	assert_int_equal(times_down_us(3, 150, CS(50), 3), 1707031);
	assert_int_equal(times_skew_us(3, 254, CS(1)), 78);
	assert_int_equal(times_down_us(3, 254, CS(1), 3), 30078);
	assert_int_equal(times_down_us(2, 100, SEC(1), 3), 3609375);
	assert_int_equal(times_down_us(3, 100, SEC(1), 3), 3609375);
	/* V71 */
	assert_int_equal(times_down_us(3, 100, SEC(1), 1), 1609375);
	assert_int_equal(times_down_us(2, 100, SEC(1), 100), 100609375);
}

static void boundaries(void **state)
{
	(void)state;
	/* V60: version 2 does not look at the interval */
	assert_int_equal(times_skew_us(2, 150, SEC(255)), 414063);
	assert_int_equal(times_skew_us(2, 1, SEC(1)), 996094);
	assert_int_equal(times_skew_us(2, 255, SEC(1)), 3906);
	/* V62, V63 at the largest interval */
	assert_int_equal(times_skew_us(3, 1, CS(4095)), 40790039);
	assert_int_equal(times_down_us(3, 255, CS(4095), 3), 3 * CS(4095) + 159961);
}

/* The higher priority is always the first to take over (V64). */
static void neighbours_differ(void **state)
{
	static const int64_t adv_us[] = { CS(1), CS(2), CS(10), SEC(1), CS(4095) };

	(void)state;
	for (size_t i = 0; i < N_OF(adv_us); i++)
		for (unsigned prio = 2; prio <= 255; prio++) {
			assert_true(times_skew_us(3, (uint8_t)prio, adv_us[i]) <
				    times_skew_us(3, (uint8_t)(prio - 1), adv_us[i]));
			assert_true(times_skew_us(3, (uint8_t)prio, adv_us[i]) > 0);
			assert_true(times_skew_us(3, (uint8_t)prio, adv_us[i]) < adv_us[i]);
		}
}

/* V73 */
static void next_does_not_drift(void **state)
{
	int64_t at_us = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		at_us = times_next_us(at_us, 1000,
				      at_us + 999); /* each time nearly a period late */
		assert_int_equal(at_us, i * 1000);
	}
	/* on the edge and beyond: no burst to catch up */
	assert_int_equal(times_next_us(0, 1000, 1000), 2000);
	assert_int_equal(times_next_us(0, 1000, 123456), 124456);
}

/* At most an eighth of the interval, evenly, and nothing for one alone. */
static void first_intervals_differ(void **state)
{
	(void)state;
	assert_int_equal(times_early_us(SEC(1), 0, 1), 0);
	assert_int_equal(times_early_us(SEC(1), 0, 4000), 0);
	assert_int_equal(times_early_us(SEC(1), 2000, 4000), 62500);
	assert_int_equal(times_early_us(SEC(1), 3999, 4000), 124968);
	assert_int_equal(times_early_us(CS(4095), 65535, 65536), 5118671);
	assert_int_equal(times_first_us(123456, SEC(1), 0), 1123456);
	assert_int_equal(times_first_us(123456, SEC(1), 100456), 1023000);
	assert_int_equal(times_first_us(123456, SEC(1), 100457), 1022000);
	assert_int_equal(times_first_us(9999, CS(1), 1249), 18000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("V60, V61, V62, V63, V71, V72", examples_V72),
		cmocka_unit_test(boundaries),
		SAYS("V64", neighbours_differ),
		SAYS("V73", next_does_not_drift),
		cmocka_unit_test(first_intervals_differ),
	};

	return cmocka_run_group_tests_name("times", tests, NULL, NULL);
}
