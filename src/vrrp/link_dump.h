/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads links and IPv4 addresses from the kernel into a picture (link.h). The reflector's.
 */
#pragma once

#include "core/nl.h"
#include "vrrp/link.h"

/* Replaces p by what the kernel has now, sealed. 0 or -errno; p is void after a failure. Blocks while
 * the kernel answers. */
int link_dump(struct nl_chan *ch, struct link_pic *p);
