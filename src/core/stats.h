/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counters of the process. Each thread counts in a block of its own; a reader adds the blocks up.
 */
#pragma once

#include <stdint.h>

enum stat_id {
#define STAT(sym, name, text) STAT_##sym,
#include "core/stats.def"
#undef STAT
	STAT_N
};

struct stat_row {
	const char *name, *text;
};

extern const struct stat_row stat_rows[STAT_N];

/* Gives the calling thread its block; role.c does it. Blocks stay when their thread ends. 0 or -errno. */
int stats_thread_enter(void);

/* Adds n. Any thread that has entered; in others it does nothing. Wait-free. */
void stats_add(enum stat_id id, uint64_t n);

/* The sum over all threads, past and present. Any thread. */
uint64_t stats_sum(enum stat_id id);
