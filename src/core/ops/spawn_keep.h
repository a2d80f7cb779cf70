/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The keeper: the parent of the script helper. It starts the helper, and another one when that dies.
 * See spawn.h.
 */
#pragma once

#include <stdint.h>

enum {
	SPAWN_KEEP_FIRST_US = 100000, /* from the death of a helper to the start of the next one, */
	SPAWN_KEEP_LAST_US = 10000000, /* doubled each time up to this; */
	SPAWN_KEEP_WELL_US = 60000000, /* one that has lived for so long is no failure */
};

/* How long to wait before the next helper: the one that died has lived for lived_us, and before it the
 * wait was last_us (0: none). Pure. */
int64_t spawn_keep_wait_us(int64_t last_us, int64_t lived_us);

/* Until main has closed its end of the socket and the helper has ended. In the keeper only. */
void spawn_keep(int main_fd);
