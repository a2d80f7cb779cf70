/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The attributes of a route that do not tell it from others: metrics, encapsulation and so on. A part
 * of route.c.
 */
#pragma once

#include "core/conf/conf.h"

#include <linux/rtnetlink.h>
#include <netlink/msg.h>

/* Adds those of the line to a request. */
void route_put_words(struct nl_msg *msg, const struct conf_route *r, uint8_t family);

/* The same for an encapsulation; NULL: none. */
void route_put_encap(struct nl_msg *msg, const char *text);

/* A hash of all that the kernel says of a route but what changes by itself; and the number of its ways,
 * 0 when it is no multipath route. */
uint32_t route_print(const struct rtmsg *info, struct nlattr *const *a, uint8_t *hops_n);
