/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See arena.h. Chunks grow so that a large configuration is a few dozen allocations.
 */
#include "core/arena.h"

#include "core/bug.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK_MIN_LEN = 16 * 1024,
	CHUNK_MAX_LEN = 1024 * 1024,
	LARGE_PART = 4, /* of the largest chunk: more than that is not cut from one */
	ALIGN = _Alignof(max_align_t),
};

struct arena_chunk {
	struct arena_chunk *next;
	size_t len; /* of data */
	size_t used; /* of data */
	_Alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_fini(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->head; c; c = next) {
		next = c->next;
#ifdef VIPD_POISON
		memset(c->data, 0xDB, c->len);
#endif
		free(c);
	}
	arena_init(a);
}

static struct arena_chunk *chunk_new(size_t len)
{
	struct arena_chunk *c;

	BUG_ON(len > SIZE_MAX / 2);
	c = calloc(1, sizeof(*c) + len);
	BUG_ON(!c);
	c->len = len;
	return c;
}

static struct arena_chunk *chunk_add(struct arena *a, size_t need)
{
	size_t len = a->head ? a->head->len * 2 : CHUNK_MIN_LEN;
	struct arena_chunk *c;

	/* what is large has a chunk of its own, and what is left in the first one stays in use */
	if (a->head && need > CHUNK_MAX_LEN / LARGE_PART) {
		c = chunk_new(need);
		c->next = a->head->next;
		a->head->next = c;
		return c;
	}
	if (len > CHUNK_MAX_LEN)
		len = CHUNK_MAX_LEN;
	c = chunk_new(len < need ? need : len);
	c->next = a->head;
	a->head = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t len)
{
	BUG_ON(len > SIZE_MAX / 4);
	len = (len + ALIGN - 1) / ALIGN * ALIGN;

	struct arena_chunk *c = a->head;

	if (!c || c->len - c->used < len)
		c = chunk_add(a, len);

	void *p = c->data + c->used;

	c->used += len;
	a->used_len += len;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t len)
{
	BUG_ON(len && n > SIZE_MAX / 4 / len);
	return arena_alloc(a, n * len);
}

const char *arena_strdup(struct arena *a, const char *text)
{
	if (!text)
		return NULL;

	size_t len = strlen(text) + 1;
	char *copy = arena_alloc(a, len);

	memcpy(copy, text, len);
	return copy;
}
