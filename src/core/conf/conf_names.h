/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * (kind, name) -> object, while a configuration is loaded: templates, pools, what a node lays on top.
 * Open addressing. Pure.
 */
#pragma once

#include "core/conf/schema.h"

#include <stdint.h>

struct name_slot {
	const char *name; /* NULL = empty */
	void *obj;
	enum schema_kind kind;
	uint32_t hash;
};

/* Zeroed memory is an empty table. */
struct names {
	struct name_slot *slot;
	uint32_t n, size;
};

/* The object, or NULL. */
void *names_get(const struct names *t, enum schema_kind kind, const char *name);

/* It is not in the table yet; obj is not NULL; name lives as long as the table. */
void names_put(struct names *t, enum schema_kind kind, const char *name, void *obj);

/* The nearest known name of this kind to a misspelt one, or NULL. Linear: on the way to an error. */
const char *names_nearest(const struct names *t, enum schema_kind kind, const char *name);

void names_fini(struct names *t);
