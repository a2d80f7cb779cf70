/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which of many equal events are written: in each second the first few of a kind; the others are a number.
 * Errors may be more than other events: the findings of a refused file are each another. Pure.
 */
#pragma once

#include "core/log.h"

#include <stdbool.h>
#include <stdint.h>

/* Owned by the thread whose events they are; zeroed at first. */
struct log_burst {
	int64_t second_at_us; /* start of the running second; 0: none runs */
	uint32_t held_total; /* sum of held_n */
	uint32_t n[LOG_N], held_n[LOG_N]; /* of the running second */
};

/* May this event be written? Else it is counted. Counts of an older second are taken first. */
bool log_burst_may_pass(struct log_burst *b, enum log_id id, int64_t now_us);

/* True: the running second is over and something was held back in it. */
bool log_burst_is_due(const struct log_burst *b, int64_t now_us);

/* Takes a count that is not told yet and returns it: 0 = there is none left, and the second has ended.
 * *id: begins as 0, and goes from row to row. */
uint32_t log_burst_take(struct log_burst *b, enum log_id *id);
