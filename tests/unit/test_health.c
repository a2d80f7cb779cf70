/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/health: rise and fall.
 */
#include "check/health.h"

#include "unit.h"

#include <string.h>

/* '+' passes, '-' fails; after each the verdict: u, d, ? (a capital one: it has just changed). */
struct row {
	uint8_t rise_n, fall_n;
	const char *results, *verdicts;
};

static const struct row rows[] = {
	{ 2, 3, "+", "U" },           { 2, 3, "-", "?" },
	{ 2, 3, "---", "??D" },       { 5, 5, "-+", "?U" },
	{ 2, 1, "-+++", "DdUu" },     { 2, 3, "--+--", "??Uuu" },
	{ 2, 3, "+---", "UuuD" },     { 2, 3, "+--+---", "UuuuuuD" },
	{ 2, 1, "-+-++", "DdddU" },   { 1, 1, "+-+-", "UDUD" },
	{ 1, 3, "---+--", "??DUuu" }, { 3, 1, "+-++-+++", "UDdddddU" },
	{ 2, 2, "+-+-+-", "Uuuuuu" },
};

static uint8_t verdict_of(char c)
{
	if (c == '?')
		return HEALTH_UNKNOWN;
	return c == 'u' || c == 'U' ? HEALTH_UP : HEALTH_DOWN;
}

static void check_row(const struct row *r)
{
	struct health_state h;

	health_init(&h);
	assert_int_equal(h.verdict, HEALTH_UNKNOWN);
	for (size_t i = 0; i < strlen(r->results); i++) {
		bool has_changed = r->verdicts[i] == 'U' || r->verdicts[i] == 'D';

		assert_int_equal(health_step(&h, r->results[i] == '+', r->rise_n, r->fall_n),
				 has_changed);
		assert_int_equal(h.verdict, verdict_of(r->verdicts[i]));
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		check_row(&rows[i]);
}

/* A change of fall_n to a smaller number than what was counted takes effect at the next failure. */
static void test_live_change(void **state)
{
	struct health_state h;

	(void)state;
	health_init(&h);
	(void)health_step(&h, true, 1, 9);
	for (unsigned i = 0; i < 5; i++)
		assert_false(health_step(&h, false, 1, 9));
	assert_true(health_step(&h, false, 1, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_live_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
