/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See health.h.
 */
#include "check/health.h"

void health_init(struct health_state *h, bool alpha)
{
	*h = (struct health_state){ .verdict = alpha ? HEALTH_DOWN : HEALTH_UNKNOWN };
}

bool health_step(struct health_state *h, bool has_passed, uint8_t rise_n, uint8_t fall_n)
{
	uint8_t says = has_passed ? HEALTH_UP : HEALTH_DOWN;
	uint8_t need_n = has_passed ? rise_n : fall_n;

	if (has_passed && !h->is_decided)
		need_n = 1;
	if (says == h->verdict) {
		h->contrary_n = 0;
		return false;
	}
	if (++h->contrary_n < need_n)
		return false;
	h->verdict = has_passed ? HEALTH_UP : HEALTH_DOWN;
	h->is_decided = true;
	h->contrary_n = 0;
	return true;
}
