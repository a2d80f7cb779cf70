/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What instances of the VRRP role track: brings results to those that they count for.
 */
#pragma once

#include "vrrp/thread.h"

/* What everything that it tracks comes to for this instance. */
void weigh_inst(struct vrrp *v, uint32_t inst, int64_t now_us);

/* ifc->link.is_up may have changed. */
void weigh_iface(struct vrrp *v, struct run_iface *ifc, int64_t now_us);

/* What is known of a script, file, process or track group may have changed. */
void weigh_obj(struct vrrp *v, struct run_obj *obj, const struct track_state *s);

/* A result of a script, file or process: MSG_TRACK. */
void weigh_fact(struct vrrp *v, uint32_t id, uint64_t value);

/* Results stay over a reload, for what keeps its id. */
void weigh_take(struct vrrp *v, const struct conf *new, const struct run *was);
