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

void idmap_init_span(struct idmap *m, struct arena *a, uint32_t n, uint32_t first, uint32_t last)
{
	uint64_t span = n ? (uint64_t)last - first + 1 : 0;

	BUG_ON(n && last < first);
	if (span * sizeof(*m->place) > (uint64_t)n * 2 * sizeof(*m->slot)) {
		idmap_init(m, a, n);
		return;
	}
	*m = (struct idmap){ .place = arena_array(a, span, sizeof(*m->place)),
			     .first = first,
			     .n = (uint32_t)span };
}

void idmap_init(struct idmap *m, struct arena *a, uint32_t n)
{
	uint32_t size = 4;

	BUG_ON(n > UINT32_MAX / 4);
	while (size < n * 2)
		size *= 2;
	*m = (struct idmap){ .slot = arena_array(a, size, sizeof(*m->slot)), .mask = size - 1 };
}

void idmap_put(struct idmap *m, uint32_t id, uint32_t index)
{
	uint32_t i;

	if (m->place) {
		BUG_ON(id < m->first || id - m->first >= m->n || m->place[id - m->first]);
		m->place[id - m->first] = index + 1;
		return;
	}
	i = slot_of(m, id);
	BUG_ON(!id || m->slot[i].id);
	m->slot[i] = (struct idmap_slot){ .id = id, .index = index };
}

uint32_t idmap_find(const struct idmap *m, uint32_t id)
{
	if (m->place)
		return id < m->first || id - m->first >= m->n ? IDMAP_NONE
							      : m->place[id - m->first] - 1;
	if (!m->slot || !id)
		return IDMAP_NONE;

	uint32_t i = slot_of(m, id);

	return m->slot[i].id ? m->slot[i].index : IDMAP_NONE;
}
