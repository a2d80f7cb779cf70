/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a webhook's answers mean, and how long it is left alone.
 */
#include "core/ops/notify_web.h"
#include "unit.h"

static void verdicts(void **state)
{
	static const struct {
		long status;
		enum web_end end;
	} cases[] = {
		{ 0, WEB_AGAIN },   { 200, WEB_TAKEN }, { 204, WEB_TAKEN }, { 299, WEB_TAKEN },
		{ 100, WEB_NEVER }, { 301, WEB_NEVER }, { 302, WEB_NEVER }, { 308, WEB_NEVER },
		{ 400, WEB_NEVER }, { 401, WEB_NEVER }, { 404, WEB_NEVER }, { 408, WEB_AGAIN },
		{ 413, WEB_NEVER }, { 429, WEB_AGAIN }, { 500, WEB_AGAIN }, { 503, WEB_AGAIN },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		if (web_send_verdict(cases[i].status) != cases[i].end)
			fail_msg("status %ld", cases[i].status);
}

static void delays(void **state)
{
	int64_t us = WEB_AGAIN_MIN_US, sum_us = us;

	(void)state;
	assert_int_equal(notify_web_delay_us(us), 2 * us);
	for (int i = 1; i < WEB_TRIES_N; i++, sum_us += us)
		us = notify_web_delay_us(us);
	assert_int_equal(us, WEB_AGAIN_MAX_US);
	/* long enough for a receiver that is started anew */
	assert_true(sum_us > 600000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
