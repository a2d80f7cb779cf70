/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The kernel's IPVS table, through generic netlink. IPVS role; main opens it.
 */
#pragma once

#include "ipvs/kern.h"

/* 0 or -errno: -ENOENT this kernel has no IPVS (yet), -EPERM no right to use it. */
int kern_genl_open(struct ipvs_kern **out);

/* What kern_genl_open() failed for and what to do about it, in one sentence. */
const char *kern_genl_why(int err);
