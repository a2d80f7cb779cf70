/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Deadlines: an intrusive pairing heap. Arming never allocates and never fails, which is what the
 * VRRP thread needs; arm is O(1), the next due one O(1), taking it O(log n) amortised.
 *
 * One thread owns a heap and its timers. Pure: `now` is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct timer;
typedef void timer_fn(struct timer *t, int64_t now_us);

struct timer {
	int64_t at_us; /* due time, CLOCK_MONOTONIC; valid while armed */
	timer_fn *fn; /* called once when due; may arm again */
	struct timer *child, *next, *prev; /* prev: left sibling, or parent of a first child */
	bool is_armed;
};

struct timer_heap {
	struct timer *root;
};

#define TIMER_NEVER INT64_MAX

void timer_init(struct timer *t, timer_fn *fn);

/* Arms t for at_us; moves it when it is armed already. */
void timer_arm(struct timer_heap *h, struct timer *t, int64_t at_us);

/* Nothing happens when it is not armed. */
void timer_disarm(struct timer_heap *h, struct timer *t);

/* When the next one is due; TIMER_NEVER when none is armed. */
int64_t timer_next_us(const struct timer_heap *h);

/* Calls fn of every timer due at now_us, earliest first, at most max of them; returns how many. A
 * timer that is armed for the past again while this runs is one of them; max ends it. */
unsigned timer_run(struct timer_heap *h, int64_t now_us, unsigned max);
