/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See idmap.h.
 */
#include "core/conf/idmap.h"

#include "core/bug.h"

static uint32_t slot_of(const struct idmap *m, uint32_t id)
{
	/* Fibonacci hashing spreads the runs of neighbouring ids that minting gives */
	uint32_t i = id * 2654435769u & m->mask;

	while (m->slot[i].id && m->slot[i].id != id)
		i = (i + 1) & m->mask;
	return i;
}

void idmap_init(struct idmap *m, struct arena *a, uint32_t n)
{
	uint32_t size = 4;

	BUG_ON(n > UINT32_MAX / 4);
	while (size < n * 2)
		size *= 2;
	m->slot = arena_array(a, size, sizeof(*m->slot));
	m->mask = size - 1;
}

void idmap_put(struct idmap *m, uint32_t id, uint32_t index)
{
	uint32_t i = slot_of(m, id);

	BUG_ON(!id || m->slot[i].id);
	m->slot[i] = (struct idmap_slot){ .id = id, .index = index };
}

uint32_t idmap_find(const struct idmap *m, uint32_t id)
{
	if (!m->slot || !id)
		return IDMAP_NONE;

	uint32_t i = slot_of(m, id);

	return m->slot[i].id ? m->slot[i].index : IDMAP_NONE;
}
