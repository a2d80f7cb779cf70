/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the link table to events: which interfaces are there and good, group memberships on them, and
 * the address each instance sends from. VRRP thread only.
 */
#pragma once

#include "vrrp/thread.h"

void iface_init(struct vrrp *v);

/* Compares the published link table with what was acted on, for every interface in use; the work is
 * proportional to their number. Nothing happens before the first table is there. */
void iface_update(struct vrrp *v);

/* v->run is a new one: takes memberships and pictures over from the run before, leaves the groups of
 * interfaces that are not used any more, and makes the instances known to the hash. */
void iface_take(struct vrrp *v, struct run *was);
