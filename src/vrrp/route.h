/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual and static routes: from a line of the configuration to a wish (fib.h) and to a netlink
 * request, and from the kernel's answer to what it has. No socket is touched here.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/nl.h"
#include "vrrp/fib.h"

/* The wish that the line stands for, of this instance (inst_name is not copied). */
struct fib route_want(const struct conf *c, const struct conf_route *r, struct inst_id inst,
		      const char *inst_name);

/* The request of an operation on a route; the caller's. -ENODEV and NULL: an interface of one of its
 * ways is not there. */
int route_request(const struct fib_op *op, const struct conf *c, const struct link_table *links,
		  struct nl_msg **out);

/* Reads a message of a dump. False: it is none that counts here (or is none at all). */
bool route_decode(struct nlmsghdr *hdr, struct fib_have *out);
