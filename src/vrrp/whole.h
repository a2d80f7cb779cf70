/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Track groups: whether the static addresses, routes and rules that name one are in place. The instances
 * of a group are in FAULT while they are not. What somebody takes away is put back at once, and nobody
 * hears of it; this is about what can't be. As in keepalived, something on an interface that is down
 * counts as missing. Pure.
 */
#pragma once

#include "vrrp/fib.h"
#include "vrrp/link.h"
#include "vrrp/vip.h"

struct whole {
	struct link_group *group; /* sorted by id */
	uint32_t n;
};

void whole_fini(struct whole *w);

/* Those of another configuration that this one has not are forgotten; new ones are unknown. */
void whole_adopt(struct whole *w, const struct conf *c);

struct whole_sets {
	const struct vip_set *addrs;
	const struct fib_set *routes, *rules;
	const struct link_table *links;
};

/* Looks again, after a plan was carried out. True: something has changed. O(static objects). */
bool whole_look(struct whole *w, const struct conf *c, const struct whole_sets *sets);
