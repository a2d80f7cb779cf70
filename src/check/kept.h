/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A check over a kept connection that something on the way may have forgotten without a word: a firewall, a
 * router that translates addresses, a server that was switched off and on. That says nothing of the server,
 * so there must be time left for a connection of its own. Pure.
 */
#pragma once

#include <stdint.h>

enum {
	KEPT_PART = 4, /* of the time limit */
	KEPT_ACK_US =
		250000, /* in which any system acknowledges what it got: the longest delay is 200 ms */
};

/* How long after its start a check over a kept connection is looked at: when nothing that it has sent was
 * acknowledged by then, it goes on over a new connection, with the rest of its time. limit_us: all of it. */
int64_t kept_wait_us(int64_t limit_us);
