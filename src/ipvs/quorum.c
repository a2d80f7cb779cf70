/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See quorum.h.
 */
#include "ipvs/quorum.h"

#include "core/bug.h"

struct quorum_rule quorum_clamp(struct quorum_rule rule, uint64_t total)
{
	if (rule.quorum > total)
		rule.quorum = (uint32_t)total;
	if (!rule.quorum)
		rule.quorum = 1; /* servers without weight are no quorum */
	if (rule.hysteresis >= rule.quorum)
		rule.hysteresis = rule.quorum - 1;
	return rule;
}

enum quorum_state quorum_next(enum quorum_state now, struct quorum_rule rule,
			      const struct quorum_sum *sum)
{
	rule = quorum_clamp(rule, sum->total);

	uint64_t low = sum->up, high = sum->up + sum->maybe;
	uint64_t gain = (uint64_t)rule.quorum + rule.hysteresis;
	uint64_t keep = (uint64_t)rule.quorum - rule.hysteresis;

	switch (now) {
	case QUORUM_UNKNOWN:
		if (low >= gain)
			return QUORUM_UP;
		return high < gain ? QUORUM_DOWN : QUORUM_UNKNOWN;
	case QUORUM_DOWN:
		return low >= gain ? QUORUM_UP : QUORUM_DOWN;
	case QUORUM_UP:
		return !high || high < keep ? QUORUM_DOWN : QUORUM_UP;
	}
	BUG("quorum_state");
}

bool quorum_is_panic(struct quorum_rule rule, const struct quorum_sum *sum)
{
	return (sum->up + sum->maybe + sum->unheard) * 100 < sum->total * rule.panic_percent;
}
