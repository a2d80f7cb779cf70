/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Does the actions of a cell of the state table, in the order of enum fsm_act. Called by
 * inst_event() only; effects go through the shell of the instance.
 */
#pragma once

#include "vrrp/inst.h"

/* bits: of enum fsm_act. The state of the instance is already the next one. */
void act_run(struct vrrp_inst *in, unsigned bits, const struct inst_cause *cause);
