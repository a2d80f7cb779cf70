/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Netlink attributes of the IPVS family, into requests and out of answers. Any thread.
 */
#pragma once

#include "core/addr.h"
#include "core/counters.h"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdint.h>

enum { ATTR_MSG_LEN = 1024 }; /* of a request; the library has room for a page */

/* What doesn't fit into a fresh message is a bug. */
void attr_put(struct nl_msg *msg, int type, const void *data, uint32_t len);
void attr_put_u8(struct nl_msg *msg, int type, uint8_t v);
void attr_put_u16(struct nl_msg *msg, int type, uint16_t v);
void attr_put_u32(struct nl_msg *msg, int type, uint32_t v);
struct nlattr *attr_nest(struct nl_msg *msg, int type);
void attr_nest_end(struct nl_msg *msg, struct nlattr *a);

/* One of the kernel's; 0 when it is missing or short. u64 takes one of 32 bits too, as kernels before
 * 4.1 have them. */
uint8_t attr_u8(struct nlattr *const *a, int type);
uint16_t attr_u16(struct nlattr *const *a, int type);
uint32_t attr_u32(struct nlattr *const *a, int type);
uint64_t attr_u64(struct nlattr *const *a, int type);

/* 0, or -EPROTO. */
int attr_addr(struct nlattr *a, uint16_t family, struct ip_addr *out);

/* The attributes of the nest `top` of one message of a dump: a[0..max]. 0, or -EPROTO. */
int attr_open(struct nlmsghdr *hdr, int top, struct nlattr **a, int max);

/* The nest of 64-bit counters, or that of old kernels; either may be NULL. */
void attr_counts(struct nlattr *new, struct nlattr *old, struct counts *out);
