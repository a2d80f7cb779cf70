/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The socket of a check: opened without waiting, closed without a trace (no TIME_WAIT stays behind,
 * which at thousands of checks a second would fill the kernel's tables) unless told otherwise.
 *
 * Also the judge of errors: is it the server's, or is this machine unable to check?
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum conn_kind {
	CONN_NONE, /* the check needs no socket */
	CONN_STREAM, /* TCP */
	CONN_DATAGRAM, /* UDP, with the errors that ICMP brings */
	CONN_PING, /* ping socket; conn_open() takes a raw one where that is not allowed */
};

struct conn_want {
	enum conn_kind kind;
	struct ip_addr to, from; /* from: family 0 = any */
	uint16_t port, from_port; /* from_port: 0 = any */
	uint32_t mark; /* SO_MARK; 0 = none */
	const char *dev; /* the interface it goes out of; NULL = by route */
};

/* Opens a socket and starts to connect. *fd is the socket, or -1 with a failure; *is_raw: a ping goes
 * over a raw socket.
 *	0		connected already
 *	-EINPROGRESS	on its way: writable when it is done (conn_result())
 *	other -errno	failed; see conn_is_local_start() */
int conn_open(const struct conn_want *want, int *fd, bool *is_raw);

/* How a connection that was on its way has ended: 0, -EINPROGRESS (it has not) or -errno. */
int conn_result(int fd);

/* Closes it; one that was established with a reset when that is asked for. */
void conn_close(int fd, bool with_reset);

/* An error that conn_open() gave: true when this machine is the reason (no descriptor, no port, no
 * route, forbidden). What the server or the network on the way answers is false. */
bool conn_is_local_start(int err);

/* The same for an error that came later: an unreachable host is the network's word then. */
bool conn_is_local_later(int err);
