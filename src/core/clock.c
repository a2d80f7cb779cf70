/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See clock.h.
 */
#include "core/clock.h"

#include <time.h>

int64_t clock_now_us(void)
{
	struct timespec ts;

	/* cannot fail: the clock id is a constant and ts is ours */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return SEC(ts.tv_sec) + ts.tv_nsec / 1000;
}
