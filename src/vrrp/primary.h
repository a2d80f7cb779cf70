/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where one of our IPv4 addresses is the first of its subnet on an interface. The kernel takes all
 * others of the subnet along when the first is removed, the operator's too, unless
 * promote_secondaries is on there. It comes to that when the operator's own address was removed while
 * ours were there: ours are put back, and what he adds then stands behind them. Pure.
 */
#pragma once

#include "vrrp/link.h"
#include "vrrp/vip.h"

/* The interfaces where promote_secondaries must be on while our address is there, by their index,
 * sorted, without doubles. Those that we made have nobody else's addresses. The caller frees it. */
uint32_t *primary_ifaces(const struct vip_set *s, const struct link_pic *pic, uint32_t *n);

/* Removals (they come first in ops) of such addresses become the last of the removals: with
 * promote_secondaries the kernel handles all others of the subnet once for each first that goes. */
void primary_last(struct vip_op *ops, uint32_t n, const struct link_pic *pic);
