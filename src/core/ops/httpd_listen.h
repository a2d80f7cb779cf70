/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the HTTP endpoint listens: one address each. It is opened, tried again when it can't be had, and
 * new clients are taken from it, a few a turn; when no descriptor is free it waits a moment instead of
 * asking again at once. Main.
 */
#pragma once

#include "core/loop.h"

#include <stdbool.h>
#include <sys/socket.h>

enum {
	HTTPD_RETRY_S = 10, /* from one try to open an address to the next */
	HTTPD_PAUSE_MS = 100, /* after no descriptor was free */
	HTTPD_ACCEPT_N = 16, /* clients taken in one turn */
	HTTPD_HOST_LEN = 64,
};

/* Takes the descriptor, which is non-blocking. */
typedef void httpd_take_fn(void *arg, int fd, const struct sockaddr_storage *from, socklen_t len);

struct httpd_listener {
	struct loop *loop;
	struct loop_fd fd;
	struct timer again; /* the next try to open it, or the end of the pause */
	struct sockaddr_storage sa;
	char text[HTTPD_HOST_LEN + 8]; /* as in the configuration */
	httpd_take_fn *take;
	void *arg;
	bool is_told; /* that it can't be had */
};

/* "127.0.0.1:9165", "[::1]:9165". False: it is no address with a port (conf_check() has seen that it is). */
bool httpd_listener_init(struct httpd_listener *l, struct loop *loop, const char *text);

/* Opens it now, or later. take gets arg. */
void httpd_listener_open(struct httpd_listener *l, httpd_take_fn *take, void *arg);
void httpd_listener_close(struct httpd_listener *l);
