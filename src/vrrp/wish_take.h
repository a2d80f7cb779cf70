/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Takes what the administrator wants of an instance, by the rules of wish.h.
 */
#pragma once

#include "vrrp/thread.h"

/* MSG_VRRP_WISH. The members of its sync group are meant as well: they only move together. */
void wish_fact(struct vrrp *v, uint32_t id, uint64_t value);

/* One instance. */
void wish_take(struct vrrp_inst *in, struct wish w, int64_t now_us);
