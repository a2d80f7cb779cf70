/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See steps.h. System calls of a TCP check: socket, connect, epoll_ctl, epoll_wait (shared),
 * setsockopt, close; of an HTTP check besides: send, recv and one more recv; on a kept connection:
 * send, recv, one more recv.
 *
 * The socket is watched edge-triggered for everything at once, so that going from one step to the
 * next costs no call, and TLS may want to read while it writes. So every step goes on until the socket
 * says EAGAIN, or has read so much that it asks for another turn.
 */
#include "check/steps.h"

#include "check/kept.h"
#include "core/bug.h"
#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
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
		 void (*done)(struct engine *e, void *owner, const struct run_result *res))
{
	memset(e, 0, sizeof(*e));
	e->loop = loop;
	e->done = done;
	timer_init(&e->pulse, on_pulse);
}

void engine_fini(struct engine *e)
{
	BUG_ON(e->running_n || e->kept_n);
	timer_disarm(&e->loop->timers, &e->pulse);
	while (e->spare) {
		struct run *run = e->spare;

		e->spare = run->next_spare;
		free(run);
	}
}

const struct ip_addr *run_addr(const struct conf_rs *rs, const struct conf_check *check)
{
	return check->s.ip.family ? &check->s.ip : &rs->s.addr;
}

uint16_t run_port(const struct conf_rs *rs, const struct conf_check *check)
{
	return check->s.port ? check->s.port : rs->s.port;
}

void run_say(struct run *run, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(run->detail, sizeof(run->detail), fmt, args);
	va_end(args);
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
	e->running_n++;
	return run;
}

static void run_put(struct run *run, bool has_passed)
{
	struct engine *e = run->engine;

	timer_disarm(&e->loop->timers, &run->deadline);
	run_conn_release(run, has_passed);
	if (run->ask.proto->fini)
		run->ask.proto->fini(run);
	free(run->tx);
	if (run->held)
		conf_drop(run->held);
	run->next_spare = e->spare;
	e->spare = run;
	e->running_n--;
}

void run_hold(struct run *run, const struct conf *conf)
{
	if (run->held)
		return;
	conf_hold_again(conf);
	run->held = conf;
}

void run_abort(struct run *run)
{
	if (run->ask.proto->abort)
		run->ask.proto->abort(run);
	run_put(run, false);
}

/* ---- steps ---- */

/* The step fails for a reason of this machine. */
static enum step_verdict fail_local(struct run_result *res, int err)
{
	res->reason = REASON_SOCKERR;
	res->local_err = err;
	return STEP_FAIL;
}

/* The time of the connection alone is over; from now on that of the whole counts. */
static void connected(struct run *run)
{
	run->conn->is_connected = true;
	if (run->ask.check->s.connect_timeout_us && run->deadline.is_armed)
		timer_arm(&run->engine->loop->timers, &run->deadline,
			  run->start_us + run->limit_us);
}

static enum step_verdict step_connect(struct run *run, uint32_t events, struct run_result *res)
{
	int err = 0;

	/* writable without an error: connected, and no need to ask */
	if (!run->conn->is_connected && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != EPOLLOUT)
		err = conn_result(run->conn->fd);
	if (err == -EINPROGRESS)
		return STEP_WAIT;
	/* a reset comes on an established connection only: whether it is seen here or later is chance */
	if (!err || err == -ECONNRESET || err == -EPIPE) {
		connected(run);
		return STEP_NEXT;
	}
	if (conn_is_local_later(err))
		return fail_local(res, err);
	res->reason = err == -ETIMEDOUT ? REASON_L4TOUT : REASON_L4CON;
	return STEP_FAIL;
}

static enum step_verdict step_tls(struct run *run, struct run_result *res)
{
	struct run_keep *keep = run->ask.keep;

	if (!run->tls)
		return STEP_NEXT;
	if (!run->conn->ssl)
		run->conn->ssl =
			tls_open(run->tls, run->conn->fd, run_addr(run->ask.rs, run->ask.check),
				 keep ? &keep->session : NULL, run->start_us);
	if (!run->conn->ssl)
		return fail_local(res, -ENOMEM);

	enum tls_result r = tls_handshake(run->conn->ssl, run->tls, run->detail);

	if (keep && r != TLS_WAIT)
		tls_seen_take(&keep->seen, run->conn->ssl);
	switch (r) {
	case TLS_OK:
		run_end_handshake(run);
		return STEP_NEXT;
	case TLS_WAIT:
		return STEP_WAIT;
	case TLS_FAIL:
		break;
	}
	/* what has failed once is not to be resumed */
	if (keep)
		tls_session_drop(&keep->session);
	res->reason = REASON_L6RSP;
	return STEP_FAIL;
}

/* An error on an established connection. */
static enum step_verdict fail_io(struct run *run, struct run_result *res, int err)
{
	if (conn_is_local_later(err))
		return fail_local(res, err);
	if (run->ask.proto->conn != CONN_STREAM)
		res->reason = REASON_L4CON;
	else
		res->reason = err == -ETIMEDOUT ? REASON_L7TOUT : REASON_L7RSP;
	if (!*run->detail)
		run_say(run, "%s", strerrordesc_np(-err));
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

/* Bytes taken or -errno. */
static ssize_t put(struct run *run, const char *data, uint32_t len)
{
	if (run->conn->ssl)
		return tls_send(run->conn->ssl, data, len, run->detail);

	ssize_t n = send(run->conn->fd, data, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

static enum step_verdict step_send(struct run *run, struct run_result *res)
{
	const char *data = run->tx ? run->tx : run->engine->tx;
	uint32_t len = run->tx ? run->tx_len
			       : run->step->make(run, run->engine->tx, sizeof(run->engine->tx));

	while (len) {
		ssize_t n = put(run, data, len);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN) {
			keep_rest(run, data, len);
			return STEP_WAIT;
		}
		/* ended by a server that may have answered before: its answer counts */
		if (n == -EPIPE || n == -ECONNRESET || n == -EPROTO)
			break;
		if (n < 0)
			return fail_io(run, res, (int)n);
		data += n;
		len -= (uint32_t)n;
	}
	free(run->tx);
	run->tx = NULL;
	return STEP_NEXT;
}

/* Bytes, 0 for the end, or -errno. */
static ssize_t get(struct run *run)
{
	struct engine *e = run->engine;

	if (run->conn->ssl)
		return tls_recv(run->conn->ssl, e->rx, sizeof(e->rx), &run->was_clean, run->detail);

	ssize_t n = recv(run->conn->fd, e->rx, sizeof(e->rx), 0);

	run->was_clean = true;
	return n < 0 ? -errno : n;
}

static enum step_verdict step_expect(struct run *run, struct run_result *res)
{
	bool is_stream = run->ask.proto->conn == CONN_STREAM;

	if (run->step->enter) {
		enum step_verdict v = run->step->enter(run, &res->reason);

		if (v != STEP_WAIT)
			return v;
	}
	while (run->reads_n < STEP_READS_N) {
		ssize_t n = get(run);

		run->reads_n++;
		if (n == -EINTR)
			continue;
		if (n == -EINPROGRESS)
			break;
		if (n < 0)
			return n == -EAGAIN ? STEP_WAIT : fail_io(run, res, (int)n);
		if (n && !run->conn->h2) /* of HTTP/2 it need not be our answer */
			run->is_reused = false;

		enum step_verdict v =
			run->step->match(run, run->engine->rx, (uint32_t)n, &res->reason);

		if (v != STEP_WAIT)
			return v;
		BUG_ON(!n && is_stream); /* at its end there is nothing to wait for */
	}
	/* it comes faster than it is read: the others must not wait for that, nor the deadline */
	run_conn_again(run);
	return STEP_WAIT;
}

static enum step_verdict step_loop(struct run *run)
{
	if (!run->step->again(run))
		return STEP_NEXT;
	run->step = run->ask.proto->steps + run->step->to - 1; /* advance() adds one */
	return STEP_NEXT;
}

/* Goes on as far as the socket allows, once in a turn: a protocol that reads, answers and reads again has
 * no more of it than one that only reads. STEP_NEXT: all steps have passed. */
static enum step_verdict advance(struct run *run, uint32_t events, struct run_result *res)
{
	enum step_verdict v = STEP_NEXT;

	run->reads_n = 0;
	while (v == STEP_NEXT) {
		switch (run->step->kind) {
		case STEP_CONNECT:
			v = step_connect(run, events, res);
			break;
		case STEP_TLS:
			v = step_tls(run, res);
			break;
		case STEP_SEND:
			v = step_send(run, res);
			break;
		case STEP_EXPECT:
			v = step_expect(run, res);
			break;
		case STEP_LOOP:
			v = step_loop(run);
			break;
		case STEP_DONE:
			res->reason = run->ask.proto->ok;
			return STEP_NEXT;
		}
		if (v == STEP_NEXT)
			run->step++;
	}
	return v;
}

/* ---- the end ---- */

/* How long this process was held up while the run was under way. What tells of it may still wait for its
 * turn: the pulse, and the run's own deadline. */
static int64_t held_up_us(const struct run *run, int64_t now_us)
{
	const struct engine *e = run->engine;
	int64_t stalled_us = e->stalled_us - run->stalled_before_us;
	int64_t pulse_us = e->pulse.is_armed ? now_us - e->pulse.at_us : 0;
	int64_t over_us = 0;

	/* a script may wait in the helper before its time begins */
	if (run->ask.proto->conn != CONN_NONE)
		over_us = now_us - run->start_us - run->limit_us;
	if (pulse_us > STEP_SLACK_US)
		stalled_us += pulse_us;
	return over_us > stalled_us ? over_us : stalled_us;
}

/* late_us: of the deadline that ended it; 0 when something else did. */
static void settle(struct run *run, int64_t late_us, struct run_result *res)
{
	int64_t now_us = clock_now_us(), took_us = now_us - run->start_us;
	int64_t stalled_us = held_up_us(run, now_us);

	res->code = run->code;
	res->weight = run->weight;
	res->duration_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	memcpy(res->detail, run->detail, sizeof(res->detail));
	if (late_us > stalled_us)
		stalled_us = late_us;
	if (reason_verdict(res->reason) == HEALTH_DOWN &&
	    stalled_us > run->limit_us / STEP_STALL_PART && stalled_us > STEP_SLACK_US)
		(void)fail_local(res, -ETIME);
}

static void end(struct run *run, int64_t late_us, struct run_result *res)
{
	struct engine *e = run->engine;
	void *owner = run->ask.owner;

	settle(run, late_us, res);
	run_put(run, reason_verdict(res->reason) == HEALTH_UP);
	e->done(e, owner, res);
}

void run_finish(struct run *run, enum check_reason reason, int local_err)
{
	struct run_result res = { .reason = reason, .local_err = local_err };

	end(run, 0, &res);
}

static enum step_verdict begin(struct run *run, struct run_result *res);

static void arm_deadline(struct run *run, int64_t at_us)
{
	timer_arm(&run->engine->loop->timers, &run->deadline, at_us);
}

/* A kept connection whose other end closed it just as we wrote, or that something on the way has forgotten:
 * that says nothing of the server, and is seen only now. Once, and in what is left of the time. */
static bool try_again(struct run *run, struct run_result *res, enum step_verdict *v)
{
	if (*v != STEP_FAIL || !run->is_reused || res->reason == REASON_SOCKERR)
		return false;
	run->is_reused = false;
	run_conn_release(run, false);
	if (run->ask.proto->fini)
		run->ask.proto->fini(run);
	memset(run->ctx, 0, sizeof(run->ctx));
	free(run->tx);
	run->tx = NULL;
	*run->detail = '\0';
	run->step = run->ask.proto->steps;
	*res = (struct run_result){ 0 };
	*v = begin(run, res);

	int64_t connect_us = run->ask.check->s.connect_timeout_us;
	int64_t at_us = clock_now_us() + connect_us, end_us = run->start_us + run->limit_us;
	bool is_sooner = connect_us && at_us < end_us && !run->conn->is_connected;

	arm_deadline(run, is_sooner ? at_us : end_us);
	return true;
}

static void on_event(struct loop_fd *lf, uint32_t events)
{
	struct run_conn *c = container_of(lf, struct run_conn, lf);
	struct run *run = c->run;
	struct run_result res = { 0 };

	if (!run) {
		run_conn_idle(c);
		return;
	}

	enum step_verdict v = advance(run, events, &res);

	(void)try_again(run, &res, &v);
	if (v != STEP_WAIT)
		end(run, 0, &res);
}

static enum check_reason timeout_reason(const struct run *run, const struct step *step)
{
	if (step->kind == STEP_CONNECT || run->ask.proto->conn == CONN_PING)
		return REASON_L4TOUT;
	return step->kind == STEP_TLS ? REASON_L6TOUT : REASON_L7TOUT;
}

/* A check over a kept connection has run for a while (kept.h). */
static void on_kept_wait(struct run *run)
{
	struct run_result res = { 0 };
	enum step_verdict v = advance(run, 0, &res);

	if (v == STEP_WAIT && run->is_reused && run_conn_is_forgotten(run)) {
		res.reason = REASON_L7TOUT;
		v = STEP_FAIL;
	}
	arm_deadline(run, run->start_us + run->limit_us);
	(void)try_again(run, &res, &v);
	if (v != STEP_WAIT)
		end(run, 0, &res);
}

/* What waits in the socket is looked at before it is called a timeout: this thread may be late. When
 * that leads to another step and nobody had looked, the server lost time by it: not made. */
static void on_deadline(struct timer *t, int64_t now_us)
{
	struct run *run = container_of(t, struct run, deadline);
	const struct proto *proto = run->ask.proto;
	const struct step *was = run->step;
	struct run_result res = { 0 };

	if (run->conn && run->conn->is_connected && now_us < run->start_us + run->limit_us) {
		on_kept_wait(run);
		return;
	}
	if (proto->conn == CONN_NONE) {
		proto->abort(run);
		(void)fail_local(&res, -ETIMEDOUT);
	} else if (advance(run, 0, &res) == STEP_WAIT) {
		if (was != run->step)
			(void)fail_local(&res, -ETIME);
		else if (proto->timeout && proto->timeout(run) == STEP_NEXT)
			res.reason = proto->ok;
		else
			res.reason = timeout_reason(run, was);
	}
	end(run, now_us - t->at_us, &res);
}

/* ---- the beginning ---- */

/* STEP_WAIT: it is on its way. Else it has ended: *res. */
static enum step_verdict begin(struct run *run, struct run_result *res)
{
	int err = run_conn_open(run, on_event);

	if (err && err != -EINPROGRESS) {
		if (conn_is_local_start(err))
			return fail_local(res, err);
		res->reason = err == -ETIMEDOUT ? REASON_L4TOUT : REASON_L4CON;
		return STEP_FAIL;
	}

	enum step_verdict v = run->conn->is_connected ? advance(run, 0, res) : STEP_WAIT;

	if (v != STEP_WAIT)
		return v;
	err = run_conn_watch(run);
	return err ? fail_local(res, err) : STEP_WAIT;
}

static enum step_verdict begin_any(struct run *run, struct run_result *res)
{
	const struct proto *proto = run->ask.proto;

	if (proto->look) {
		enum step_verdict v = proto->look(run, &res->reason);

		if (v == STEP_NEXT)
			res->reason = proto->ok;
		return v;
	}
	if (proto->conn == CONN_NONE) {
		int err = proto->start(run);

		return err ? fail_local(res, err) : STEP_WAIT;
	}
	if (!run_conn_take_kept(run))
		return begin(run, res);

	enum step_verdict v = advance(run, 0, res);

	(void)try_again(run, res, &v);
	return v;
}

static int64_t first_limit_us(const struct run *run)
{
	int64_t connect_us = run->ask.check->s.connect_timeout_us;
	bool is_connected = run->conn && run->conn->is_connected;

	if (run->ask.proto->conn == CONN_NONE)
		return run->limit_us + SEC(STEP_SCRIPT_WAIT_S);
	if (run->is_reused)
		return kept_wait_us(run->limit_us);
	return connect_us && connect_us < run->limit_us && !is_connected ? connect_us
									 : run->limit_us;
}

struct run *run_start(struct engine *e, const struct run_ask *ask, struct run_result *res)
{
	struct run *run = run_get(e);
	int64_t now_us = clock_now_us();

	run->ask = *ask;
	run->engine = e;
	run->step = ask->proto->steps;
	run->tls = kit_tls(ask->kit, ask->url);
	run->start_us = now_us;
	run->limit_us = ask->check->s.timeout_us;
	run->stalled_before_us = e->stalled_us;
	timer_init(&run->deadline, on_deadline);
	memset(res, 0, sizeof(*res));
	if (begin_any(run, res) != STEP_WAIT) {
		settle(run, 0, res);
		run_put(run, reason_verdict(res->reason) == HEALTH_UP);
		return NULL;
	}
	timer_arm(&e->loop->timers, &run->deadline, now_us + first_limit_us(run));
	if (!e->pulse.is_armed)
		timer_arm(&e->loop->timers, &e->pulse, now_us + STEP_PULSE_US);
	return run;
}
