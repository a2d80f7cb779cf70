/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Capabilities. vipd need not be root: as a service it is the user vipd, with those that stand in its unit
 * (AmbientCapabilities=). This file says which are missing for what is configured, and gives up those
 * that only the script helper needs. Those without which vipd is on time only on an idle machine have
 * lines of their own (role.realtime, role.mlock). See capabilities(7).
 */
#pragma once

#include "core/conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

/* What a capability is wanted for. */
enum rights_for {
	RIGHTS_ROUTER, /* VRRP: nothing works without these */
	RIGHTS_PING, /* checks that ping */
	RIGHTS_USER, /* a script runs as somebody else than vipd */
	RIGHTS_OWNER, /* a FIFO belongs to somebody else than vipd */
	RIGHTS_PORT, /* checks come from a port below 1024 */
	RIGHTS_FOR_N
};

struct rights_row {
	enum rights_for what;
	unsigned cap; /* as in linux/capability.h */
	const char *name, *lost; /* what is lost without it */
};

enum { RIGHTS_N = 8 };

extern const struct rights_row rights_rows[RIGHTS_N];

/* Is this row's capability needed (want: bits of rights_for) and not in the set? Pure. */
bool rights_is_missing(const struct rights_row *row, unsigned want, uint64_t have);

/* What this configuration wants, as bits of rights_for. */
unsigned rights_want(const struct conf *c);

/* Is it in the calling thread's effective set? */
bool rights_has(unsigned cap);

/* A line for each one that c needs and vipd has not; then those that are the script helper's alone are
 * given up, and no thread has them. Main, before any thread, when the helper has been started. False:
 * there is no point in going on. */
bool rights_settle(const struct conf *c);

/* A script inherits none, whoever it runs as. Its process, just before its exec. 0 or errno. */
int rights_none_inherited(void);
