/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From results to a verdict: rise and fall. Pure.
 *
 *	result of a check	verdict before	verdict after
 *	the very first		any		what it says, at once
 *	like the verdict	UP, DOWN	the same; the count of contrary results begins anew
 *	contrary		UP		DOWN after fall_n of them in a row
 *	contrary		DOWN		UP after rise_n of them in a row
 *
 * A check that could not be made is no result and does not come here.
 */
#pragma once

#include "core/msg.h"

#include <stdbool.h>
#include <stdint.h>

struct health_state {
	uint8_t verdict; /* enum health_verdict */
	uint8_t contrary_n; /* results in a row that say otherwise */
	bool is_decided; /* false: the next result decides alone */
};

void health_init(struct health_state *h);

/* The check starts anew: the verdict stays until the next result, which decides alone. */
void health_restart(struct health_state *h);

/* Takes a result. True when the verdict is another one now. rise_n, fall_n: at least 1. */
bool health_step(struct health_state *h, bool has_passed, uint8_t rise_n, uint8_t fall_n);
