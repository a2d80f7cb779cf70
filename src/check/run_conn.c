/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The connection of a run (steps.h): opened, kept for the next check of the same probe, closed. The one
 * place that closes a check's socket.
 */
#include "check/steps.h"

#include "check/h2.h"
#include "core/bug.h"
#include "core/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define WATCH ((uint32_t)EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* The only place where a check's socket is closed. */
static void conn_put(struct run_conn *c, uint8_t mode)
{
	loop_forget(c->engine->loop, &c->lf);
	h2_free(c->h2);
	tls_close(c->ssl);
	if (c->fd >= 0)
		conn_close(c->fd, c->is_stream && c->is_connected && mode != CLOSE_FIN);
	free(c);
}

void run_keep_drop(struct run_keep *keep)
{
	if (keep->conn) {
		keep->conn->engine->kept_n--;
		conn_put(keep->conn, CLOSE_RST);
	}
	keep->conn = NULL;
	tls_session_drop(&keep->session);
}

/* Bytes, 0 for the end, or -errno. What is no HTTP/2 is left where it is. */
static ssize_t idle_get(struct run_conn *c)
{
	struct engine *e = c->engine;
	char text[TLS_TEXT_LEN];
	bool is_clean;
	ssize_t n;

	/* tickets and the like are taken in here, and are no end */
	if (c->ssl)
		return tls_recv(c->ssl, e->rx, c->h2 ? sizeof(e->rx) : 1, &is_clean, text);
	n = recv(c->fd, e->rx, c->h2 ? sizeof(e->rx) : 1, c->h2 ? 0 : MSG_PEEK);
	return n < 0 ? -errno : n;
}

/* Sends what HTTP/2 has to say by itself. False: it can't be sent at once, and nobody waits for that. */
static bool idle_flush(struct run_conn *c)
{
	struct engine *e = c->engine;
	char text[TLS_TEXT_LEN];
	uint32_t len;

	while ((len = h2_take(c->h2, e->tx, sizeof(e->tx))) > 0) {
		for (uint32_t at = 0; at < len;) {
			ssize_t n = c->ssl ? tls_send(c->ssl, e->tx + at, len - at, text)
					   : send(c->fd, e->tx + at, len - at, MSG_NOSIGNAL);

			if (n <= 0)
				return false;
			at += (uint32_t)n;
		}
	}
	return true;
}

static bool is_idle_well(struct run_conn *c)
{
	for (unsigned i = 0; i < STEP_READS_N; i++) {
		ssize_t n = idle_get(c);

		if (n == -EAGAIN)
			return !c->h2 || idle_flush(c);
		if (n == -EINTR)
			continue;
		if (n <= 0 || !c->h2 || !h2_idle(c->h2, c->engine->rx, (uint32_t)n))
			return false;
	}
	return false; /* it comes faster than it is read */
}

void run_conn_idle(struct run_conn *c)
{
	if (is_idle_well(c))
		return;
	c->keep->conn = NULL;
	c->engine->kept_n--;
	conn_put(c, CLOSE_AUTO);
}

bool run_conn_is_forgotten(const struct run *run)
{
	int unacked = 0;

	return !ioctl(run->conn->fd, SIOCOUTQ, &unacked) && unacked > 0;
}

void run_end_handshake(struct run *run)
{
	if (run->is_in_handshake)
		run->engine->handshake_n--;
	run->is_in_handshake = false;
}

static bool rests(struct run_conn *c)
{
	if (!c->h2)
		return true;
	h2_rest(c->h2);
	return idle_flush(c);
}

void run_conn_release(struct run *run, bool has_passed)
{
	struct run_keep *keep = run->ask.keep;
	struct run_conn *c = run->conn;
	struct engine *e = run->engine;

	run_end_handshake(run);
	run->conn = NULL;
	if (!c)
		return;
	if (c->ssl && keep)
		tls_keep_session(c->ssl, run->tls, &keep->session, clock_now_us());
	if (!has_passed || !run->may_keep || !keep || !run->ask.check->s.keepalive ||
	    e->kept_n >= e->kept_max_n || c->lf.fd < 0 || !rests(c)) {
		conn_put(c, run->ask.check->s.close);
		return;
	}
	c->run = NULL;
	c->keep = keep;
	keep->conn = c;
	e->kept_n++;
}

static struct conn_want want_of(const struct run *run)
{
	const struct conf_check *ck = run->ask.check;

	return (struct conn_want){ .kind = run->ask.proto->conn,
				   .to = *run_addr(run->ask.rs, ck),
				   .port = run_port(run->ask.rs, ck),
				   .from = ck->s.bind_ip,
				   .from_port = ck->s.bind_port,
				   .mark = ck->s.fwmark,
				   .dev = ck->s.bind_if };
}

int run_conn_open(struct run *run, loop_fn *on_event)
{
	struct conn_want want = want_of(run);
	struct run_conn *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	c->lf.fd = -1;
	c->on_event = on_event;
	c->engine = run->engine;
	c->run = run;
	c->made_us = run->start_us;
	run->conn = c;

	int err = conn_open(&want, &c->fd, &c->is_raw);

	c->is_stream = want.kind == CONN_STREAM;
	c->is_connected = !err;
	if (!err || err == -EINPROGRESS) {
		run->is_in_handshake = run->tls != NULL;
		run->engine->handshake_n += run->is_in_handshake;
	}
	return err;
}

bool run_conn_take_kept(struct run *run)
{
	struct run_keep *keep = run->ask.keep;
	struct run_conn *c = keep ? keep->conn : NULL;

	if (!c)
		return false;
	keep->conn = NULL;
	run->engine->kept_n--;
	if (run->start_us - c->made_us > SEC(STEP_KEEP_S)) {
		conn_put(c, CLOSE_AUTO);
		return false;
	}
	c->run = run;
	run->conn = c;
	run->is_reused = true;
	while (run->step->kind == STEP_CONNECT || run->step->kind == STEP_TLS)
		run->step++;
	return true;
}

int run_conn_watch(struct run *run)
{
	struct run_conn *c = run->conn;

	return loop_add(run->engine->loop, &c->lf, c->fd, WATCH, c->on_event);
}

void run_conn_again(struct run *run)
{
	struct run_conn *c = run->conn;

	/* what is not watched yet will be, and then the first event comes by itself */
	if (c->lf.fd >= 0)
		loop_set(run->engine->loop, &c->lf, WATCH);
}
