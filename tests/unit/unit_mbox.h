/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A test that stands for a role: both steps of taking its messages at once.
 */
#pragma once

#include "core/mbox.h"

static inline void mbox_take(struct mbox *b,
			     void (*fn)(void *arg, enum msg_type type, uint32_t id, uint64_t value),
			     void *arg)
{
	mbox_gather(b);
	(void)mbox_deliver(b, fn, arg);
}
