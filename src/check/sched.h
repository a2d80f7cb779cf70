/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When a probe is due. Pure.
 *
 * Time is cut into a grid of the probe's interval; the probe's phase says where in it. The phase
 * depends on the id alone, so reloads don't move it, and it makes neighbours in the sequence of ids
 * lie far apart: any run of ids is spread evenly (a Kronecker sequence by the golden ratio).
 */
#pragma once

#include <stdint.h>

/* Which of n workers gets a new probe: of each n neighbours in the sequence of ids each worker has one, and which
 * one changes from group to group, so that the second check of all servers does not go to one worker. */
uint32_t sched_worker(uint32_t id, uint32_t n);

/* A fraction of the interval in units of 2^-32. The share of each of n workers is spread by itself, and
 * the workers are apart from each other. n: at least 1. */
uint32_t sched_phase(uint32_t id, uint32_t n);

/* The first point of the grid after after_us. Points that were missed are skipped. interval_us: 1 to
 * a day. */
int64_t sched_next(int64_t after_us, int64_t interval_us, uint32_t phase);

/* Over how much time the first checks of all probe_n probes are spread: a second for as long as that
 * makes no more than SCHED_FIRST_PER_S of them a second, and never more than their interval. VRRP
 * waits for them when vipd starts (check_settle_us). */
enum { SCHED_FIRST_PER_S = 5000 };
int64_t sched_first_us(int64_t interval_us, uint32_t probe_n);
