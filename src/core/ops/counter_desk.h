/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where main asks for the counters of the kernel's table (core/counters.h): many questions make one reading.
 *
 *	counter_desk_ask()	0: what is published is young enough; else the number to wait for
 *	MSG_COUNTED		-> counter_desk_answered(): every number up to that one is answered
 *
 * Main's thread.
 */
#pragma once

#include "core/counters.h"
#include "core/role.h"

#include <stdint.h>

struct counter_desk {
	struct board *board;
	struct fact fact;
	uint64_t asked, answered; /* numbers of questions */
};

void counter_desk_init(struct counter_desk *d, struct board *board);

/* Returns 0 when counters not older than max_age_us are published already, else the number of the
 * question that is under way now. */
uint64_t counter_desk_ask(struct counter_desk *d, int64_t now_us, int64_t max_age_us);

/* The value of a MSG_COUNTED. */
void counter_desk_answered(struct counter_desk *d, uint64_t number);

/* Is this question answered? 0 is. */
static inline bool counter_desk_has(const struct counter_desk *d, uint64_t number)
{
	return number <= d->answered;
}
