/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The last results of a probe, for the operator: 106 bytes for 20 of them, since there are a hundred
 * thousand probes. One thread writes (the worker), one reads (main), without a lock: the reader looks
 * again when it was disturbed.
 *
 * Five bytes a result: reason 5 bits, code 10, duration 10 (a float, exact up to 63 us and within two
 * percent above), time since the result before it 15 (a float, in ms, exact up to 2 s and within a
 * two-thousandth above).
 */
#pragma once

#include "core/reason.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	HISTORY_N = 20,
	HISTORY_CODE_MAX = 1023, /* of a code; a larger one is kept as this */
};

struct history_item {
	enum check_reason reason;
	uint16_t code; /* with REASON_SOCKERR: errno; ETIME: this machine was held up */
	uint32_t duration_us;
	int64_t at_us; /* its end, on the monotonic clock (clock.h) */
};

/* Zeroed memory has none. */
struct history {
	_Atomic uint32_t last_ms; /* when the last one was, modulo 2^32 */
	_Atomic uint32_t low[HISTORY_N]; /* of a result's 40 bits */
	_Atomic uint8_t high[HISTORY_N];
	_Atomic uint8_t at; /* place of the next; HISTORY_FULL: all places have been used */
	_Atomic uint8_t seq; /* odd: it is being written */
};

/* Adds one. The writer's thread. */
void history_add(struct history *h, const struct history_item *item);

/* Makes h the same as from. The writer's thread, of both. */
void history_copy(struct history *h, const struct history *from);

/* The latest first; returns how many; 0 also when the writer stands in the middle of one for long, after
 * some milliseconds. now_us: less than 49 days after the last one. Any thread. */
unsigned history_read(const struct history *h, int64_t now_us,
		      struct history_item out[static HISTORY_N]);
