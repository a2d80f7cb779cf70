/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where main asks for the counters of the kernel's table (core/counters.h): many questions make one reading.
 *
 *	counter_desk_ask()	0: what is published is young enough; else the number to wait for
 *	MSG_COUNTED		-> counter_desk_answered(): every number up to that one is answered
 *
 * Whoever waits for an answer waits for COUNTER_DESK_WAIT_S at most: a writer that is busy with the table is
 * asked again later, and what is published stays, with its age. The writer reads for a COUNTER_DESK_REST-th
 * of its time at most, however often it is asked.
 *
 * Main's thread.
 */
#pragma once

#include "core/counters.h"
#include "core/role.h"

#include <stdint.h>

enum {
	COUNTER_DESK_WAIT_S = 1,
	COUNTER_DESK_REST = 10,
	COUNTER_DESK_AGE_US =
		1000000, /* younger is not worth a reading: the kernel adds up every 2 s */
};

struct counter_desk {
	struct board *board;
	struct loop *loop; /* main's; NULL: nobody's wait is limited */
	struct timer limit; /* of the question that is under way */
	struct fact fact, late; /* to ipvs; to main, in its place */
	uint64_t asked, answered; /* numbers of questions */
};

/* loop: may be prepared later, before the first question. */
void counter_desk_init(struct counter_desk *d, struct board *board, struct loop *loop);

/* Returns 0 when counters not older than max_age_us (or than the time that the writer must have between two
 * readings) are published already, else the number of the question that is under way now. */
uint64_t counter_desk_ask(struct counter_desk *d, int64_t now_us, int64_t max_age_us);

/* The value of a MSG_COUNTED. */
void counter_desk_answered(struct counter_desk *d, uint64_t number);

/* Is this question answered? 0 is. */
static inline bool counter_desk_has(const struct counter_desk *d, uint64_t number)
{
	return number <= d->answered;
}
