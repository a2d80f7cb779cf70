/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which of several requests a check makes next, and what its results say together. Pure.
 *
 * One request for each check, in turn. The one that fails is asked again until it passes, so failures
 * are counted for it alone. A server that is down, or not known yet, has passed when all of them have
 * passed in a row, from the first.
 */
#pragma once

#include "core/msg.h"

#include <stdbool.h>
#include <stdint.h>

struct urls {
	uint8_t at; /* the next request */
	bool in_round; /* from the first to the last */
};

/* At the start: all of them once. */
void urls_init(struct urls *u);

/* Takes the result of request `at` of n. True: it counts as a result of the check; false: a round is
 * under way, and nothing is known yet. */
bool urls_step(struct urls *u, uint32_t n, enum health_verdict verdict, bool has_passed);
