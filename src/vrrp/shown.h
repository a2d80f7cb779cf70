/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the VRRP role shows of its instances (core/status.h). Stores only; VRRP thread.
 */
#pragma once

#include "vrrp/run.h"

/* State, priority, counters of one. */
void shown_inst(const struct vrrp_inst *in);

/* An advert was taken from that address with that priority. */
void shown_heard(const struct vrrp_inst *in, const struct ip_addr *from, uint8_t prio,
		 int64_t now_us);

/* It was ACTIVE and is not any more; an advert of priority 0 leaves. */
void shown_released(const struct vrrp_inst *in);
void shown_farewell(const struct vrrp_inst *in);

/* Counts of what was sent and dropped. */
void shown_counts(const struct vrrp_inst *in);

/* What only this file counts, and who was heard last, from the snapshot before (NULL: there is none); before
 * anything happens in the new one. */
void shown_take(const struct run *r, const struct conf *old, const struct conf *new);

/* All of a snapshot that has just been adopted. */
void shown_run(const struct run *r);
