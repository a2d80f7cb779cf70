/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/steps: a process that was held up calls nobody dead. The test's own loop is the worker; what
 * holds it up is a sleep of the test.
 */
#include "check/kept.h"
#include "check/protos.h"
#include "check/steps.h"
#include "core/clock.h"

#include "check_servers.h"
#include "unit.h"

enum { LIMIT_MS = 100, TRIES_N = 50 };

struct worker {
	struct loop loop;
	struct engine engine;
	struct conf_rs rs;
	struct conf_check check;
	struct run *run;
	struct run_result res;
	bool is_done;
};

static void on_done(struct engine *e, void *owner, const struct run_result *res)
{
	struct worker *w = owner;

	assert_ptr_equal(e, &w->engine);

	assert_false(w->is_done);
	w->is_done = true;
	w->res = *res;
}

static void worker_run(struct worker *w, uint16_t port, enum words_CHECK_TYPE type,
		       const struct proto *proto)
{
	*w = (struct worker){ 0 };
	assert_int_equal(loop_init(&w->loop), 0);
	engine_init(&w->engine, &w->loop, on_done);
	w->rs.s.addr = addr_v4(htonl(INADDR_LOOPBACK));
	w->rs.s.port = port;
	w->check.s = (struct fields_check){ .type = (uint8_t)type, .timeout_us = MS(LIMIT_MS) };
	w->check.s.status.w[1] = UINT64_MAX; /* 164..227 */
	struct run_ask ask = { .proto = proto, .rs = &w->rs, .check = &w->check, .owner = w };

	w->run = run_start(&w->engine, &ask, &w->res);
	w->is_done = !w->run;
}

static void worker_start(struct worker *w, uint16_t port, enum words_CHECK_TYPE type)
{
	worker_run(w, port, type, proto_of(type));
}

static void turn(struct worker *w)
{
	loop_wait(&w->loop, MS(20));
	loop_run(&w->loop);
}

static void finish(struct worker *w)
{
	while (!w->is_done)
		turn(w);
	assert_int_equal(w->engine.running_n, 0);
	engine_fini(&w->engine);
	loop_fini(&w->loop);
}

static void hold_up(unsigned ms)
{
	(void)usleep(ms * 1000);
}

static void test_timeout_when_nobody_is_held_up(void **state)
{
	static struct servers servers;
	uint16_t port = server_add(&servers, SERVE_SILENT);
	static struct worker w;

	(void)state;
	servers_start(&servers);
	/* a busy machine may hold us up by itself: then it is no timeout, rightly */
	for (unsigned i = 0; i < TRIES_N && w.res.reason != REASON_L7TOUT; i++) {
		worker_start(&w, port, CHECK_HTTP);
		finish(&w);
	}
	assert_int_equal(w.res.reason, REASON_L7TOUT);
	assert_true(w.res.duration_us >= MS(LIMIT_MS));
	servers_stop(&servers);
}

/* Late for the deadline itself. */
static void test_late_for_the_deadline(void **state)
{
	static struct servers servers;
	uint16_t port = server_add(&servers, SERVE_SILENT);
	static struct worker w;

	(void)state;
	servers_start(&servers);
	worker_start(&w, port, CHECK_HTTP);
	turn(&w);
	hold_up(3 * LIMIT_MS);
	finish(&w);
	assert_int_equal(w.res.reason, REASON_SOCKERR);
	assert_int_equal(w.res.local_err, -ETIME);
	servers_stop(&servers);
}

/* Held up in the middle, in time again for the deadline: the server had less than its time. */
static void test_held_up_in_the_middle(void **state)
{
	static struct servers servers;
	uint16_t port = server_add(&servers, SERVE_SILENT);
	static struct worker w;

	(void)state;
	servers_start(&servers);
	worker_start(&w, port, CHECK_HTTP);
	hold_up(LIMIT_MS - 10);
	finish(&w);
	assert_int_equal(w.res.reason, REASON_SOCKERR);
	assert_int_equal(w.res.local_err, -ETIME);
	servers_stop(&servers);
}

/* What came in the meantime waits in the socket and counts. */
static void test_answer_in_the_socket_counts(void **state)
{
	static struct servers servers;
	uint16_t port = server_add(&servers, SERVE_OK);
	static struct worker w;

	(void)state;
	servers_start(&servers);
	worker_start(&w, port, CHECK_HTTP);
	while (!w.is_done && atomic_load(&servers.server[0].answered_n) == 0) {
		loop_wait(&w.loop, MS(1));
		if (atomic_load(&servers.server[0].answered_n) == 0)
			loop_run(&w.loop);
	}
	hold_up(3 * LIMIT_MS);
	finish(&w);
	assert_int_equal(w.res.reason, REASON_L7OK);
	assert_int_equal(w.res.code, 200);
	servers_stop(&servers);
}

static void on_nothing(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

/* So many timers are due that neither the deadline nor the pulse is looked at before the socket. */
static void test_late_for_the_socket(void **state)
{
	static struct servers servers;
	static struct timer others[LOOP_TIMERS_N];
	uint16_t port = server_add(&servers, SERVE_CLOSE);
	static struct worker w;

	(void)state;
	servers_start(&servers);
	/* the server may be so quick that its end is seen before we are late */
	for (unsigned n = 0; n < TRIES_N && w.res.reason != REASON_SOCKERR; n++) {
		worker_start(&w, port, CHECK_HTTP);
		while (!w.is_done && w.run->step->kind != STEP_EXPECT)
			turn(&w);
		if (!w.is_done)
			hold_up(3 * LIMIT_MS);
		for (unsigned i = 0; i < LOOP_TIMERS_N; i++) {
			timer_init(&others[i], on_nothing);
			timer_arm(&w.loop.timers, &others[i], (int64_t)i);
		}
		finish(&w);
	}
	assert_int_equal(w.res.reason, REASON_SOCKERR);
	assert_int_equal(w.res.local_err, -ETIME);
	servers_stop(&servers);
}

enum { FLOOD_N = 10 * STEP_READS_N };

static bool has_asked;

static uint32_t chat_make(struct run *run, char *buf, uint32_t cap)
{
	(void)run;
	(void)cap;
	if (has_asked)
		return 0;
	has_asked = true;
	memset(buf, 0, 3);
	return 3;
}

static enum step_verdict chat_match(struct run *run, const uint8_t *data, uint32_t len,
				    enum check_reason *why)
{
	(void)run;
	(void)data;
	(void)len;
	(void)why;
	return STEP_NEXT;
}

static bool chat_again(struct run *run)
{
	(void)run;
	return true;
}

static const struct step chat_steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_SEND, .make = chat_make },
	{ .kind = STEP_EXPECT, .match = chat_match },
	{ .kind = STEP_LOOP, .again = chat_again, .to = 1 },
	{ .kind = STEP_DONE },
};

/* May answer whatever it reads, as HTTP/2 does, and is never satisfied. */
static const struct proto chat = {
	.name = "chat", .steps = chat_steps, .ok = REASON_L7OK, .conn = CONN_DATAGRAM
};

/* More has come than a run reads in a turn: the others have theirs, and the rest is not forgotten. */
static void flood(enum words_CHECK_TYPE type, const struct proto *proto)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	static struct worker w;
	uint8_t question[512], junk;
	unsigned turns = 0;

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	worker_run(&w, ntohs(a.sin_port), type, proto);
	/* its question is sent at once: a datagram needs no connection */
	len = sizeof(a);

	ssize_t n = recvfrom(fd, question, sizeof(question), 0, (struct sockaddr *)&a, &len);

	assert_true(n > 2);
	question[0] ^= 1; /* answers to another */
	for (unsigned i = 0; i < FLOOD_N; i++)
		assert_int_equal(sendto(fd, question, (size_t)n, 0, (struct sockaddr *)&a, len), n);
	while (!w.is_done && recv(w.run->conn->fd, &junk, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		turn(&w);
		turns++;
	}
	if (!w.is_done) /* else the machine was so slow that its time is over */
		assert_true(turns >= FLOOD_N / STEP_READS_N);
	finish(&w);
	assert_true(w.res.reason == REASON_L7TOUT || w.res.local_err == -ETIME);
	(void)close(fd);
}

static void test_flood(void **state)
{
	(void)state;
	flood(CHECK_DNS, proto_of(CHECK_DNS));
}

static void test_flood_of_chat(void **state)
{
	(void)state;
	flood(CHECK_UDP, &chat);
}

/* Refused at once: no epoll, no deadline. */
/* A connection of its own has most of the time, and an acknowledgement has had its own before that. */
static void test_kept_wait(void **state)
{
	static const struct {
		int64_t limit_us, wait_us;
	} row[] = {
		{ MS(1), 500 },       { MS(100), MS(50) },  { MS(400), MS(200) },
		{ MS(500), MS(250) }, { MS(501), MS(250) }, { SEC(1), MS(250) },
		{ SEC(2), MS(500) },  { SEC(4), SEC(1) },   { SEC(3600), SEC(900) },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_int_equal(kept_wait_us(row[i].limit_us), row[i].wait_us);
}

static void test_refused(void **state)
{
	static struct servers servers;
	static struct worker w;

	(void)state;
	worker_start(&w, server_add(&servers, SERVE_NOBODY), CHECK_TCP);
	finish(&w);
	assert_int_equal(w.res.reason, REASON_L4CON);
	(void)close(servers.server[0].fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeout_when_nobody_is_held_up),
		cmocka_unit_test(test_late_for_the_deadline),
		cmocka_unit_test(test_held_up_in_the_middle),
		cmocka_unit_test(test_answer_in_the_socket_counts),
		cmocka_unit_test(test_late_for_the_socket),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_flood_of_chat),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kept_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
