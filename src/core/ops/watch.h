/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the watchdog decides: when a director that has ended is started again, and whether a role stands
 * still. Pure.
 *
 * Back-off: 0, 1, 2, 4 ... 60 seconds, and from the beginning after a director that lived for a minute. A
 * director that worked and was killed from outside (SIGKILL; nobody kills himself like that) has no fault
 * that would come again at once: it is followed at once. So are some that were
 * killed before they worked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WATCH_WAIT_MAX_US (INT64_C(60) * 1000000)
#define WATCH_WELL_US (INT64_C(60) * 1000000) /* one that has lived for so long was no failure */

enum {
	WATCH_TICK_US = 250000, /* how often the watchdog looks */
	WATCH_KILLS_N =
		4, /* directors in a row that were killed before they worked, and followed at once */
	WATCH_STALL_S = 15, /* --stall-limit: a role that stands still for longer is stuck */
	WATCH_MAIN_TIMES = 4, /* main reads files and waits for disks: so many times that */
};

/* How a director has ended. */
struct watch_end {
	int status; /* of waitpid() */
	int64_t lived_us;
	bool was_ready; /* it was, before it ended */
	bool any_ready; /* it or one before it under this watchdog */
	bool was_asked; /* the watchdog was asked to stop */
	bool was_stuck; /* the watchdog has killed it */
	unsigned quick_n; /* directors in a row that did not live long */
};

struct watch_next {
	bool must_start; /* another one; else the watchdog ends, with: */
	int status; /* exit status */
	int64_t wait_us; /* before it */
	unsigned quick_n; /* for the next time */
};

struct watch_next watch_next(const struct watch_end *e);

/* One role, as the watchdog saw it last. */
struct watch_pulse {
	uint64_t turns;
	int64_t still_us; /* for so long it has not moved while the watchdog could look */
};

/* The role has made so many turns now; the last look was tick_us ago. A longer pause than two looks is no
 * fault of the role: the whole machine stood still, or this process too. True: it is stuck. */
bool watch_is_stuck(struct watch_pulse *w, uint64_t turns, int64_t tick_us, int64_t limit_us);
