/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The kernel's IPVS table, through generic netlink. IPVS role; main opens it.
 */
#pragma once

#include "ipvs/kern.h"

#include <stdbool.h>

/* netns: the namespace whose table it is (core/netns.h); NULL: the caller's. 0 or -errno: -ENOENT this kernel
 * has no IPVS (yet), -EPERM no right to use it. *in_netns: it is that of entering the namespace. */
int kern_genl_open(const char *netns, struct ipvs_kern **out, bool *in_netns);

/* What kern_genl_open() failed for and what to do about it, in one sentence. */
const char *kern_genl_why(int err);
