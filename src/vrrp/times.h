/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The intervals of VRRP, computed in microseconds: in the centiseconds of the wire, routers of
 * neighbouring priorities would have the same skew (V64). Pure.
 *
 * prio is 1..255, down_n at least 1; intervals are positive.
 */
#pragma once

#include "core/clock.h"

#include <stdint.h>

enum {
	TIMES_DOWN_ADVERTS = 3
}; /* the RFC's down_n: intervals without an advert until the active is taken for dead */

/* Skew_Time: how much longer a router waits, the lower its priority. Version 2 takes a part of a
 * second whatever the interval (V60), version 3 a part of Active_Adver_Interval (V62). Rounded to
 * the nearest microsecond. */
static inline int64_t times_skew_us(uint8_t version, uint8_t prio, int64_t active_adv_us)
{
	int64_t unit_us = version == 2 ? SEC(1) : active_adv_us;

	return ((256 - prio) * unit_us + 128) / 256;
}

/* Active_Down_Interval: V61, V63; V71: of another number of adverts. */
static inline int64_t times_down_us(uint8_t version, uint8_t prio, int64_t active_adv_us,
				    uint8_t down_n)
{
	return down_n * active_adv_us + times_skew_us(version, prio, active_adv_us);
}

/* The next deadline of something periodic: counted from the last one, so that lateness does not add
 * up (V73); what was missed by a stall of more than a period is not made up for. */
static inline int64_t times_next_us(int64_t last_us, int64_t period_us, int64_t now_us)
{
	int64_t next_us = last_us + period_us;

	return next_us > now_us ? next_us : now_us + period_us;
}

/* By how much the first interval of the i-th of n instances is shorter: thousands that become active
 * together would have their adverts due together for ever, and the last of them, or one of a short
 * interval between them, would be late each time. Being early harms nobody. */
static inline int64_t times_early_us(int64_t period_us, uint32_t i, uint32_t n)
{
	return period_us / 8 * i / n;
}

/* The end of a first interval that is shorter: on a whole millisecond, where it stays, since intervals
 * are whole ones of ten. So those of a millisecond leave in one batch. */
static inline int64_t times_first_us(int64_t due_us, int64_t period_us, int64_t early_us)
{
	return early_us ? (due_us + period_us - early_us) / MS(1) * MS(1) : due_us + period_us;
}
