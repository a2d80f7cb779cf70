/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which results of checks are logged (log.check_failures, log_all_failures).
 */
#include "check/report.h"
#include "unit.h"

static void which(void **state)
{
	static const struct {
		uint8_t which;
		bool is_all, is_change, has_passed, is_wanted;
	} cases[] = {
		/* what passes is news when it changes something */
		{ LOG_FAILURES_FIRST, false, true, true, true },
		{ LOG_FAILURES_ALL, true, false, true, false },
		{ LOG_FAILURES_NONE, false, true, true, true },
		{ LOG_FAILURES_FIRST, false, true, false, true },
		{ LOG_FAILURES_FIRST, false, false, false, false },
		{ LOG_FAILURES_FIRST, true, false, false, true },
		{ LOG_FAILURES_ALL, false, true, false, true },
		{ LOG_FAILURES_ALL, false, false, false, true },
		{ LOG_FAILURES_NONE, false, true, false, false },
		{ LOG_FAILURES_NONE, false, false, false, false },
		{ LOG_FAILURES_NONE, true, true, false, true },
		{ LOG_FAILURES_NONE, true, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct conf_check check = { .s.log_all_failures = cases[i].is_all };
		struct setting s = { .check = &check };

		if (report_wants(cases[i].which, &s, cases[i].is_change, cases[i].has_passed) !=
		    cases[i].is_wanted)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(which) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
