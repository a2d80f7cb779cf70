/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counters of the process. Each thread counts in a block of its own; a reader adds the blocks up.
 */
#pragma once

#include "core/late.h"

#include <stdint.h>

enum stat_id {
#define STAT(sym, name, text) STAT_##sym,
#define LATE(sym, name, text)
#include "core/stats.def"
#undef STAT
#undef LATE
	STAT_N
};

enum late_id {
#define STAT(sym, name, text)
#define LATE(sym, name, text) LATE_##sym,
#include "core/stats.def"
#undef STAT
#undef LATE
	LATE_N
};

struct stat_row {
	const char *name, *text;
};

extern const struct stat_row stat_rows[STAT_N], late_rows[LATE_N];

/* Gives the calling thread its block; role.c does it. Blocks stay when their thread ends. 0 or -errno. */
int stats_thread_enter(void);

/* Adds n. Any thread that has entered; in others it does nothing. Wait-free. */
void stats_add(enum stat_id id, uint64_t n);

/* The sum over all threads, past and present. Any thread. */
uint64_t stats_sum(enum stat_id id);

/* A log line for each counter that is not zero. Main. */
void stats_tell(void);

/* A log line for each kind of lateness since the last time; told: as it was then, zero at first. Main. */
void stats_tell_late(struct late told[static LATE_N]);

/* Something was late by so much; less than 0 counts as 0. As stats_add(). */
void stats_late(enum late_id id, int64_t late_us);

/* All threads' in one. Any thread; what comes in meanwhile may be in it in part. */
void stats_late_sum(enum late_id id, struct late *sum);
