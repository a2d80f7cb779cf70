/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A test that stands for a role: both steps of taking its messages at once.
 */
#pragma once

#include "core/mbox.h"

#include <unistd.h>

static inline void mbox_take(struct mbox *b,
			     void (*fn)(void *arg, enum msg_type type, uint32_t id, uint64_t value),
			     void *arg)
{
	uint64_t junk;
	/* a test polls it by level; before what a later post must wake it for */
	ssize_t n = read(b->event_fd, &junk, sizeof(junk));

	(void)n;
	mbox_gather(b);
	(void)mbox_deliver(b, fn, arg);
}
