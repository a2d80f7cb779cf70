/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the link table to events: which interfaces are there and good, and the address each
 * instance sends from. VRRP thread only.
 */
#pragma once

#include "vrrp/thread.h"

/* Compares the published link table with what was acted on, for every interface in use; the work is
 * proportional to their number. Nothing happens before the first table is there. */
void iface_update(struct vrrp *v);

/* v->run is a new one: takes the picture over from the run before, and makes the instances known to
 * the hash. */
void iface_take(struct vrrp *v, const struct run *was);

/* The end of struct run_iface's delay. */
void iface_on_delay(struct timer *t, int64_t now_us);
