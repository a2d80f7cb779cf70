/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/ops/notify_fifo: which FIFOs are there over reloads, and those that can't be opened. Their readers
 * are in netns/notify.py.
 */
#include "core/conf/conf_load.h"
#include "core/ops/notify_fifo.h"

#include "unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char dir[] = "/tmp/vipd_fifo_XXXXXX";
static struct loop loop;
static struct notify_fifos fifos;
static uint64_t last_gen;

static const char *path_of(const char *name)
{
	static char path[2][100];
	static unsigned n;

	n ^= 1;
	(void)snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

/* name: of the FIFO for the events of instances */
static struct conf *load(const char *name)
{
	struct err_list errs = { 0 };
	struct conf *c;
	char text[200];

	(void)snprintf(text, sizeof(text),
		       "global_defs = { vrrp_notify_fifo = { path = \"%s\"; }; };", path_of(name));
	c = conf_load_text("test", text, strlen(text), &errs);
	assert_non_null(c);
	err_fini(&errs);
	c->gen = ++last_gen;
	return c;
}

static bool is_there(const char *name)
{
	struct stat st;

	return !lstat(path_of(name), &st) && S_ISFIFO(st.st_mode);
}

/* What came since the last time. */
static void say_and_read(const char *name, const char *what, const char *want)
{
	struct say s = { .fifos = SAY_VRRP };
	int fd = open(path_of(name), O_RDONLY | O_NONBLOCK);
	char got[100] = "";

	assert_true(fd >= 0);
	(void)snprintf(s.line, sizeof(s.line), "%s\n", what);
	notify_fifo_say(&fifos, &s);
	(void)!read(fd, got, sizeof(got) - 1);
	(void)close(fd);
	assert_string_equal(got, want);
}

static int begin(void **state)
{
	(void)state;
	fifos = (struct notify_fifos){ .client = { .fd = -1, .lf = { .fd = -1 } } };
	assert_int_equal(loop_init(&loop), 0);
	notify_fifo_init(&fifos, &loop);
	return 0;
}

static int end(void **state)
{
	(void)state;
	notify_fifo_fini(&fifos);
	loop_fini(&loop);
	return 0;
}

/* A reload that brings one and takes one: in between both are there. */
static void reload(void **state)
{
	struct conf *a = load("a"), *b = load("b");

	(void)state;
	notify_fifo_adopt(&fifos, a);
	notify_fifo_prepare(&fifos, b);
	say_and_read("a", "one", "one\n");
	say_and_read("b", "two", "one\ntwo\n");
	notify_fifo_adopt(&fifos, b);
	assert_false(is_there("a"));
	say_and_read("b", "three", "three\n");
	conf_free(a);
	conf_free(b);
}

/* Its folder is not there at first: the next configuration finds it. */
static void tried_again(void **state)
{
	struct conf *a = load("later/a"), *b = load("later/a");

	(void)state;
	notify_fifo_adopt(&fifos, a);
	assert_int_equal(mkdir(path_of("later"), 0755), 0);
	notify_fifo_adopt(&fifos, a);
	assert_false(is_there("later/a"));
	notify_fifo_prepare(&fifos, b);
	notify_fifo_adopt(&fifos, b);
	say_and_read("later/a", "one", "one\n");
	conf_free(a);
	conf_free(b);
}

/* As under a service manager: root, but other users' modes count. */
static void override(bool may)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (geteuid() != 0)
		return;
	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	if (may)
		data[0].effective |= 1u << CAP_DAC_OVERRIDE;
	else
		data[0].effective &= ~(1u << CAP_DAC_OVERRIDE);
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

/* Left by a run that did not end well, and not ours to write to. */
static void left_over(void **state)
{
	struct conf *a = load("left");

	(void)state;
	assert_int_equal(mkfifo(path_of("left"), 0600), 0);
	assert_int_equal(chmod(path_of("left"), 0), 0);
	override(false);
	notify_fifo_adopt(&fifos, a);
	override(true);
	say_and_read("left", "one", "one\n");
	conf_free(a);
}

/* What is no FIFO stays as it is. */
static void other_kind(void **state)
{
	struct conf *a = load("file");
	int fd = open(path_of("file"), O_WRONLY | O_CREAT, 0);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	override(false);
	notify_fifo_adopt(&fifos, a);
	override(true);
	assert_int_equal(stat(path_of("file"), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(path_of("file")), 0);
	conf_free(a);
}

static void delays(void **state)
{
	static const struct {
		int64_t last_us, lived_us, delay_us;
	} rows[] = {
		{ 0, 0, 1000000 },
		{ 1000000, 0, 2000000 },
		{ 32000000, 59999999, 60000000 },
		{ 60000000, 1000000, 60000000 },
		{ 60000000, 60000000, 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(notify_fifo_delay_us(rows[i].last_us, rows[i].lived_us),
				 rows[i].delay_us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reload, begin, end),
		cmocka_unit_test_setup_teardown(tried_again, begin, end),
		cmocka_unit_test_setup_teardown(left_over, begin, end),
		cmocka_unit_test_setup_teardown(other_kind, begin, end),
		cmocka_unit_test(delays),
	};
	int n;

	if (!mkdtemp(dir))
		return 1;
	n = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(path_of("later"));
	return rmdir(dir) || n;
}
