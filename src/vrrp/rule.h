/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Virtual and static routing rules: from a line of the configuration to a wish (fib.h) and to a netlink
 * request, and from the kernel's answer to what it has. No socket is touched here.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/nl.h"
#include "vrrp/fib.h"

/* The wish that the line stands for. priority: for one that has none (FIB_FIRST_PRIORITY). */
struct fib rule_want(const struct conf_rule *r, struct inst_id inst, const char *inst_name,
		     uint32_t priority);

/* The request of an operation on a rule; the caller's. */
struct nl_msg *rule_request(const struct fib_op *op);

/* Reads a message of a dump. False: it is none that counts here (or is none at all). */
bool rule_decode(struct nlmsghdr *hdr, struct fib_have *out);
