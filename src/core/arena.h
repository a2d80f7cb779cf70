/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A bump allocator: everything that one snapshot of the configuration owns, freed in one call.
 *
 * One thread fills it; after that it may be read by all. Memory is zeroed.
 */
#pragma once

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* newest chunk, the one being filled */
	size_t used_len; /* bytes handed out, for status and tests */
};

void arena_init(struct arena *a);

/* Frees everything that came from it. In TSan and ASan builds the memory is poisoned first. */
void arena_fini(struct arena *a);

/* Zeroed memory, aligned for any type. Never NULL: out of memory is a BUG_ON. */
void *arena_alloc(struct arena *a, size_t len);

/* n elements of len bytes; overflow is a BUG_ON. n may be 0. */
void *arena_array(struct arena *a, size_t n, size_t len);

/* A copy of the text; NULL stays NULL. */
const char *arena_strdup(struct arena *a, const char *text);
