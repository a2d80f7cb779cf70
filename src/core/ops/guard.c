/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See guard.h.
 */
#include "core/ops/guard.h"

bool guard_refuses(const struct guard_case *g)
{
	if (g->is_forced || g->servers_n < GUARD_SERVERS_N)
		return false;
	return (uint64_t)g->removed_n * 100 > (uint64_t)g->servers_n * g->max_removed_pct;
}
