/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The end of the IPVS role, by on_stop: what happens to the kernel's table and to the settings beside
 * it. Blocks: with "drain" for as long as drain_limit.
 */
#pragma once

#include "ipvs/drive.h"
#include "ipvs/knobs.h"

void ipvs_stop(struct drive *d, struct knobs *k);
