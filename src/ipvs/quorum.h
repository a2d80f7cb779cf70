/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Does a service have quorum: is enough weight of its servers alive? Pure.
 *
 * keepalived's rule, with the weight of servers whose checks have not spoken yet (UNKNOWN) counted
 * once as dead and once as alive, so that nothing is decided on what nobody knows:
 *
 *	state	 becomes UP when		becomes DOWN when
 *	UNKNOWN	 low >= quorum + hysteresis	high < quorum + hysteresis, or high = 0
 *	DOWN	 low >= quorum + hysteresis	-
 *	UP	 -				high < quorum - hysteresis, or high = 0
 *
 *	low	weight of the servers that are alive
 *	high	the same with those that may be
 *
 * With every verdict known low = high, and this is keepalived's table, its start as DOWN included. A
 * quorum is at most the configured weight of all servers, and at least 1; a hysteresis is at most
 * one less than the quorum.
 *
 * panic: less than a share of the configured weight may be alive, so that the fault is more likely in
 * the checks or in the network than in that many servers at once; the servers that are left would be
 * run over. Then failed servers stay in the table. Servers whose checks have not spoken yet have not
 * failed, with alpha neither.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum quorum_state { QUORUM_UNKNOWN, QUORUM_DOWN, QUORUM_UP };

/* Weights of a service's servers, each at most INT32_MAX. */
struct quorum_sum {
	uint64_t up; /* of those that are alive */
	uint64_t maybe; /* of those whose checks have not spoken yet */
	uint64_t total; /* as configured */
	uint64_t
		unheard; /* as maybe, but of those with alpha, which are down until they have passed */
};

struct quorum_rule {
	uint32_t quorum; /* at least 1 */
	uint32_t hysteresis;
	uint8_t panic_percent; /* 0 = never */
};

/* The rule as it counts for so much configured weight. */
struct quorum_rule quorum_clamp(struct quorum_rule rule, uint64_t total);

enum quorum_state quorum_next(enum quorum_state now, struct quorum_rule rule,
			      const struct quorum_sum *sum);

bool quorum_is_panic(struct quorum_rule rule, const struct quorum_sum *sum);
