/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is free goes back to the system though memory is locked, and is locked again afterwards.
 */
#include "core/ops/memory.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N = 20000, PIECE_LEN = 4000 };

static char *piece[N];

/* A line of /proc/self/status in kB. */
static long status_kb(const char *name)
{
	char line[200];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "re");

	assert_non_null(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kb = strtol(line + strlen(name), NULL, 10);
	(void)fclose(f);
	return kb;
}

static void trim(void **state)
{
	bool is_told = true; /* nothing is to be logged here */
	long full_kb;

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* has a malloc of its own */
#endif
	for (int i = 0; i < N; i++) {
		piece[i] = malloc(PIECE_LEN);
		assert_non_null(piece[i]);
		memset(piece[i], 1, PIECE_LEN);
	}
	memory_lock(&is_told);
	if (status_kb("VmLck:") <= 0) {
		print_message("memory can't be locked here\n");
		skip();
	}
	full_kb = status_kb("VmRSS:");
	for (int i = 0; i < N - 1; i++) /* the last one keeps the end of the heap */
		free(piece[i]);
	memory_trim(&is_told);
	assert_true(status_kb("VmRSS:") < full_kb / 2);
	assert_true(status_kb("VmLck:") > 0);
	free(piece[N - 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
