/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/health: rise and fall.
 */
#include "check/health.h"
#include "check/urls.h"

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

	health_init(&h, false);
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
	health_init(&h, false);
	(void)health_step(&h, true, 1, 9);
	for (unsigned i = 0; i < 5; i++)
		assert_false(health_step(&h, false, 1, 9));
	assert_true(health_step(&h, false, 1, 2));
}

/* With alpha: down from the start, up with the first that passes; rise counts from then on. */
static void test_alpha(void **state)
{
	struct health_state h;

	(void)state;
	health_init(&h, true);
	assert_int_equal(h.verdict, HEALTH_DOWN);
	for (unsigned i = 0; i < 10; i++)
		assert_false(health_step(&h, false, 3, 2));
	assert_true(health_step(&h, true, 3, 2));
	assert_int_equal(h.verdict, HEALTH_UP);
	assert_false(health_step(&h, false, 3, 2));
	assert_true(health_step(&h, false, 3, 2));
	assert_false(health_step(&h, true, 3, 2));
	assert_false(health_step(&h, true, 3, 2));
	assert_true(health_step(&h, true, 3, 2));
}

/* Three requests. Each row: what was asked, how it ended, whether that is known as a result, and the
 * verdict after it (rise 1, fall 2). */
static void test_urls(void **state)
{
	static const struct {
		unsigned at;
		bool has_passed, counts;
		enum health_verdict verdict;
	} steps[] = {
		/* the first round: up when all have passed */
		{ 0, true, false, HEALTH_UNKNOWN },
		{ 1, true, false, HEALTH_UNKNOWN },
		{ 2, true, true, HEALTH_UP },
		/* in turn; the one that fails is asked again */
		{ 0, true, true, HEALTH_UP },
		{ 1, false, true, HEALTH_UP },
		{ 1, true, true, HEALTH_UP },
		{ 2, false, true, HEALTH_UP },
		{ 2, false, true, HEALTH_DOWN },
		/* down: that one alone, until it passes */
		{ 2, false, true, HEALTH_DOWN },
		{ 2, true, false, HEALTH_DOWN },
		/* then all of them in a row */
		{ 0, true, false, HEALTH_DOWN },
		{ 1, false, true, HEALTH_DOWN },
		{ 1, true, false, HEALTH_DOWN },
		{ 0, true, false, HEALTH_DOWN },
		{ 1, true, false, HEALTH_DOWN },
		{ 2, true, true, HEALTH_UP },
		{ 0, true, true, HEALTH_UP },
	};
	struct health_state h;
	struct urls u;

	(void)state;
	health_init(&h, false);
	urls_init(&u);
	for (size_t i = 0; i < N_OF(steps); i++) {
		assert_int_equal(u.at, steps[i].at);

		bool counts = urls_step(&u, 3, h.verdict, steps[i].has_passed);

		assert_int_equal(counts, steps[i].counts);
		if (counts)
			(void)health_step(&h, steps[i].has_passed, 1, 2);
		assert_int_equal(h.verdict, steps[i].verdict);
	}

	/* one request is like none of this */
	urls_init(&u);
	assert_true(urls_step(&u, 1, HEALTH_UNKNOWN, true));
	assert_true(urls_step(&u, 1, HEALTH_DOWN, false));
	assert_int_equal(u.at, 0);
	/* fewer than before */
	u.at = 7;
	assert_true(urls_step(&u, 2, HEALTH_UP, true));
	assert_int_equal(u.at, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alpha),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_live_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
