/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sched.h.
 */
#include "check/sched.h"

#include "core/clock.h"

enum { PHASE_BITS = 20 }; /* used of the phase: a day in us needs 37, and both must fit into 63 */

uint32_t sched_worker(uint32_t id, uint32_t n)
{
	uint32_t turn = id / n * 2654435769u >> 16;

	return (id % n + turn) % n;
}

/* Every n-th point of one golden sequence may lie badly (n a Fibonacci number: nearly always in the
 * same places), so each worker has a whole sequence of its own, shifted by its place. */
uint32_t sched_phase(uint32_t id, uint32_t n)
{
	uint32_t golden = 2654435769u; /* 2^32 divided by the golden ratio */
	uint32_t plastic = 3242174889u; /* by the plastic number: the two have no common measure */

	return id / n * golden + sched_worker(id, n) * plastic;
}

int64_t sched_next(int64_t after_us, int64_t interval_us, uint32_t phase)
{
	int64_t offset_us = interval_us * (int64_t)(phase >> (32 - PHASE_BITS)) >> PHASE_BITS;
	int64_t since_us = (after_us - offset_us) % interval_us;

	if (since_us < 0)
		since_us += interval_us;
	return after_us - since_us + interval_us;
}

int64_t sched_first_us(int64_t interval_us, uint32_t probe_n)
{
	int64_t span_us = SEC(probe_n) / SCHED_FIRST_PER_S;

	if (span_us < SEC(1))
		span_us = SEC(1);
	return span_us < interval_us ? span_us : interval_us;
}
