/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See steps.h. System calls of a TCP check: socket, connect, epoll_ctl, epoll_wait (shared),
 * setsockopt, close; of an HTTP check besides: send, recv and one more recv.
 *
 * The socket is watched edge-triggered for everything at once, so that going from one step to the
 * next costs no call. So every step goes on until the socket says EAGAIN.
 */
#include "check/steps.h"

#include "check/conn.h"
#include "core/bug.h"
#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void on_pulse(struct timer *t, int64_t now_us)
{
	struct engine *e = container_of(t, struct engine, pulse);
	int64_t late_us = now_us - t->at_us;

	if (late_us > STEP_SLACK_US)
		e->stalled_us += late_us;
	if (e->running_n)
		timer_arm(&e->loop->timers, t, now_us + STEP_PULSE_US);
}

void engine_init(struct engine *e, struct loop *loop,
		 void (*done)(void *owner, const struct run_result *res))
{
	*e = (struct engine){ .loop = loop, .done = done };
	timer_init(&e->pulse, on_pulse);
}

void engine_fini(struct engine *e)
{
	BUG_ON(e->running_n);
	timer_disarm(&e->loop->timers, &e->pulse);
	while (e->spare) {
		struct run *run = e->spare;

		e->spare = run->next_spare;
		free(run);
	}
}

uint16_t run_port(const struct conf_rs *rs, const struct conf_check *check)
{
	return check->s.port ? check->s.port : rs->s.port;
}

static struct run *run_get(struct engine *e)
{
	struct run *run = e->spare;

	if (run)
		e->spare = run->next_spare;
	else
		run = malloc(sizeof(*run));
	BUG_ON(!run);
	memset(run, 0, sizeof(*run));
	run->lf.fd = run->fd = -1;
	e->running_n++;
	return run;
}

/* The only place where a check's socket is closed. */
static void run_put(struct run *run)
{
	struct engine *e = run->engine;

	timer_disarm(&e->loop->timers, &run->deadline);
	loop_forget(e->loop, &run->lf);
	if (run->fd >= 0)
		conn_close(run->fd, run->is_connected);
	free(run->tx);
	run->next_spare = e->spare;
	e->spare = run;
	e->running_n--;
}

void run_abort(struct run *run)
{
	run_put(run);
}

/* The step fails for a reason of this machine. */
static enum step_verdict fail_local(struct run_result *res, int err)
{
	res->reason = REASON_SOCKERR;
	res->local_err = err;
	return STEP_FAIL;
}

static enum step_verdict step_connect(struct run *run, uint32_t events, struct run_result *res)
{
	int err = 0;

	/* writable without an error: connected, and no need to ask */
	if (!run->is_connected && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != EPOLLOUT)
		err = conn_result(run->fd);
	if (err == -EINPROGRESS)
		return STEP_WAIT;
	/* a reset comes on an established connection only: whether it is seen here or later is chance */
	if (!err || err == -ECONNRESET || err == -EPIPE) {
		run->is_connected = true;
		return STEP_NEXT;
	}
	if (conn_is_local_later(err))
		return fail_local(res, err);
	res->reason = err == -ETIMEDOUT ? REASON_L4TOUT : REASON_L4CON;
	return STEP_FAIL;
}

/* An error on an established connection. */
static enum step_verdict fail_io(struct run_result *res, int err)
{
	if (conn_is_local_later(err))
		return fail_local(res, err);
	res->reason = err == -ETIMEDOUT ? REASON_L7TOUT : REASON_L7RSP;
	return STEP_FAIL;
}

static void keep_rest(struct run *run, const char *data, uint32_t len)
{
	char *rest = malloc(len);

	BUG_ON(!rest);
	memcpy(rest, data, len);
	free(run->tx);
	run->tx = rest;
	run->tx_len = len;
}

static enum step_verdict step_send(struct run *run, struct run_result *res)
{
	char fresh[STEP_TX_LEN];
	const char *data = run->tx ? run->tx : fresh;
	uint32_t len = run->tx ? run->tx_len : run->step->make(run, fresh, sizeof(fresh));
	ssize_t n = send(run->fd, data, len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* reset by a server that may have answered before: its answer counts */
		return errno == EPIPE || errno == ECONNRESET ? STEP_NEXT : fail_io(res, -errno);
	}
	if (n < 0)
		n = 0;
	if ((uint32_t)n == len)
		return STEP_NEXT;
	if (n || !run->tx)
		keep_rest(run, data + n, len - (uint32_t)n);
	return STEP_WAIT;
}

static enum step_verdict step_expect(struct run *run, struct run_result *res)
{
	struct engine *e = run->engine;

	for (;;) {
		ssize_t n = recv(run->fd, e->rx, sizeof(e->rx), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? STEP_WAIT : fail_io(res, -errno);

		enum step_verdict v = run->step->match(run, e->rx, (uint32_t)n, &res->reason);

		if (v != STEP_WAIT)
			return v;
		BUG_ON(!n); /* at the end of the stream there is nothing to wait for */
	}
}

/* Goes on as far as the socket allows. STEP_NEXT: all steps have passed. */
static enum step_verdict advance(struct run *run, uint32_t events, struct run_result *res)
{
	enum step_verdict v = STEP_NEXT;

	while (v == STEP_NEXT) {
		switch (run->step->kind) {
		case STEP_CONNECT:
			v = step_connect(run, events, res);
			break;
		case STEP_SEND:
			v = step_send(run, res);
			break;
		case STEP_EXPECT:
			v = step_expect(run, res);
			break;
		case STEP_DONE:
			res->reason = run->proto->ok;
			return STEP_NEXT;
		}
		if (v == STEP_NEXT)
			run->step++;
	}
	return v;
}

/* late_us: of the deadline that ended it; 0 when something else did. */
static void settle(struct run *run, int64_t late_us, struct run_result *res)
{
	int64_t took_us = clock_now_us() - run->start_us;
	int64_t stalled_us = run->engine->stalled_us - run->stalled_before_us;

	res->code = run->code;
	res->duration_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	if (late_us > stalled_us)
		stalled_us = late_us;
	if (reason_verdict(res->reason) == HEALTH_DOWN &&
	    stalled_us > run->limit_us / STEP_STALL_PART && stalled_us > STEP_SLACK_US)
		(void)fail_local(res, -ETIME);
}

static void end(struct run *run, int64_t late_us, struct run_result *res)
{
	struct engine *e = run->engine;
	void *owner = run->owner;

	settle(run, late_us, res);
	run_put(run);
	e->done(owner, res);
}

static void on_event(struct loop_fd *lf, uint32_t events)
{
	struct run *run = container_of(lf, struct run, lf);
	struct run_result res = { 0 };

	if (advance(run, events, &res) != STEP_WAIT)
		end(run, 0, &res);
}

/* What waits in the socket is looked at before it is called a timeout: this thread may be late. When
 * the connection has been made and nobody had looked, the server lost time by that: not made. */
static void on_deadline(struct timer *t, int64_t now_us)
{
	struct run *run = container_of(t, struct run, deadline);
	bool was_connected = run->is_connected;
	struct run_result res = { 0 };

	if (advance(run, 0, &res) == STEP_WAIT) {
		if (!was_connected && run->is_connected)
			(void)fail_local(&res, -ETIME);
		else
			res.reason = was_connected ? REASON_L7TOUT : REASON_L4TOUT;
	}
	end(run, now_us - t->at_us, &res);
}

/* STEP_WAIT: it is on its way. Else it has ended: *res. */
static enum step_verdict begin(struct run *run, struct run_result *res)
{
	int err = conn_open(&run->rs->s.addr, run_port(run->rs, run->check), &run->fd);

	if (err && err != -EINPROGRESS) {
		if (conn_is_local_start(err))
			return fail_local(res, err);
		res->reason = err == -ETIMEDOUT ? REASON_L4TOUT : REASON_L4CON;
		return STEP_FAIL;
	}
	run->is_connected = !err;

	enum step_verdict v = run->is_connected ? advance(run, 0, res) : STEP_WAIT;

	if (v != STEP_WAIT)
		return v;
	err = loop_add(run->engine->loop, &run->lf, run->fd,
		       EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, on_event);
	return err ? fail_local(res, err) : STEP_WAIT;
}

struct run *run_start(struct engine *e, const struct proto *proto, const struct conf_rs *rs,
		      const struct conf_check *check, void *owner, struct run_result *res)
{
	struct run *run = run_get(e);
	int64_t now_us = clock_now_us();

	run->engine = e;
	run->proto = proto;
	run->step = proto->steps;
	run->owner = owner;
	run->rs = rs;
	run->check = check;
	run->start_us = now_us;
	run->limit_us = check->s.timeout_us;
	run->stalled_before_us = e->stalled_us;
	timer_init(&run->deadline, on_deadline);
	*res = (struct run_result){ 0 };
	if (begin(run, res) != STEP_WAIT) {
		settle(run, 0, res);
		run_put(run);
		return NULL;
	}
	timer_arm(&e->loop->timers, &run->deadline, now_us + run->limit_us);
	if (!e->pulse.is_armed)
		timer_arm(&e->loop->timers, &e->pulse, now_us + STEP_PULSE_US);
	return run;
}
