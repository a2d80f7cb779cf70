/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which ends of connection synchronisation should run here: with an instance, the master's while that is
 * active, else the backup's; without one, both. Pure.
 */
#pragma once

#include "core/conf/conf.h"
#include "ipvs/here.h"
#include "ipvs/kern.h"

#include <stdint.h>

/* Returns how many, 0 to IPVS_SYNC_N. */
uint32_t syncd_want(const struct conf *c, const struct here *h,
		    struct ipvs_daemon out[static IPVS_SYNC_N]);

/* Is a running one as it should be? What is left to the kernel's choice is always right. */
bool syncd_same(const struct ipvs_daemon *want, const struct ipvs_daemon *have);
