/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The log's outputs, with daemons of the test's own: what arrives, and what becomes of a daemon that is
 * stuck, goes, comes back or was never there, and of a standard error that is closed or full.
 */
#include "core/clock.h"
#include "core/log_out.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MANY_N = 100000 };

static char folder[] = "/tmp/vipd-test-log-XXXXXX";
static char path[64];
static int saved_fd = -1;

static int daemon_at(const char *where)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(where);
	memcpy(sun.sun_path, where, strlen(where) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* What the daemon got next; "" = nothing. */
static const char *got(int fd, char buf[static 4096])
{
	ssize_t n = recv(fd, buf, 4095, 0);

	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static struct log_record record(const char *text)
{
	struct log_record rec = { .at = { 1764000009, 0 }, .id = LOG_SERVER_UP };

	(void)snprintf(rec.text, sizeof(rec.text), "%s", text);
	return rec;
}

static bool put(struct log_out *o, const char *text)
{
	struct log_record rec = record(text);

	return log_out_put(o, &rec);
}

/* Standard error is a file from here on; given back by restore(), which returns what is in it. */
static int divert(int flags, const char *file)
{
	int fd = open(file, flags | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	saved_fd = dup(STDERR_FILENO);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	return fd;
}

static void restore(int fd)
{
	assert_true(dup2(saved_fd, STDERR_FILENO) >= 0);
	(void)close(saved_fd);
	(void)close(fd);
}

/* How often this text is in the last few lines of a file. */
static int last_lines(int fd, const char *text)
{
	char buf[512] = "";
	off_t end = lseek(fd, 0, SEEK_END);
	int n = 0;

	assert_true(pread(fd, buf, sizeof(buf) - 1, end < 511 ? 0 : end - 511) > 0);
	for (const char *p = buf; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static struct log_out syslog_out(bool has_stderr)
{
	struct log_to to = { .has_syslog = true, .has_stderr = has_stderr, .facility = 16 };
	struct log_out o;

	log_out_init(&o, &to, path, "/nowhere");
	return o;
}

static void comes_and_goes(void **state)
{
	struct log_out o = syslog_out(false);
	char buf[4096], file[80];
	int fd = daemon_at(path), err_fd;

	(void)state;
	assert_true(put(&o, "n=1"));
	assert_non_null(strstr(got(fd, buf), "server.up n=1"));
	assert_true(!strncmp(buf, "<134>", 5));
	/* it is started anew */
	(void)close(fd);
	fd = daemon_at(path);
	assert_true(put(&o, "n=2"));
	assert_non_null(strstr(got(fd, buf), "server.up n=2"));
	/* it is gone: standard error has it */
	(void)close(fd);
	(void)unlink(path);
	(void)snprintf(file, sizeof(file), "%s/err", folder);
	err_fd = divert(O_RDWR | O_CREAT | O_TRUNC, file);
	assert_true(put(&o, "n=3"));
	assert_true(put(&o, "n=4"));
	assert_true(pread(err_fd, buf, sizeof(buf), 0) > 0);
	restore(err_fd);
	assert_non_null(strstr(buf, "server.up n=3\n"));
	assert_non_null(strstr(buf, "server.up n=4\n"));
	assert_int_equal(o.sink[LOG_SINK_SYSLOG].lost_n, 0);
	/* and back */
	fd = daemon_at(path);
	o.sink[LOG_SINK_SYSLOG].again_us = 0;
	assert_true(put(&o, "n=5"));
	assert_non_null(strstr(got(fd, buf), "server.up n=5"));
	(void)close(fd);
	log_out_fini(&o);
}

/* A daemon that does not read costs the other output one wait, and then nothing. */
static void stuck(void **state)
{
	struct log_out o = syslog_out(true);
	char buf[4096];
	char file[80];
	int fd = daemon_at(path), err_fd;
	uint64_t n = 0;
	int64_t begin_us;

	(void)state;
	(void)snprintf(file, sizeof(file), "%s/err", folder);
	err_fd = divert(O_RDWR | O_CREAT | O_TRUNC | O_APPEND, file);
	while (put(&o, "n=1"))
		n++;
	/* the other output hears of it, once */
	for (int i = 0; i < 2; i++)
		log_out_tell_lost(&o);
	assert_int_equal(last_lines(err_fd, "log.lost count=1 to=syslog\n"), 1);
	assert_true(n > 0 && o.sink[LOG_SINK_SYSLOG].is_stuck && !o.sink[LOG_SINK_STDERR].is_stuck);
	begin_us = clock_now_us();
	for (int i = 0; i < MANY_N; i++)
		assert_false(put(&o, "n=2"));
	/* a wait each would take days */
	assert_true(clock_now_us() - begin_us < SEC(100));
	assert_int_equal(o.sink[LOG_SINK_SYSLOG].lost_n, MANY_N + 1);
	while (*got(fd, buf))
		n--;
	assert_int_equal(n, 0);
	assert_true(put(&o, "n=3"));
	assert_false(o.sink[LOG_SINK_SYSLOG].is_stuck);
	assert_non_null(strstr(got(fd, buf), "server.up n=3"));
	/* it hears what it has not, the other one does not */
	log_out_tell_lost(&o);
	assert_non_null(strstr(got(fd, buf), "log.lost count=100001 to=syslog"));
	assert_int_equal(o.sink[LOG_SINK_SYSLOG].lost_n, 0);
	assert_int_equal(last_lines(err_fd, "log.lost"), 0);
	restore(err_fd);
	(void)close(fd);
	log_out_fini(&o);
}

static void journal(void **state)
{
	struct log_to to = { .has_journal = true, .facility = 3 };
	char buf[4096], big[LOG_LINE_LEN];
	int fd = daemon_at(path), small = 1;
	struct log_out o;

	(void)state;
	log_out_init(&o, &to, "/nowhere", path);
	assert_true(put(&o, "vs=www rs=192.0.2.1:80"));
	assert_true(!strncmp(got(fd, buf), "MESSAGE=server.up vs=www rs=192.0.2.1:80\nPRIORITY=6\n",
			     50));
	assert_non_null(strstr(buf, "\nVIPD_SERVER=192.0.2.1:80\n"));
	/* the longest one, where datagrams are short */
	assert_int_equal(setsockopt(o.sink[LOG_SINK_JOURNAL].fd, SOL_SOCKET, SO_SNDBUF, &small,
				    sizeof(small)),
			 0);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	big[1] = '=';
	assert_true(put(&o, big));
	assert_true(!strncmp(got(fd, buf), "MESSAGE=server.up x=xxx", 23));
	assert_true(strlen(buf) > 2 * (LOG_LINE_LEN - 3));
	(void)close(fd);
	log_out_fini(&o);
}

static void broken_stderr(void **state)
{
	struct log_to to = { .has_stderr = true };
	struct log_out o;
	char buf[4096], file[80];
	int fd;

	(void)state;
	log_out_init(&o, &to, NULL, NULL);
	fd = divert(O_WRONLY, "/dev/full");
	assert_false(put(&o, "n=1"));
	assert_false(put(&o, "n=2"));
	restore(fd);
	fd = divert(O_RDONLY, "/dev/null"); /* as good as closed */
	assert_false(put(&o, "n=3"));
	restore(fd);
	assert_int_equal(o.sink[LOG_SINK_STDERR].lost_n, 3);
	/* what comes next is a line of its own */
	(void)snprintf(file, sizeof(file), "%s/err", folder);
	fd = divert(O_RDWR | O_CREAT | O_TRUNC, file);
	assert_true(put(&o, "n=4"));
	memset(buf, 0, sizeof(buf));
	assert_true(pread(fd, buf, sizeof(buf) - 1, 0) > 0);
	restore(fd);
	assert_true(buf[0] == '\n' && strstr(buf, "server.up n=4\n"));
	log_out_fini(&o);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/log", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char file[80];

	(void)state;
	(void)snprintf(file, sizeof(file), "%s/err", folder);
	(void)unlink(file);
	(void)unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(stuck),
		cmocka_unit_test(journal),
		cmocka_unit_test(broken_stderr),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
