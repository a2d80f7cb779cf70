/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The signs of life of a director, in memory that it shares with its watchdog (core/ops/watchdog.h): which
 * roles move, how far it is, and, when it is asked for them, the stacks of its threads.
 *
 * The director writes, the watchdog reads; the watchdog clears all of it before it starts a director. What
 * a mad director has written must do no harm: indexes are bounded by who reads them.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	LIFE_PULSES_N = 272, /* roles: main, 5 others, 256 workers of the check pool, and room */
	LIFE_STACKS_N = 272,
	LIFE_FRAMES_N = 32, /* of a stack; the innermost ones */
	LIFE_NAME_LEN = 16,
	LIFE_STATUS_LEN = 160,
};

enum life_phase {
	LIFE_STARTING, /* it may stand still: startup_script, a large file */
	LIFE_READY, /* the table is in place and VRRP runs */
	LIFE_STOPPING, /* it has limits of its own for that */
};

/* A role. */
struct life_pulse {
	char name[LIFE_NAME_LEN]; /* set before is_on */
	atomic_bool is_on; /* from its first turn to its last */
	atomic_uint_fast64_t turns; /* moves at least once in ROLE_IDLE_US (core/role.h) */
};

struct life_stack {
	atomic_int tid; /* 0: empty; set last */
	uint32_t n;
	uintptr_t pc[LIFE_FRAMES_N];
};

struct life {
	atomic_int phase; /* enum life_phase */
	atomic_int_fast64_t reload_us; /* when a reload began; 0: none is under way */
	atomic_uint reloads_n; /* that have begun */
	char status[2][LIFE_STATUS_LEN]; /* a line for people; written in turns */
	atomic_uint status_n; /* the newest is status[status_n % 2]; 0: none yet */
	struct life_pulse pulse[LIFE_PULSES_N]; /* the first is main's */
	atomic_uint stacks_n;
	struct life_stack stack[LIFE_STACKS_N];
	int poke_fd; /* eventfd: the watchdog looks at once; frozen */
};

/* The director's side. Any of them does nothing when l is NULL: there is no watchdog. */
void life_phase(struct life *l, enum life_phase phase);
void life_reload(struct life *l, bool is_on);
void life_status(struct life *l, const char *text);
