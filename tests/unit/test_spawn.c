/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/ops/spawn: the helper with real scripts, good ones and those that do what they should not.
 */
#include "core/clock.h"
#include "core/ops/spawn.h"
#include "core/ops/spawn_keep.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDS_MAX = 256, WAIT_S = 30 };

struct bench {
	struct loop loop;
	struct spawn_client client;
	struct spawn_result res[IDS_MAX];
	unsigned n[IDS_MAX], all_n, lost_n;
};

static void on_done(void *arg, const struct spawn_result *res)
{
	struct bench *b = arg;

	assert_true(res->id < IDS_MAX);
	b->res[res->id] = *res;
	b->n[res->id]++;
	b->all_n++;
}

static void on_lost(void *arg)
{
	((struct bench *)arg)->lost_n++;
}

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(loop_init(&b->loop), 0);
	assert_int_equal(spawn_client_open(&b->client), 0);
	b->client.lost = on_lost;
	assert_int_equal(spawn_client_listen(&b->client, &b->loop, on_done, b), 0);
}

static void bench_close(struct bench *b)
{
	spawn_client_close(&b->client, &b->loop);
	loop_fini(&b->loop);
}

static int ask_as(struct bench *b, enum spawn_kind kind, uint32_t id, uint32_t limit_ms,
		  const char *script)
{
	struct spawn_ask a = { .kind = kind,
			       .id = id,
			       .limit_ms = limit_ms,
			       .uid = geteuid(),
			       .gid = getegid(),
			       .argc = 3,
			       .argv = { "/bin/sh", "-c", script } };

	return spawn_ask(&b->client, &a);
}

static int ask(struct bench *b, uint32_t id, uint32_t limit_ms, const char *script)
{
	return ask_as(b, SPAWN_RUN, id, limit_ms, script);
}

static const struct spawn_result *await(struct bench *b, uint32_t id)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);

	while (!b->n[id]) {
		assert_true(clock_now_us() < until_us);
		loop_wait(&b->loop, MS(100));
		loop_run(&b->loop);
	}
	return &b->res[id];
}

/* A machine that is too busy may hold up the helper itself at the limit, which then says so, rightly. */
static bool is_timeout(const struct spawn_result *r)
{
	return r->how == SPAWN_TIMEOUT || (r->how == SPAWN_FAILED && r->status == ETIME);
}

static void test_ends(void **state)
{
	static const struct {
		const char *script;
		uint32_t limit_ms;
		enum spawn_how how;
		int status;
	} rows[] = {
		{ "exit 0", 0, SPAWN_EXITED, 0 },
		{ "exit 3", 20000, SPAWN_EXITED, 3 },
		{ "exit 255", 20000, SPAWN_EXITED, 255 },
		{ "kill -SEGV $$", 20000, SPAWN_KILLED, SIGSEGV },
		{ "exec sleep 100", 400, SPAWN_TIMEOUT, 0 },
		{ "trap '' TERM; while :; do sleep 1; done", 400, SPAWN_TIMEOUT, 0 },
		{ "head -c 20000000 /dev/zero; exit 4", 20000, SPAWN_EXITED, 4 },
		{ "read x || exit 5", 20000, SPAWN_EXITED, 5 }, /* nothing to read */
		{ "test \"$(ls /proc/self/fd | wc -l)\" -le 4 || exit 6", 20000, SPAWN_EXITED, 0 },
		{ "test \"$PWD\" = / || exit 7", 20000, SPAWN_EXITED, 0 },
	};
	static struct bench b;

	(void)state;
	bench_open(&b);
	for (uint32_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(ask(&b, i, rows[i].limit_ms, rows[i].script), 0);
	for (uint32_t i = 0; i < N_OF(rows); i++) {
		const struct spawn_result *r = await(&b, i);

		if (rows[i].how == SPAWN_TIMEOUT
			    ? !is_timeout(r)
			    : r->how != rows[i].how || r->status != rows[i].status)
			fail_msg("row %u: how %u status %d", i, r->how, r->status);
		if (rows[i].how == SPAWN_TIMEOUT)
			assert_true(r->duration_us >= rows[i].limit_ms * 1000);
	}
	bench_close(&b);
}

static void test_not_started(void **state)
{
	static struct bench b;
	struct spawn_ask a = { .kind = SPAWN_RUN,
			       .id = 1,
			       .uid = geteuid(),
			       .gid = getegid(),
			       .argc = 1,
			       .argv = { "/no/such/program" } };

	(void)state;
	bench_open(&b);
	assert_int_equal(spawn_ask(&b.client, &a), 0);
	assert_int_equal(await(&b, 1)->how, SPAWN_FAILED);
	assert_int_equal(b.res[1].status, ENOENT);
	a.id = 2;
	a.argv[0] = "/etc/passwd";
	assert_int_equal(spawn_ask(&b.client, &a), 0);
	assert_int_equal(await(&b, 2)->status, EACCES);
	a.argv[0] = "relative"; /* no answer would ever come */
	assert_int_equal(spawn_ask(&b.client, &a), -ENOENT);
	a.argc = 0;
	assert_int_equal(spawn_ask(&b.client, &a), -ENOENT);
	bench_close(&b);
}

/* The user is another one, with no group left over. */
static void test_user(void **state)
{
	static struct bench b;
	struct spawn_ask a = { .kind = SPAWN_RUN,
			       .uid = 65534,
			       .gid = 65533,
			       .argc = 3,
			       .argv = { "/bin/sh", "-c",
					 "test $(id -u) = 65534 && test $(id -ru) = 65534 && test "
					 "$(id -G) = 65533" } };

	(void)state;
	if (geteuid() != 0)
		skip();
	bench_open(&b);
	assert_int_equal(spawn_ask(&b.client, &a), 0);
	assert_int_equal(await(&b, 0)->how, SPAWN_EXITED);
	assert_int_equal(b.res[0].status, 0);
	bench_close(&b);
}

static bool is_alive(const char *pid_file)
{
	char text[32] = { 0 };
	int fd = open(pid_file, O_RDONLY);

	if (fd < 0)
		return true; /* not yet */
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	(void)close(fd);
	return !*text || !kill(atoi(text), 0);
}

/* Its number is in the file: it runs. */
static void await_begun(const char *pid_file)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);
	struct stat st;

	while (stat(pid_file, &st) || !st.st_size) {
		assert_true(clock_now_us() < until_us);
		(void)usleep(10000);
	}
}

static void await_dead(const char *pid_file)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);

	while (is_alive(pid_file)) {
		assert_true(clock_now_us() < until_us);
		(void)usleep(10000);
	}
	(void)unlink(pid_file);
}

/* A child of its own that outlives it and ignores TERM: it goes with the group. */
static void test_children_die_too(void **state)
{
	static struct bench b;
	char pid_file[] = "/tmp/vipd_spawn_XXXXXX", script[200];
	int fd = mkstemp(pid_file);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)snprintf(script, sizeof(script),
		       "(trap '' TERM; echo $$ >/dev/null; sh -c 'trap \"\" TERM; echo $$ >%s; "
		       "while :; do "
		       "sleep 1; done') & exec sleep 100",
		       pid_file);
	bench_open(&b);
	assert_int_equal(ask(&b, 1, 500, script), 0);
	assert_true(is_timeout(await(&b, 1)));
	await_dead(pid_file);
	bench_close(&b);
}

static pid_t child_of(pid_t parent)
{
	char path[64];
	int pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);

	FILE *f = fopen(path, "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	(void)fclose(f);
	return pid;
}

/* The process that runs the scripts: the only child of the keeper, which is this one's only child. */
static pid_t helper_pid(void)
{
	return child_of(child_of(getpid()));
}

/* The helper itself is stopped: a script that has ended meanwhile has its result, of another nobody knows. */
static void test_held_up(void **state)
{
	char file[] = "/tmp/test_spawn.XXXXXX", short_one[128], long_one[128];
	int fd = mkstemp(file);
	pid_t pid = helper_pid();
	struct stat st = { 0 };
	struct bench b;

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(short_one, sizeof(short_one), "echo >>%s; sleep 0.1; exit 0", file);
	(void)snprintf(long_one, sizeof(long_one), "echo >>%s; exec sleep 30", file);
	bench_open(&b);
	assert_int_equal(ask(&b, 1, 1000, short_one), 0);
	assert_int_equal(ask(&b, 2, 1000, long_one), 0);
	while (st.st_size < 2) {
		assert_int_equal(fstat(fd, &st), 0);
		(void)usleep(1000);
	}
	assert_int_equal(kill(pid, SIGSTOP), 0);
	(void)usleep(2000000);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(await(&b, 1)->how, SPAWN_EXITED);
	assert_int_equal(await(&b, 2)->how, SPAWN_FAILED);
	assert_int_equal(b.res[2].status, ETIME);
	bench_close(&b);
	(void)close(fd);
	(void)unlink(file);
}

/* Cancelled, and: the client goes away. */
static void test_cancel(void **state)
{
	static struct bench b;
	char pid_file[] = "/tmp/vipd_spawn_XXXXXX", script[200];
	struct spawn_ask a = { .kind = SPAWN_CANCEL, .id = 1 };
	int fd = mkstemp(pid_file);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)snprintf(script, sizeof(script), "echo $$ >%s; exec sleep 100", pid_file);
	bench_open(&b);
	assert_int_equal(ask(&b, 1, 0, "exec sleep 100"), 0);
	assert_int_equal(spawn_ask(&b.client, &a), 0);
	assert_int_equal(await(&b, 1)->how, SPAWN_FAILED);
	assert_int_equal(b.res[1].status, ECANCELED);
	assert_int_equal(ask(&b, 2, 0, script), 0);
	assert_int_equal(ask(&b, 3, 0, "exit 0"), 0);
	(void)await(&b, 3); /* so 2 has been asked for */
	await_begun(pid_file);
	bench_close(&b);
	await_dead(pid_file);
}

/* No more at once than may be; all come to their end. */
static void test_at_once(void **state)
{
	enum { N = 40, AT_ONCE = 3 };
	static struct bench b;
	char dir[] = "/tmp/vipd_spawn_XXXXXX", script[300];

	(void)state;
	assert_non_null(mkdtemp(dir));
	spawn_limit(AT_ONCE);
	/* each counts those that are there with it */
	(void)snprintf(script, sizeof(script),
		       "mkdir %s/$$; n=$(ls %s | wc -l); sleep 0.02; rmdir %s/$$; exit $n", dir,
		       dir, dir);
	bench_open(&b);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(ask(&b, i, 20000, script), 0);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(await(&b, i)->how, SPAWN_EXITED);
		assert_true(b.res[i].status >= 1 && b.res[i].status <= AT_ONCE);
	}
	assert_int_equal(b.all_n, N);
	spawn_limit(SPAWN_AT_ONCE_N);
	bench_close(&b);
	assert_int_equal(rmdir(dir), 0);
}

/* One place, which is taken, and many wait for it: who comes first is next; who stays needs no place. */
static void test_order(void **state)
{
	static struct bench b;
	char file[] = "/tmp/vipd_spawn_XXXXXX", script[100];
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(unlink(file), 0);
	spawn_limit(1);
	bench_open(&b);
	(void)snprintf(script, sizeof(script), "while ! test -e %s; do sleep 0.02; done", file);
	assert_int_equal(ask(&b, 0, 0, script), 0);
	for (uint32_t i = 1; i <= 20; i++)
		assert_int_equal(ask(&b, i, 0, "exit 0"), 0);
	assert_int_equal(ask_as(&b, SPAWN_RUN_STAY, 30, 0, "exec sleep 1000"), 0);
	assert_int_equal(ask_as(&b, SPAWN_RUN_STAY, 31, 0, "exit 3"), 0);
	assert_int_equal(await(&b, 31)->status, 3); /* none of the others has begun */
	assert_int_equal(ask_as(&b, SPAWN_RUN_FIRST, 40, 0, "exit 4"), 0);
	assert_int_equal(ask_as(&b, SPAWN_RUN_STAY, 32, 0, "exit 5"), 0);
	assert_int_equal(await(&b, 32)->status, 5); /* 40 waits there now */
	assert_int_equal(b.all_n, 2);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(await(&b, 40)->status, 4);
	assert_true(b.n[0] && !b.n[20]);
	(void)await(&b, 20);
	assert_int_equal(b.n[30], 0);
	spawn_limit(SPAWN_AT_ONCE_N);
	bench_close(&b);
	assert_int_equal(unlink(file), 0);
}

static pid_t number_in(const char *path)
{
	char text[32] = { 0 };
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	(void)close(fd);
	return atoi(text);
}

/* The helper is killed: its script dies with it, the client is told, and another helper takes its place
 * with the same limit. Twice, so that it is no luck. */
static void test_helper_dies(void **state)
{
	static struct bench b;
	char pid_file[] = "/tmp/vipd_spawn_XXXXXX", helper_file[] = "/tmp/vipd_spawn_XXXXXX";
	char script[300];
	int fd[] = { mkstemp(pid_file), mkstemp(helper_file) };

	(void)state;
	assert_true(fd[0] >= 0 && fd[1] >= 0);
	(void)close(fd[0]);
	(void)close(fd[1]);
	(void)snprintf(script, sizeof(script), "echo $PPID >%s; echo $$ >%s; exec sleep 100",
		       helper_file, pid_file);
	bench_open(&b);
	for (unsigned round = 1; round <= 2; round++) {
		int64_t until_us = clock_now_us() + SEC(WAIT_S);
		int err;

		assert_int_equal(truncate(pid_file, 0), 0);
		assert_int_equal(ask(&b, round, 0, script), 0);
		await_begun(pid_file);

		pid_t victim = number_in(pid_file);

		assert_int_equal(kill(number_in(helper_file), SIGKILL), 0);
		while (b.lost_n < round) {
			assert_true(clock_now_us() < until_us);
			loop_wait(&b.loop, MS(100));
			loop_run(&b.loop);
		}
		while (!kill(victim, 0)) {
			assert_true(clock_now_us() < until_us);
			(void)usleep(10000);
		}
		assert_int_equal(ask(&b, 100 + round, 20000, "exit 7"), -EPIPE);
		while ((err = ask(&b, 100 + round, 20000, "exit 7"))) {
			assert_int_equal(err, -EPIPE);
			assert_true(clock_now_us() < until_us);
			loop_wait(&b.loop, MS(100));
			loop_run(&b.loop);
		}
		assert_int_equal(await(&b, 100 + round)->status, 7);
		assert_int_equal(b.n[round], 0); /* no result: it did not end by itself */
	}
	assert_int_equal(b.lost_n, 2);
	bench_close(&b);
	(void)unlink(pid_file);
	(void)unlink(helper_file);
}

static void test_waits(void **state)
{
	static const struct {
		int64_t last_us, lived_us, wait_us;
	} rows[] = {
		{ 0, 0, SPAWN_KEEP_FIRST_US },
		{ SPAWN_KEEP_FIRST_US, MS(1), 2 * SPAWN_KEEP_FIRST_US },
		{ SEC(6), SEC(1), SPAWN_KEEP_LAST_US },
		{ SPAWN_KEEP_LAST_US, SEC(59), SPAWN_KEEP_LAST_US },
		{ SPAWN_KEEP_LAST_US, SEC(60), SPAWN_KEEP_FIRST_US },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(spawn_keep_wait_us(rows[i].last_us, rows[i].lived_us),
				 rows[i].wait_us);
}

/* The other end closes with requests unread: the first send after that says another thing than later ones. */
static void test_reset(void **state)
{
	static struct bench b;
	int fd[2];

	(void)state;
	bench_open(&b);
	spawn_client_close(&b.client, &b.loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd), 0);
	b.client.fd = fd[0];
	assert_int_equal(ask(&b, 1, 0, "exit 0"), 0);
	(void)close(fd[1]);
	assert_int_equal(ask(&b, 2, 0, "exit 0"), -EPIPE);
	assert_int_equal(ask(&b, 3, 0, "exit 0"), -EPIPE);
	bench_close(&b);
}

/* A client that could not be opened is connected later. */
static void test_not_open(void **state)
{
	static struct bench b = { .client = { .fd = -1, .lf = { .fd = -1 } } };
	int64_t until_us = clock_now_us() + SEC(WAIT_S);
	int err;

	(void)state;
	assert_int_equal(loop_init(&b.loop), 0);
	assert_int_equal(spawn_client_listen(&b.client, &b.loop, on_done, &b), -EPIPE);
	while ((err = ask(&b, 1, 0, "exit 7"))) {
		assert_int_equal(err, -EPIPE);
		assert_true(clock_now_us() < until_us);
		loop_wait(&b.loop, MS(100));
		loop_run(&b.loop);
	}
	assert_int_equal(await(&b, 1)->status, 7);
	bench_close(&b);
}

/* Rubbish is passed over. */
static void test_rubbish(void **state)
{
	static struct bench b;
	uint8_t junk[512];
	uint64_t seed = 42;

	(void)state;
	bench_open(&b);
	for (unsigned i = 0; i < 100; i++) {
		size_t len = 1 + unit_rand(&seed) % sizeof(junk);

		for (size_t k = 0; k < len; k++)
			junk[k] = (uint8_t)unit_rand(&seed);
		assert_true(send(b.client.fd, junk, len, MSG_NOSIGNAL) > 0);
	}
	assert_int_equal(ask(&b, 9, 0, "exit 9"), 0);
	assert_int_equal(await(&b, 9)->status, 9);
	assert_int_equal(b.all_n, 1);
	bench_close(&b);
}

static void test_codec(void **state)
{
	struct spawn_ask a = { .kind = SPAWN_RUN, .id = 1, .argc = 2, .argv = { "/a", "b" } }, got;
	uint8_t buf[64];
	uint32_t n = spawn_ask_write(&a, buf, sizeof(buf));

	(void)state;
	assert_int_equal(n, 24 + 1 + 3 + 2);
	assert_true(spawn_ask_read(buf, n, &got));
	assert_string_equal(got.argv[1], "b");
	assert_null(got.argv[2]);
	for (uint32_t cut = 0; cut < n; cut++) {
		assert_false(spawn_ask_read(buf, cut, &got));
		assert_int_equal(spawn_ask_write(&a, buf, cut), 0);
	}
	a.argv[0] = "relative";
	n = spawn_ask_write(&a, buf, sizeof(buf));
	assert_false(spawn_ask_read(buf, n, &got));
	a.argc = SPAWN_ARGS_N + 1;
	assert_int_equal(spawn_ask_write(&a, buf, sizeof(buf)), 0);
}

static int setup(void **state)
{
	(void)state;
	return spawn_start();
}

static int teardown(void **state)
{
	(void)state;
	spawn_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codec),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_not_started),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_children_die_too),
		cmocka_unit_test(test_held_up),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_rubbish),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_not_open),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_helper_dies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
