/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs the sync groups of the VRRP role by the rules of sync.h.
 */
#pragma once

#include "vrrp/thread.h"

/* Something happened to a member: its group is looked at by the next group_settle(). */
void group_mark(struct vrrp *v, struct vrrp_inst *in);

/* A member has changed its state. */
void group_changed(struct vrrp *v, const struct vrrp_inst *in, enum vrrp_state from);

/* Moves the members of every marked group until all are at rest. */
void group_settle(struct vrrp *v);

/* What stays over a reload; the members were taken over already. */
void group_take(struct vrrp *v, const struct run *was);
