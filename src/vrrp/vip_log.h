/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said of virtual addresses: vip.add, vip.del, vip.lost, vip.fail. The reflector's.
 */
#pragma once

#include "vrrp/vip.h"

/* The kernel refused it (what: "add" or "del"); told once until it succeeds. */
void vip_log_failure(struct vip *v, const char *what, int err);

/* At the end: it is still in the kernel, for all we know. */
void vip_log_left(const struct vip *v);

/* The outcome of operations as vip_plan() gave them: they are sorted by instance within their kind,
 * and each such run makes a line. after_removal: what is lost went along with an address that we
 * took away ourselves. */
void vip_log_ops(const struct vip_op *ops, uint32_t n, bool after_removal);
