/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_names.h.
 */
#include "core/conf/conf_names.h"

#include "core/addr.h"
#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(enum schema_kind kind, const char *name)
{
	return hash_bytes(HASH_SEED ^ (uint32_t)kind, name, (uint32_t)strlen(name));
}

static struct name_slot *find(const struct names *t, const struct name_slot *key)
{
	uint32_t i = key->hash & (t->size - 1);

	while (t->slot[i].name && (t->slot[i].hash != key->hash || t->slot[i].kind != key->kind ||
				   strcmp(t->slot[i].name, key->name) != 0))
		i = (i + 1) & (t->size - 1);
	return &t->slot[i];
}

void *names_get(const struct names *t, enum schema_kind kind, const char *name)
{
	struct name_slot key = { .name = name, .kind = kind, .hash = hash_of(kind, name) };

	return t->size ? find(t, &key)->obj : NULL;
}

static void grow(struct names *t)
{
	struct names bigger = { .size = t->size ? t->size * 2 : 16, .n = t->n };

	BUG_ON(t->size > UINT32_MAX / 4);
	bigger.slot = calloc(bigger.size, sizeof(*bigger.slot));
	BUG_ON(!bigger.slot);
	for (uint32_t i = 0; i < t->size; i++)
		if (t->slot[i].name)
			*find(&bigger, &t->slot[i]) = t->slot[i];
	free(t->slot);
	*t = bigger;
}

void names_put(struct names *t, enum schema_kind kind, const char *name, void *obj)
{
	struct name_slot key = { name, obj, kind, hash_of(kind, name) };

	if (t->n >= t->size / 2)
		grow(t);

	struct name_slot *s = find(t, &key);

	BUG_ON(s->name || !obj);
	*s = key;
	t->n++;
}

const char *names_nearest(const struct names *t, enum schema_kind kind, const char *name)
{
	const char *best = NULL;
	unsigned best_d = (unsigned)strlen(name) / 3 + 2; /* more would be guessing */

	for (uint32_t i = 0; i < t->size; i++) {
		if (!t->slot[i].name || t->slot[i].kind != kind)
			continue;

		unsigned d = schema_distance(name, t->slot[i].name, best_d + 1);

		/* of two that are as near, the one that sorts first: not a matter of hashes */
		if (d < best_d || (best && d == best_d && strcmp(t->slot[i].name, best) < 0)) {
			best = t->slot[i].name;
			best_d = d;
		}
	}
	return best;
}

void names_fini(struct names *t)
{
	free(t->slot);
	*t = (struct names){ 0 };
}
