/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Facts that the control channel posts to other roles. They are about objects of those roles, which have no
 * room for a fact of main's, so they come from a stock here: bounded, and each goes back into it when its
 * role has taken it.
 */
#pragma once

#include "core/mbox.h"

enum { CONTROL_POSTS_N = 4096 }; /* that may be on their way at a time */

/* How many could be posted now. Main, as below. */
uint32_t control_post_room(void);

/* Posts one. False: there is no room. */
bool control_post(struct mbox *box, enum msg_type type, uint32_t id, uint64_t value);
