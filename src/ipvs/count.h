/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads what the kernel counts of vipd's services and servers (core/counters.h), a slice a turn: first all
 * services, then the servers of some services at a time, so that news of dead servers wait for a slice at
 * most. A service is one slice, however many servers it has.
 *
 * Entries are told by what vipd believes to be in the table (drive.h) at the moment of their slice, and
 * kept by ids; so a reload or a new picture in between does no harm.
 *
 * IPVS role. Calls block while the kernel writes its answer.
 */
#pragma once

#include "core/counters.h"
#include "ipvs/drive.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	COUNT_TURN_N = 2048, /* servers after which a slice ends */
	COUNT_TURN_SERVICES_N = 64, /* services, each a question of its own */
};

struct count {
	struct counters *next; /* being made; NULL: nothing is under way */
	uint32_t at; /* its next service */
	uint32_t service_cap, server_cap;
};

/* Begins. Nothing is under way. */
void count_begin(struct count *n, uint64_t number, int64_t now_us);

/* One slice. Returns the whole when it is done (the caller's to publish), else NULL. */
struct counters *count_step(struct count *n, struct drive *d, int64_t now_us);

void count_fini(struct count *n);
