/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A TCP connection of a check: opened without waiting, closed without a trace (no TIME_WAIT stays
 * behind, which at thousands of checks a second would fill the kernel's tables).
 *
 * Also the judge of errors: is it the server's, or is this machine unable to check?
 */
#pragma once

#include "core/addr.h"

#include <stdbool.h>
#include <stdint.h>

/* Opens a socket and starts to connect. *fd is the socket, or -1 with a failure.
 *	0		connected already
 *	-EINPROGRESS	on its way: writable when it is done (conn_result())
 *	other -errno	failed; see conn_is_local_start() */
int conn_open(const struct ip_addr *addr, uint16_t port, int *fd);

/* How a connection that was on its way has ended: 0, -EINPROGRESS (it has not) or -errno. */
int conn_result(int fd);

/* Closes it; one that was established with a reset. */
void conn_close(int fd, bool is_connected);

/* An error that conn_open() gave: true when this machine is the reason (no descriptor, no port, no
 * route, forbidden). What the server or the network on the way answers is false. */
bool conn_is_local_start(int err);

/* The same for an error that came later: an unreachable host is the network's word then. */
bool conn_is_local_later(int err);
