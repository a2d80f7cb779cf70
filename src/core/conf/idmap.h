/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * id -> index, built once for a snapshot and frozen with it. Ids are dense and never 0.
 */
#pragma once

#include "core/conf/conf.h"

struct idmap_slot {
	uint32_t id; /* 0 = empty */
	uint32_t index;
};

#define IDMAP_NONE UINT32_MAX

/* Room for n ids, from the arena. */
void idmap_init(struct idmap *m, struct arena *a, uint32_t n);

/* At most n times; id is not in it yet. */
void idmap_put(struct idmap *m, uint32_t id, uint32_t index);

/* The index, or IDMAP_NONE. Any thread once frozen. */
uint32_t idmap_find(const struct idmap *m, uint32_t id);
