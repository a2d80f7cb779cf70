/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one reader of the monotonic clock, and the literals of time.
 *
 * Time inside vipd is int64_t microseconds of CLOCK_MONOTONIC; names end in _us. Centiseconds and
 * seconds exist on the wire and in the configuration's text only.
 */
#pragma once

#include <stdint.h>

#define US(n) ((int64_t)(n))
#define MS(n) (US(n) * 1000)
#define CS(n) (MS(n) * 10)
#define SEC(n) (MS(n) * 1000)

/* Now, in microseconds of CLOCK_MONOTONIC. Any thread. Never fails. */
int64_t clock_now_us(void);
