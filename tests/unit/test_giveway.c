/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Giving way never lasts longer than the reading: not for one who may take it back, nor for one who may not.
 */
#include "core/ops/giveway.h"
#include "unit.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static int nice_now(void)
{
	return getpriority(PRIO_PROCESS, (id_t)gettid());
}

/* 0: all is well; else the number of the line. In a process of its own. */
static int give_way(int start, bool is_nobody, int want_meanwhile)
{
	static const struct rlimit none = { 0, 0 };
	struct giveway g;

	if (setpriority(PRIO_PROCESS, 0, -20))
		return 0; /* root without CAP_SYS_NICE, as in some containers */
	if (setpriority(PRIO_PROCESS, 0, start) || setrlimit(RLIMIT_NICE, &none))
		return __LINE__;
	if (is_nobody && setuid(NOBODY))
		return __LINE__;
	giveway_init(&g);
	if (g.is_allowed == is_nobody || nice_now() != start)
		return __LINE__;
	for (int i = 0; i < 5; i++) {
		giveway_begin(&g);
		giveway_begin(&g);
		if (nice_now() != want_meanwhile)
			return __LINE__;
		giveway_end(&g);
		if (nice_now() != start)
			return __LINE__;
	}
	return 0;
}

static void there_and_back(void **state)
{
	static const struct {
		int start;
		bool is_nobody;
		int meanwhile;
	} row[] = {
		{ 0, false, 10 },  { -20, false, -10 }, { 9, false, 19 }, { 15, false, 19 },
		{ 19, false, 19 }, { 0, true, 0 },      { 5, true, 5 },
	};

	(void)state;
	if (geteuid())
		skip();
	for (size_t i = 0; i < N_OF(row); i++) {
		pid_t pid = fork();
		int status = 0;

		assert_true(pid >= 0);
		if (!pid)
			_exit(give_way(row[i].start, row[i].is_nobody, row[i].meanwhile));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status)
			fail_msg("row %zu: status %x", i, (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
