/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a reload would take away so many real servers that it must be meant: a file that was written
 * half, an include that lost its content or another site's configuration look like that. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Below this many running servers nothing is refused: in a table of a handful, half is soon gone. */
enum { GUARD_SERVERS_N = 10 };

struct guard_case {
	uint32_t servers_n; /* of the configuration that runs */
	uint32_t
		removed_n; /* of these that the new one does not have (by service, address and port) */
	uint8_t max_removed_pct; /* of the configuration that runs */
	bool is_forced;
};

/* True: not without --force. */
bool guard_refuses(const struct guard_case *g);
