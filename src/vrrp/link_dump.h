/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads links and addresses of both families from the kernel into a picture (link.h). The reflector's.
 */
#pragma once

#include "core/nl.h"
#include "vrrp/link.h"

/* An interface with this alias, or one that begins with it, was made by a vipd. */
#define LINK_ALIAS "vipd "

/* Replaces p by what the kernel has now, sealed. 0 or -errno; p is void after a failure. Blocks while
 * the kernel answers. */
int link_dump(struct nl_chan *ch, struct link_pic *p);

/* Decoders of one message of a dump; arg is the struct link_pic. 0 or -errno. Pure. */
int link_dump_link(void *arg, struct nlmsghdr *hdr);
int link_dump_addr(void *arg, struct nlmsghdr *hdr);
