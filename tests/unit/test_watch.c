/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the watchdog decides: the end of a director, and a role that stands still.
 */
#include "core/ops/watch.h"
#include "unit.h"

#include <signal.h>

#define S INT64_C(1000000)
#define EXIT(n) ((n) << 8) /* as waitpid() has it */

static void ends(void **state)
{
	static const struct {
		const char *what;
		struct watch_end e;
		struct watch_next want;
	} rows[] = {
		{ "asked to stop",
		  { .status = EXIT(0), .any_ready = true, .was_ready = true, .was_asked = true },
		  { .status = 0 } },
		{ "asked to stop, and failed at it",
		  { .status = EXIT(1), .any_ready = true, .was_ready = true, .was_asked = true },
		  { .status = 1 } },
		{ "asked to stop, and killed",
		  { .status = SIGKILL, .was_asked = true },
		  { .status = 137 } },
		{ "errors in the file, at the first start",
		  { .status = EXIT(2) },
		  { .status = 2 } },
		{ "no errors: somebody sent it TERM",
		  { .status = EXIT(0), .any_ready = true, .was_ready = true },
		  { .status = 0 } },
		{ "errors in the file, at a later start",
		  { .status = EXIT(2), .any_ready = true, .quick_n = 1 },
		  { .must_start = true, .status = 2, .wait_us = 1 * S, .quick_n = 2 } },
		{ "the first crash",
		  { .status = SIGSEGV, .any_ready = true, .was_ready = true },
		  { .must_start = true, .status = 139, .wait_us = 0, .quick_n = 1 } },
		{ "a crash at the very start",
		  { .status = SIGSEGV },
		  { .must_start = true, .status = 139, .wait_us = 0, .quick_n = 1 } },
		{ "the second",
		  { .status = SIGSEGV, .any_ready = true, .quick_n = 1 },
		  { .must_start = true, .status = 139, .wait_us = 1 * S, .quick_n = 2 } },
		{ "the fourth",
		  { .status = SIGABRT, .any_ready = true, .quick_n = 3, .lived_us = 59 * S },
		  { .must_start = true, .status = 134, .wait_us = 4 * S, .quick_n = 4 } },
		{ "one of very many",
		  { .status = SIGABRT, .any_ready = true, .quick_n = 4000000 },
		  { .must_start = true, .status = 134, .wait_us = 60 * S, .quick_n = 4000001 } },
		{ "after a minute",
		  { .status = SIGABRT, .any_ready = true, .quick_n = 7, .lived_us = 60 * S },
		  { .must_start = true, .status = 134, .wait_us = 0, .quick_n = 1 } },
		{ "killed by somebody, while it worked",
		  { .status = SIGKILL, .any_ready = true, .was_ready = true, .quick_n = 3 },
		  { .must_start = true, .status = 137, .wait_us = 0, .quick_n = 0 } },
		{ "killed by somebody, before it worked",
		  { .status = SIGKILL, .any_ready = true, .quick_n = 3 },
		  { .must_start = true, .status = 137, .wait_us = 0, .quick_n = 4 } },
		{ "the same again and again",
		  { .status = SIGKILL, .any_ready = true, .quick_n = 5 },
		  { .must_start = true, .status = 137, .wait_us = 2 * S, .quick_n = 6 } },
		{ "killed by somebody, and none has ever worked",
		  { .status = SIGKILL, .quick_n = 3 },
		  { .must_start = true, .status = 137, .wait_us = 4 * S, .quick_n = 4 } },
		{ "killed by the watchdog, since it was stuck",
		  { .status = SIGKILL,
		    .any_ready = true,
		    .was_ready = true,
		    .was_stuck = true,
		    .quick_n = 2 },
		  { .must_start = true, .status = 137, .wait_us = 2 * S, .quick_n = 3 } },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct watch_next got = watch_next(&rows[i].e);

		if (got.must_start != rows[i].want.must_start ||
		    got.status != rows[i].want.status || got.wait_us != rows[i].want.wait_us ||
		    (got.must_start && got.quick_n != rows[i].want.quick_n))
			fail_msg("%s: start %d status %d wait %lld n %u", rows[i].what,
				 got.must_start, got.status, (long long)got.wait_us, got.quick_n);
	}
}

/* 0, 1, 2, 4 ... 60 s. */
static void back_off(void **state)
{
	static const int64_t want_s[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60 };
	struct watch_end e = { .status = SIGSEGV, .any_ready = true };

	(void)state;
	for (unsigned i = 0; i < N_OF(want_s); i++) {
		struct watch_next n = watch_next(&e);

		assert_int_equal(n.wait_us, want_s[i] * S);
		e.quick_n = n.quick_n;
	}
}

static void still(void **state)
{
	struct watch_pulse w = { 0 };
	unsigned ticks = 0;

	(void)state;
	/* as many looks as the limit has ticks, and one more */
	while (!watch_is_stuck(&w, 0, WATCH_TICK_US, 3 * S))
		ticks++;
	assert_int_equal(ticks, 3 * S / WATCH_TICK_US);

	/* it moves */
	assert_false(watch_is_stuck(&w, 1, WATCH_TICK_US, 3 * S));
	assert_int_equal(w.still_us, 0);

	/* the machine slept for an hour between two looks */
	assert_false(watch_is_stuck(&w, 1, 3600 * S, 3 * S));
	assert_int_equal(w.still_us, 2 * WATCH_TICK_US);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(back_off),
		cmocka_unit_test(still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
