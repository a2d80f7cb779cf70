/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The notify role: tells people what happens. See notify.c.
 */
#pragma once

#include "core/ops/spawn.h"
#include "core/role.h"

#include <stdint.h>

enum {
	/* Events that wait for the notify role. A director whose 100,000 servers fall at once posts more
	 * than fit; see event.h for what comes then. */
	NOTIFY_VRRP_EVENTS_N = 16384,
	NOTIFY_IPVS_EVENTS_N = 32768,
	NOTIFY_STOP_US = 20000000, /* at stop: longest wait for scripts and mails */
};

struct notify;

/* Makes the rings and the history and puts them on the board, which outlives it. Never NULL. Main, before
 * the roles that post. */
struct notify *notify_new(struct board *board);

/* For role_prepare() and role_start(). It is to be the last that is stopped. */
struct role *notify_role(struct notify *n);

/* After every role has been joined. */
void notify_free(struct notify *n);
