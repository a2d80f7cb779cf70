/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What vipd sets in the kernel beside the table: timeouts of connections, and the two ends of connection
 * synchronisation. The timeouts that were there before are put back at the end. An end that runs
 * already as it should is left running; one that vipd is not told to run is not touched.
 *
 * IPVS role. Calls block: starting an end takes the kernel's lock of network configuration, stopping
 * one waits for a kernel thread.
 */
#pragma once

#include "core/conf/conf.h"
#include "ipvs/here.h"
#include "ipvs/kern.h"

#include <stdbool.h>

struct knobs {
	struct ipvs_timeouts before, now; /* now: as set by vipd */
	bool has_timeouts; /* of vipd's are set */
	struct ipvs_daemon end[IPVS_SYNC_N]; /* that run for vipd */
	uint32_t end_n;
	bool is_told; /* a failure has been logged; the next is not */
};

/* Brings the kernel to what the configuration and the instances say. False: something failed (logged);
 * try again later. */
bool knobs_set(struct knobs *k, struct ipvs_kern *kern, const struct conf *c, const struct here *h);

/* Puts all of it back. */
void knobs_restore(struct knobs *k, struct ipvs_kern *kern);
