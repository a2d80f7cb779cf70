/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which services are suspended at the moment (ha_suspend, and no address of theirs on this router): flags
 * beside a snapshot, one for each service. The IPVS role decides and writes them; check workers read them
 * when a check is due. Atomic, and each flag stands for itself: a reader that is late by one makes a check
 * too many, or one too late.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes the flags, as they were in old (NULL: none was). Main, before c is published. */
void conf_suspend_make(struct conf *c, const struct conf *old);

/* The IPVS role. True: it was otherwise before. A snapshot without flags has none to set. */
static inline bool conf_suspend_set(const struct conf *c, uint32_t vs, bool is_suspended)
{
	return c->suspended && atomic_exchange_explicit(&c->suspended[vs], is_suspended,
							memory_order_relaxed) != is_suspended;
}

/* Any role. */
static inline bool conf_suspend_has(const struct conf *c, uint32_t vs)
{
	return c->suspended && atomic_load_explicit(&c->suspended[vs], memory_order_relaxed);
}
