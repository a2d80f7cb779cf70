/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kept.h.
 */
#include "check/kept.h"

int64_t kept_wait_us(int64_t limit_us)
{
	int64_t us = limit_us / KEPT_PART;

	if (us < KEPT_ACK_US)
		us = KEPT_ACK_US;
	return us < limit_us / 2 ? us : limit_us / 2;
}
