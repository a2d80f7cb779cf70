/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Carries out operations on virtual addresses (vip.h) in the kernel, many in one send. The
 * reflector's; it blocks while the kernel works, some microseconds for each address.
 */
#pragma once

#include "core/nl.h"
#include "vrrp/vip.h"

/* Sets err of every operation: 0 = the kernel has done it. Outcomes that could not be learnt are
 * -EIO or the reason why; the caller reads the kernel's addresses again in any case. */
void vip_kern_apply(struct nl_chan *ch, struct vip_op *ops, uint32_t n);

/* The request of one operation; the caller's. */
struct nl_msg *vip_kern_request(const struct vip_op *op);
