/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From results to a verdict: rise and fall. Pure.
 *
 *	result of a check	verdict before	verdict after
 *	passed			UNKNOWN		UP at once
 *	failed			UNKNOWN		DOWN after fall_n of them in a row
 *	like the verdict	UP, DOWN	the same; the count of contrary results begins anew
 *	failed			UP		DOWN after fall_n of them in a row
 *	passed			DOWN		UP after rise_n of them in a row
 *	passed			DOWN by alpha	UP at once
 *
 * UNKNOWN is the verdict of a probe at its start. A server that no vipd knew before is not in the table
 * then and does not get in by failing; one that an earlier vipd left there is not thrown out by a
 * single failure.
 *
 * With alpha, a probe starts as DOWN.
 *
 * A check that could not be made is no result and does not come here.
 */
#pragma once

#include "core/msg.h"

#include <stdbool.h>
#include <stdint.h>

struct health_state {
	uint8_t verdict : 2; /* enum health_verdict */
	bool is_decided : 1; /* by a result */
	uint8_t contrary_n; /* results in a row that say otherwise */
};

void health_init(struct health_state *h, bool alpha);

/* Takes a result. True when the verdict is another one now. rise_n, fall_n: at least 1. */
bool health_step(struct health_state *h, bool has_passed, uint8_t rise_n, uint8_t fall_n);
