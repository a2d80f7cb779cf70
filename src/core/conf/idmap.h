/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * id -> index, built once for a snapshot and frozen with it. Ids are never 0.
 *
 * Ids are minted in a row, so mostly they lie close together: then the map is an array with a place for each id
 * between the least and the greatest, four bytes each. Where many have come and gone, it is a hash table
 * (open addressing, load at most one half), which takes 16 to 32 bytes for each.
 */
#pragma once

#include "core/conf/conf.h"

struct idmap_slot {
	uint32_t id; /* 0 = empty */
	uint32_t index;
};

#define IDMAP_NONE UINT32_MAX

/* Room for n ids from first to last, from the arena. */
void idmap_init_span(struct idmap *m, struct arena *a, uint32_t n, uint32_t first, uint32_t last);

/* Room for n ids, from the arena. */
void idmap_init(struct idmap *m, struct arena *a, uint32_t n);

/* At most n times; id is not in it yet. */
void idmap_put(struct idmap *m, uint32_t id, uint32_t index);

/* The index, or IDMAP_NONE. Any thread once frozen. */
uint32_t idmap_find(const struct idmap *m, uint32_t id);
