/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The watchdog: the parent of the director. It reads no configuration and holds no state but the memory of
 * the hand-over record, so that nothing ends it. It
 *
 *	starts the director, and another one when that dies (watch.h says when)
 *	looks whether every role moves; one that stands still is a fault: the stacks of all threads go to the
 *	log, the director is killed and another one started
 *	passes signals on: TERM, INT, HUP, USR1; it ends with the director's exit status
 *	replaces itself and the director by the program that its file is now (USR2), when that takes the
 *	configuration
 *	speaks with systemd (sd.h) in the director's name
 *
 * When the watchdog itself is killed, the director goes on without one: nothing fails over.
 */
#pragma once

#include "core/life.h"
#include "core/record.h"

#include <stdbool.h>
#include <stdint.h>

/* What a director shares with its watchdog. */
struct watchdog_share {
	struct life *life;
	struct record_mem *mem;
	const char *not_file; /* why mem is not the file that was asked for; NULL: it is */
	bool is_again; /* it follows another director: it is no start of the service */
};

struct watchdog_ask {
	const char *record; /* file of the record; NULL: the watchdog's memory only */
	const char *pid_file; /* or NULL */
	int64_t stall_us;
	char *const *argv; /* of this process: an upgrade begins the program anew with it */
	/* The director: does not return before its end; exit status. */
	int (*run)(void *arg, const struct watchdog_share *share);
	void *arg;
};

/* Returns the exit status for the process. In a director it returns too: what run() has returned. Main,
 * before any thread. */
int watchdog_run(const struct watchdog_ask *ask);

/* This director's watchdog is gone (the signal that main reads for it). */
#define WATCHDOG_GONE_SIGNAL (SIGRTMIN + 4)
