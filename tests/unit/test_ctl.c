/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl's verbs, called as the program calls them.
 */
#include "core/conf/conf_load.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/verbs.h"
#include "unit.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void put_at(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void put(const char *text)
{
	put_at(out, text);
}

/* Passwords stand in it: whoever could not read them before can't now. */
static void readers(void **state)
{
	static const struct {
		mode_t in, old, want; /* old 0: there is none */
	} row[] = {
		{ 0600, 0, 0600 }, { 0640, 0, 0640 },    { 0644, 0, 0640 },    { 0666, 0, 0640 },
		{ 0400, 0, 0600 }, { 0644, 0600, 0600 }, { 0600, 0640, 0640 }, { 0600, 0644, 0644 },
	};
	char in[80], link_path[80];
	struct stat st;

	(void)state;
	(void)snprintf(in, sizeof(in), "%s/in.conf", dir);
	(void)snprintf(link_path, sizeof(link_path), "%s.new", out);
	(void)umask(0);
	for (size_t i = 0; i < N_OF(row); i++) {
		(void)unlink(out);
		if (row[i].old) {
			put("old");
			assert_int_equal(chmod(out, row[i].old), 0);
		}
		put_at(in, "global_defs { router_id a }\n");
		assert_int_equal(chmod(in, row[i].in), 0);
		assert_int_equal(convert(in, true), EXIT_GOOD);
		assert_int_equal(stat(out, &st), 0);
		if ((st.st_mode & 07777) != row[i].want)
			fail_msg("row %zu: %o", i, st.st_mode & 07777);
	}
	/* links that somebody has laid: at the name it is written under, and at its own */
	assert_int_equal(chmod(in, 0600), 0);
	put_at(link_path, "victim");
	assert_int_equal(unlink(out), 0);
	assert_int_equal(symlink(link_path, out), 0);
	assert_int_equal(convert(in, true), EXIT_GOOD);
	assert_int_equal(lstat(out, &st), 0);
	assert_true(S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0600);
	assert_int_equal(stat(link_path, &st), 0);
	assert_int_equal(st.st_size, strlen("victim"));
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(unlink(in), 0);
}

static FILE *said_to; /* where run() lets standard output go; NULL: nowhere */

/* A verb with these arguments, silent. */
static int run(int (*verb)(int argc, char **argv), const char *const *args)
{
	char *argv[12] = { NULL };
	int argc = 0, out_fd = dup(STDOUT_FILENO), err_fd = dup(STDERR_FILENO), status;

	while (argc < 11 && args[argc]) {
		argv[argc] = strdup(args[argc]);
		argc++;
	}
	(void)fflush(stdout);
	assert_non_null(freopen("/dev/null", "we", stdout));
	assert_non_null(freopen("/dev/null", "we", stderr));
	if (said_to)
		assert_true(dup2(fileno(said_to), STDOUT_FILENO) >= 0);
	optind = 0;
	status = verb(argc, argv);
	(void)fflush(stdout);
	(void)fflush(stderr);
	assert_true(dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0);
	(void)close(out_fd);
	(void)close(err_fd);
	while (argc)
		free(argv[--argc]);
	return status;
}

/* Exit statuses of what needs no vipd, and of what finds none. */
static void other_statuses(void **state)
{
	static const char good[] = "tests/ka/plain.conf", none[] = "/nonexistent/file";
	static const struct {
		int (*verb)(int argc, char **argv);
		int status;
		const char *args[7];
	} row[] = {
		{ verb_reload, 3, { "reload" } },
		{ verb_reload, 3, { "reload", "--wait", "--force", "--json", "--timeout", "5" } },
		{ verb_reload, 0, { "reload", "--help" } },
		{ verb_reload, 1, { "reload", "file" } },
		{ verb_reload, 1, { "reload", "--now" } },
		{ verb_reload, 1, { "reload", "--timeout", "0" } },
		{ verb_reload, 1, { "reload", "--timeout", "-1" } },
		{ verb_reload, 1, { "reload", "--timeout", "5s" } },
		{ verb_reload, 1, { "reload", "--timeout", "99999999999999999999" } },
		{ verb_diff, 3, { "diff" } },
		{ verb_diff, 3, { "diff", good } },
		{ verb_diff, 0, { "diff", "--help" } },
		{ verb_diff, 1, { "diff", good, good } },
		{ verb_diff, 1, { "diff", "--base", good } },
		{ verb_diff, 1, { "diff", "--node", "a" } },
		{ verb_diff, 1, { "diff", "--base-dir", "/" } },
		{ verb_diff, 0, { "diff", "--base", out, out } },
		{ verb_diff, 0, { "diff", "--base", out, out, "--json", "--all" } },
		{ verb_diff, 1, { "diff", "--base", out, "/dev/null" } }, /* all servers go */
		{ verb_diff, 0, { "diff", "--base", "/dev/null", out } },
		{ verb_diff, 2, { "diff", "--base", "tests/ka/errors.conf", out } },
		{ verb_diff, 2, { "diff", "--base", out, "tests/ka/errors.conf" } },
		{ verb_diff, 3, { "diff", "--base", none, out } },
		{ verb_diff, 3, { "diff", "--base", out, none } },
		{ verb_schema, 0, { "schema" } },
		{ verb_schema, 0, { "schema", "--json" } },
		{ verb_schema, 1, { "schema", "--xml" } },
		{ verb_schema, 0, { "schema", "--help" } },
		{ verb_digest, 1, { "digest" } },
		{ verb_digest, 1, { "digest", "not a url" } },
		{ verb_digest, 1, { "digest", "file:///etc/passwd" } },
		{ verb_digest, 1, { "digest", "http://127.0.0.1:1/" } },
		{ verb_digest, 1, { "digest", "--protocol", "2", "http://127.0.0.1:1/" } },
		{ verb_digest, 1, { "digest", "--virtualhost", "a\r\nb", "http://127.0.0.1:1/" } },
		{ verb_digest, 1, { "digest", "--timeout", "0", "http://127.0.0.1:1/" } },
		{ verb_digest, 0, { "digest", "--help" } },
	};

	(void)state;
	put("virtual_servers = ( { name = \"a\"; address = \"10.0.0.1\"; port = 80; real_servers = "
	    "( "
	    "\"10.1.0.[1-50]\" ); } );\n");
	call_use("/nonexistent/vipd.sock");
	for (size_t i = 0; i < N_OF(row); i++) {
		int status = run(row[i].verb, row[i].args);

		if (status != row[i].status)
			fail_msg("row %zu, %s %s: %d", i, row[i].args[0],
				 row[i].args[1] ? row[i].args[1] : "", status);
	}
}

/* A line for a person: kind and name are two words, and who has no name has no blank for it. */
static void lines_for_people(void **state)
{
	static const char base[] =
		"garp_groups = ( { garp_interval = 1; interfaces = [ \"eth1\" ]; } "
		");\n";
	char other[80], said[200] = "";
	const char *const args[] = { "diff", "--base", out, other, NULL };
	FILE *f;

	(void)state;
	(void)snprintf(other, sizeof(other), "%s/other.conf", dir);
	put(base);
	put_at(other, "global_defs = { router_id = \"a\"; };\n");
	said_to = tmpfile();
	assert_non_null(said_to);
	assert_int_equal(run(verb_diff, args), 0);
	f = said_to;
	said_to = NULL;
	rewind(f);
	assert_true(fread(said, 1, sizeof(said) - 1, f) > 0);
	(void)fclose(f);
	assert_non_null(strstr(said, "~ global_defs: router_id none -> \"a\"\n"));
	assert_non_null(strstr(said, "- garp_groups eth1\n"));
	assert_int_equal(unlink(other), 0);
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
		cmocka_unit_test(statuses),         cmocka_unit_test(keeps_the_old),
		cmocka_unit_test(readers),          cmocka_unit_test(other_statuses),
		cmocka_unit_test(lines_for_people),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
