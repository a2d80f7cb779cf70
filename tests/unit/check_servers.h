/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Small servers on the loopback interface for the tests of src/check: one thread serves all of them,
 * each behaves as its mode says, which may change at any time.
 */
#pragma once

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum server_mode {
	SERVE_OK, /* HTTP 200 */
	SERVE_INTERIM, /* 103, then 204 */
	SERVE_503,
	SERVE_SILENT, /* takes the request and says nothing */
	SERVE_DRIP, /* a byte of the answer now and then */
	SERVE_ENDLESS, /* headers without end */
	SERVE_GARBAGE,
	SERVE_CLOSE, /* closes without an answer */
	SERVE_RESET, /* resets without an answer */
	SERVE_AGENT, /* "up 50%" to whoever connects */
	SERVE_DRAIN, /* as an agent */
	SERVE_READY,
	SERVE_NOBODY, /* nobody listens */
};

enum { SERVERS_MAX = 16, CONNS_MAX = 512, SERVER_TICK_MS = 5 };

struct server {
	int fd;
	uint16_t port;
	_Atomic int mode;
	atomic_uint accepted_n, answered_n, open_n, open_max_n;
};

struct conn_state {
	struct server *server;
	int fd; /* -1: free */
	unsigned sent_n;
	bool is_asked, is_done;
};

struct servers {
	struct server server[SERVERS_MAX];
	unsigned n;
	struct conn_state conn[CONNS_MAX];
	pthread_t thread;
	atomic_bool is_stopping;
};

/* At the nth address of 127.0.0.0/8. */
static inline uint16_t server_add_at(struct servers *s, enum server_mode mode, uint32_t nth)
{
	struct server *sv = &s->server[s->n++];
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + nth) };
	socklen_t len = sizeof(a);

	sv->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(sv->fd >= 0);
	assert_int_equal(bind(sv->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	if (mode != SERVE_NOBODY)
		assert_int_equal(listen(sv->fd, CONNS_MAX), 0);
	assert_int_equal(getsockname(sv->fd, (struct sockaddr *)&a, &len), 0);
	sv->port = ntohs(a.sin_port);
	atomic_store(&sv->mode, mode);
	return sv->port;
}

static inline uint16_t server_add(struct servers *s, enum server_mode mode)
{
	return server_add_at(s, mode, 1);
}

static inline void conn_end(struct conn_state *c)
{
	(void)close(c->fd);
	c->fd = -1;
	atomic_fetch_sub(&c->server->open_n, 1);
}

static inline void server_accept(struct servers *s, struct server *sv)
{
	int fd;

	while ((fd = accept4(sv->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn_state *c = s->conn;

		while (c < s->conn + CONNS_MAX && c->fd >= 0)
			c++;
		if (c == s->conn + CONNS_MAX) {
			(void)close(fd);
			continue;
		}
		*c = (struct conn_state){ .server = sv, .fd = fd };
		atomic_fetch_add(&sv->accepted_n, 1);

		unsigned open_n = atomic_fetch_add(&sv->open_n, 1) + 1;

		if (open_n > atomic_load(&sv->open_max_n))
			atomic_store(&sv->open_max_n, open_n);
	}
}

static inline void say(struct conn_state *c, const char *text)
{
	(void)!send(c->fd, text, strlen(text), MSG_NOSIGNAL);
}

static inline void say_endless(struct conn_state *c)
{
	if (!c->sent_n++)
		say(c, "HTTP/1.1 200 OK\r\n");
	while (send(c->fd, "X-More: and more\r\n", 18, MSG_NOSIGNAL) > 0)
		;
}

static inline void say_drop(struct conn_state *c)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";

	if (c->sent_n < sizeof(text) - 1 && send(c->fd, text + c->sent_n, 1, MSG_NOSIGNAL) == 1)
		c->sent_n++;
}

static inline void conn_answer(struct conn_state *c)
{
	struct linger now = { .l_onoff = 1 };

	/* before the other side can know */
	if (!c->sent_n)
		atomic_fetch_add(&c->server->answered_n, 1);
	switch ((enum server_mode)atomic_load(&c->server->mode)) {
	case SERVE_OK:
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		break;
	case SERVE_INTERIM:
		say(c, "HTTP/1.1 103 Hints\r\n\r\n");
		say(c, "HTTP/1.1 204 No Content\r\n\r\n");
		break;
	case SERVE_503:
		say(c, "HTTP/1.0 503 Busy\r\n\r\n");
		break;
	case SERVE_ENDLESS:
		say_endless(c);
		return;
	case SERVE_DRIP:
		say_drop(c);
		return;
	case SERVE_GARBAGE:
		say(c, "\x16\x03\x01 what is this\r\n");
		break;
	case SERVE_RESET:
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		break;
	case SERVE_AGENT:
		say(c, "up 50%\n");
		break;
	case SERVE_DRAIN:
		say(c, "drain\n");
		break;
	case SERVE_READY:
		say(c, "ready up 100%\n");
		break;
	case SERVE_SILENT:
	case SERVE_NOBODY:
	case SERVE_CLOSE:
		break;
	}
	c->is_done = true;
}

static inline void conn_serve(struct conn_state *c)
{
	char junk[4096];
	ssize_t n = recv(c->fd, junk, sizeof(junk), 0);
	int mode = atomic_load(&c->server->mode);

	if (!n || (n < 0 && errno != EAGAIN)) {
		conn_end(c);
		return;
	}
	c->is_asked |= n > 0 || mode == SERVE_AGENT || mode == SERVE_DRAIN || mode == SERVE_READY;
	if (c->is_asked && !c->is_done)
		conn_answer(c);
	if (c->is_done && mode != SERVE_SILENT)
		conn_end(c);
}

static inline void *servers_main(void *arg)
{
	struct servers *s = arg;

	while (!atomic_load(&s->is_stopping)) {
		struct pollfd p[SERVERS_MAX + CONNS_MAX];
		nfds_t n = 0;

		for (unsigned i = 0; i < s->n; i++)
			if (atomic_load(&s->server[i].mode) != SERVE_NOBODY)
				p[n++] = (struct pollfd){ .fd = s->server[i].fd, .events = POLLIN };
		for (unsigned i = 0; i < CONNS_MAX; i++)
			if (s->conn[i].fd >= 0)
				p[n++] = (struct pollfd){ .fd = s->conn[i].fd, .events = POLLIN };
		(void)poll(p, n, SERVER_TICK_MS);
		for (unsigned i = 0; i < s->n; i++)
			server_accept(s, &s->server[i]);
		for (unsigned i = 0; i < CONNS_MAX; i++)
			if (s->conn[i].fd >= 0)
				conn_serve(&s->conn[i]);
	}
	return NULL;
}

/* After the last server_add(). */
static inline void servers_start(struct servers *s)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		s->conn[i].fd = -1;
	assert_int_equal(pthread_create(&s->thread, NULL, servers_main, s), 0);
}

static inline void servers_stop(struct servers *s)
{
	atomic_store(&s->is_stopping, true);
	(void)pthread_join(s->thread, NULL);
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (s->conn[i].fd >= 0)
			(void)close(s->conn[i].fd);
	for (unsigned i = 0; i < s->n; i++)
		(void)close(s->server[i].fd);
}
