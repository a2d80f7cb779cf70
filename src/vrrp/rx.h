/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From packets to events: reads the receive sockets, finds the instance, drops with a reason or tells
 * the instance. VRRP thread only.
 */
#pragma once

#include "vrrp/thread.h"

/* A receive socket is readable: reads a bounded number of packets. */
void rx_on_readable(struct loop_fd *lf, uint32_t events);

/* Reads all that waits in the socket of this instance, once in a turn: before somebody acts on a silence that may be our own (the
 * thread did not run). Bounded too; a flood must not keep us from taking over. */
void rx_drain(struct vrrp *v, const struct vrrp_inst *in);
