/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a pattern means, above all with the brackets of IPv6 addresses in it.
 */
#include "unit.h"

#include "core/ops/pattern.h"

#include <string.h>

static void each_pattern(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} cases[] = {
		{ NULL, "web", true },
		{ "web", "web", true },
		{ "web", "web1", false },
		{ "web*", "web1", true },
		{ "web[0-9]", "web1", true },
		{ "[vw]eb", "web", true },
		{ "[[:alpha:]]eb", "web", true },
		{ "10.0.0.1:80", "10.0.0.1:80", true },
		{ "10.0.0.?:*", "10.0.0.1:80", true },
		{ "[fd00::1]:80", "[fd00::1]:80", true },
		{ "[fd00::1]:80", "[fd00::1]:8080", false },
		{ "[fd00::1]:*", "[fd00::1]:8080", true },
		{ "[fd00::*]:80", "[fd00::1]:80", true },
		{ "[fd00::1]", "fd00::1", true },
		{ "[fd00::1]", "fd00::12", false },
		{ "[fd00::1]", "[fd00::1]", true },
		{ "[fd00::1]", "[fd00::1]:80", false },
		{ "fd00::1", "fd00::1", true },
		{ "[fd00::1", "[fd00::1", true },
		{ "[:", "a", false },
		{ "", "", true },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(cases); i++)
		if (pattern_fits(cases[i].pattern, cases[i].text) != cases[i].fits)
			fail_msg("%s with %s", cases[i].pattern, cases[i].text);
}

static void a_long_one(void **state)
{
	char pattern[PATTERN_LEN + 1];

	(void)state;
	memset(pattern, ':', PATTERN_LEN);
	pattern[0] = '[';
	pattern[PATTERN_LEN - 1] = ']';
	pattern[PATTERN_LEN] = 0;
	assert_true(pattern_fits(pattern, pattern));
	assert_false(pattern_fits(pattern, "web"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern),
		cmocka_unit_test(a_long_one),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
