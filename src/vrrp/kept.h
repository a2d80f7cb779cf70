/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hand-over of instances (core/record.h): what an instance writes down for a director that comes after
 * this one, and what that one makes of it.
 *
 *	it was ACTIVE, and its last advert left so short a time ago that no backup can have taken over: it
 *	goes on as ACTIVE, with an advert at once, with no advert of priority 0 and no wait before it. With
 *	trackers it goes on with the priority that it had until they have spoken.
 *	it was BACKUP: it begins as BACKUP, and knows the interval that it had learnt.
 *	else, or when it is too late: it begins as always.
 *
 * A sync group goes on together or not at all. Sequence numbers of AH and auth_hmac always go on: what was
 * sent once must not be good again (V119). The VRRP thread.
 */
#pragma once

#include "vrrp/run.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes down how the instance is. A copy of 40 bytes; it neither waits nor fails. */
void kept_write(const struct vrrp_inst *in);

/* When an instance of these options was last heard at sent_us, until when it may go on as ACTIVE: the
 * shortest time in which a backup of any priority would take over. Pure. */
int64_t kept_until_us(const struct inst_opts *o, int64_t sent_us);

/* Gives the instances of a director's first run what was found. True: at least one was ACTIVE a moment ago. */
bool kept_read(struct run *r, const struct conf *c, int64_t now_us);
