/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Numbers of processors.
 */
#include "unit.h"

#include "core/cpus.h"

#include <stdio.h>

static void good_and_bad(void **state)
{
	static const struct {
		const char *text;
		int n; /* processors; 0: refused */
	} rows[] = {
		{ "0", 1 },    { "3", 1 },      { "0-2", 3 }, { "5-5", 1 }, { "1023", 1 },
		{ "", 0 },     { "x", 0 },      { "-1", 0 },  { "1-", 0 },  { "2-1", 0 },
		{ "1024", 0 }, { "0-1024", 0 }, { "1,2", 0 }, { " 1", 0 },  { "99999999999", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		assert_int_equal(cpus_add(&set, rows[i].text), rows[i].n > 0);
		assert_int_equal(CPU_COUNT(&set), rows[i].n);
	}
}

static void they_add_up(void **state)
{
	cpu_set_t set;

	(void)state;
	CPU_ZERO(&set);
	assert_true(cpus_add(&set, "7"));
	assert_true(cpus_add(&set, "0-1"));
	assert_false(cpus_add(&set, "3-2"));
	assert_int_equal(CPU_COUNT(&set), 3);
	assert_true(CPU_ISSET(0, &set) && CPU_ISSET(1, &set) && CPU_ISSET(7, &set));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad),
		cmocka_unit_test(they_add_up),
	};

	return cmocka_run_group_tests_name("cpus", tests, NULL, NULL);
}
