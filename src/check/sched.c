/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sched.h.
 */
#include "check/sched.h"

enum { PHASE_BITS = 20 }; /* used of the phase: a day in us needs 37, and both must fit into 63 */

uint32_t sched_phase(uint32_t id)
{
	return id * 2654435769u; /* 2^32 divided by the golden ratio */
}

int64_t sched_next(int64_t after_us, int64_t interval_us, uint32_t phase)
{
	int64_t offset_us = interval_us * (int64_t)(phase >> (32 - PHASE_BITS)) >> PHASE_BITS;
	int64_t since_us = (after_us - offset_us) % interval_us;

	if (since_us < 0)
		since_us += interval_us;
	return after_us - since_us + interval_us;
}
