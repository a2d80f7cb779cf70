/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See urls.h.
 */
#include "check/urls.h"

void urls_init(struct urls *u)
{
	*u = (struct urls){ .in_round = true };
}

bool urls_step(struct urls *u, uint32_t n, enum health_verdict verdict, bool has_passed)
{
	if (u->at >= n)
		u->at = 0; /* there were more of them before a reload */
	if (!has_passed) {
		u->in_round = false;
		return true;
	}
	if (verdict == HEALTH_UP || n < 2) {
		u->at = (uint8_t)((u->at + 1u) % n);
		return true;
	}
	if (!u->in_round) {
		/* the one that had failed passes again: now all of them */
		*u = (struct urls){ .in_round = true };
		return false;
	}
	u->at++;
	if (u->at < n)
		return false;
	u->at = 0;
	return true;
}
