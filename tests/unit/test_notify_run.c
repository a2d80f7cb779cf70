/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/ops/notify_run with a helper that this test plays: what is asked for when it refuses, is full, or
 * never answers. The real helper is in test_spawn.c and netns/notify.py.
 */
#include "core/clock.h"
#include "core/conf/conf_load.h"
#include "core/ops/notify_run.h"

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ID = 7 };

static struct loop loop;
static struct notify_run run;
static int helper_fd;

static struct conf *load(void)
{
	static const char text[] =
		"vrrp_instances = ( { name = \"x\"; interface = \"lo\"; virtual_router_id = 1; "
		"notify = [ \"/n\" ]; notify_master = [ \"relative\" ]; } );";
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("test", text, strlen(text), &errs);

	assert_non_null(c);
	err_fini(&errs);
	atomic_init(&c->snap.ref, 1); /* the test has it: it is never freed by others */
	return c;
}

static int begin(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd), 0);
	helper_fd = fd[1];
	memset(&run, 0, sizeof(run));
	run.client = (struct spawn_client){ .fd = fd[0], .lf = { .fd = -1 } };
	notify_run_init(&run, &loop);
	return 0;
}

static int end(void **state)
{
	(void)state;
	notify_run_fini(&run);
	loop_fini(&loop);
	return close(helper_fd);
}

static void say(const struct conf *c, const struct conf_range *script)
{
	struct say s = { .script_n = 1, .script[0].script = &c->script[script->first] };

	notify_run_say(&run, c, ID, &s);
}

/* Its kind and, if one is wanted, its id; 0: nothing was asked for. */
static uint32_t asked(uint32_t *id)
{
	static uint8_t buf[SPAWN_MSG_LEN];
	ssize_t n = recv(helper_fd, buf, sizeof(buf), 0);
	struct spawn_ask ask;

	if (n < 0)
		return 0;
	assert_true(spawn_ask_read(buf, (uint32_t)n, &ask));
	if (id)
		*id = ask.id;
	return ask.kind;
}

static void answer(uint32_t id, enum spawn_how how, int status)
{
	struct spawn_result res = { .id = id, .how = how, .status = status };

	assert_int_equal(send(helper_fd, &res, sizeof(res), 0), sizeof(res));
	loop_wait(&loop, 0);
	loop_run(&loop);
}

/* One timer at most: what it arms goes by the true clock. */
static void pass(int64_t us)
{
	(void)timer_run(&loop.timers, clock_now_us() + us, 1);
}

/* One that can't be asked for holds up none. */
static void refused(void **state)
{
	struct conf *c = load();
	uint32_t id = 0;

	(void)state;
	say(c, &c->vrrp[0].s.notify_master);
	assert_int_equal(asked(NULL), 0);
	assert_true(notify_run_is_idle(&run));
	say(c, &c->vrrp[0].s.notify);
	assert_int_equal(asked(&id), SPAWN_RUN_FIRST);
	answer(id, SPAWN_EXITED, 0);
	assert_true(notify_run_is_idle(&run));
	conf_free(c);
}

/* The helper has no room: once more, later. */
static void full(void **state)
{
	struct conf *c = load();
	uint32_t id = 0, again = 0;

	(void)state;
	say(c, &c->vrrp[0].s.notify);
	say(c, &c->vrrp[0].s.notify);
	assert_int_equal(asked(&id), SPAWN_RUN_FIRST);
	answer(id, SPAWN_FAILED, EAGAIN);
	assert_int_equal(asked(NULL), 0);
	pass(2 * RUN_AGAIN_US);
	assert_int_equal(asked(&again), SPAWN_RUN_FIRST);
	assert_int_not_equal(id, again);
	assert_int_equal(asked(NULL), 0); /* the next event's waits */
	answer(again, SPAWN_EXITED, 0);
	assert_int_equal(asked(&id), SPAWN_RUN_FIRST);
	answer(id, SPAWN_EXITED, 0);
	assert_true(notify_run_is_idle(&run));
	conf_free(c);
}

/* A result that never comes: given up long after the limit, and the object goes on. */
static void silent(void **state)
{
	struct conf *c = load();
	uint32_t id = 0, cancelled = 0, next = 0;

	(void)state;
	say(c, &c->vrrp[0].s.notify);
	say(c, &c->vrrp[0].s.notify);
	assert_int_equal(asked(&id), SPAWN_RUN_FIRST);
	pass(c->global.s.notify_timeout_us + RUN_LATE_US - SEC(1));
	assert_int_equal(asked(NULL), 0);
	pass(c->global.s.notify_timeout_us + RUN_LATE_US + SEC(1));
	assert_int_equal(asked(&cancelled), SPAWN_CANCEL);
	assert_int_equal(cancelled, id);
	assert_int_equal(asked(&next), SPAWN_RUN_FIRST);
	answer(id, SPAWN_EXITED, 0); /* too late */
	assert_false(notify_run_is_idle(&run));
	answer(next, SPAWN_EXITED, 0);
	assert_true(notify_run_is_idle(&run));
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refused, begin, end),
		cmocka_unit_test_setup_teardown(full, begin, end),
		cmocka_unit_test_setup_teardown(silent, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
