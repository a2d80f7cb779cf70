/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl's verbs, called as the program calls them.
 */
#include "core/conf/conf_load.h"
#include "core/ops/options.h"
#include "ctl/verbs.h"
#include "unit.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test_ctl.XXXXXX";
static char out[64];

/* `vipctl convert IN [-o out]`, silent */
static int convert(const char *in, bool has_out)
{
	char verb[] = "convert", o[] = "-o", i[] = "-i", id[] = "lb1", *in_copy = strdup(in);
	char *argv[] = { verb, in_copy, i, id, has_out ? o : NULL, out, NULL };
	int kept = dup(STDERR_FILENO), status;

	assert_non_null(freopen("/dev/null", "we", stderr));
	optind = 0; /* glibc: begin anew */
	status = verb_convert(has_out ? 6 : 4, argv);
	(void)fflush(stderr);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	(void)close(kept);
	free(in_copy);
	return status;
}

static void statuses(void **state)
{
	static const struct {
		const char *in;
		int status;
		bool is_written;
	} row[] = {
		{ "tests/ka/plain.conf", EXIT_GOOD, true },
		{ "tests/ka/lost.conf", EXIT_FAILED, true },
		{ "tests/ka/errors.conf", EXIT_CONF, false },
		{ "tests/ka/no-such-file", EXIT_UNREADABLE, false },
		{ "tests/ka", EXIT_UNREADABLE, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct err_list errs = { 0 };
		bool is_unreadable;

		(void)unlink(out);
		assert_int_equal(convert(row[i].in, true), row[i].status);
		assert_int_equal(access(out, F_OK) == 0, row[i].is_written);
		if (row[i].is_written) {
			struct conf *c = conf_load(out, &errs, &is_unreadable);

			assert_non_null(c);
			conf_free(c);
		}
		err_fini(&errs);
	}
}

/* What stands in the file already goes only when there is something better. */
static void keeps_the_old(void **state)
{
	char text[16] = "";
	FILE *f = fopen(out, "we");

	(void)state;
	(void)fputs("old", f);
	(void)fclose(f);
	assert_int_equal(convert("tests/ka/errors.conf", true), EXIT_CONF);
	f = fopen(out, "re");
	assert_non_null(fgets(text, sizeof(text), f));
	(void)fclose(f);
	assert_string_equal(text, "old");
	(void)snprintf(out, sizeof(out), "%s/no/such/folder", dir);
	assert_int_equal(convert("tests/ka/plain.conf", true), EXIT_FAILED);
	(void)snprintf(out, sizeof(out), "%s/out.conf", dir);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(out, sizeof(out), "%s/out.conf", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(out);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(keeps_the_old),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
