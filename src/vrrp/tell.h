/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the VRRP role tells people of: its events (core/event.h) to the notify role.
 */
#pragma once

#include "vrrp/thread.h"

/* The state was `from`. */
void tell_state(struct vrrp *v, const struct vrrp_inst *in, enum vrrp_state from);
void tell_prio(struct vrrp *v, const struct vrrp_inst *in);
void tell_lower(struct vrrp *v, const struct vrrp_inst *in, uint8_t theirs);
void tell_group(struct vrrp *v, const struct run_group *g, enum vrrp_state from);

/* vipd stops: so do the groups. */
void tell_stop(struct vrrp *v);

/* The end of a turn: all states anew, if events were lost. */
void tell_again(struct vrrp *v);
