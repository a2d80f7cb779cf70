/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: the keepalived column of schema.def, as a table of (kind, keyword). Open addressing, made at
 * the first look.
 */
#include "core/bug.h"
#include "core/conf/ka.h"

#include <pthread.h>
#include <string.h>

enum { ROW_SLOTS = 2048 };

static struct row_slot {
	const struct schema_key *key; /* NULL = empty */
	const char *word; /* in the row's column; ends at a blank */
	uint8_t len, kind;
} slots[ROW_SLOTS];

static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static uint32_t word_hash(int kind, const char *word, size_t len)
{
	uint32_t h = 2166136261u ^ (uint32_t)kind * 0x9e3779b1u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)word[i]) * 16777619u;
	return h ^ h >> 15;
}

static const struct row_slot *find(int kind, const char *word, size_t len)
{
	uint32_t i = word_hash(kind, word, len) % ROW_SLOTS;

	for (; slots[i].key; i = (i + 1) % ROW_SLOTS)
		if (slots[i].kind == kind && slots[i].len == len &&
		    !memcmp(slots[i].word, word, len))
			return &slots[i];
	return NULL;
}

static void add(int kind, const struct schema_key *key, const char *word, size_t len)
{
	uint32_t i = word_hash(kind, word, len) % ROW_SLOTS;

	if (find(kind, word, len))
		return; /* a block's own name may stand in several rows */
	while (slots[i].key)
		i = (i + 1) % ROW_SLOTS;
	slots[i] = (struct row_slot){ key, word, (uint8_t)len, (uint8_t)kind };
}

static void slots_init(void)
{
	uint32_t n = 0;

	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
			for (const char *p = k->keepalived; *p;) {
				size_t len = strcspn(p, " ");

				BUG_ON(++n * 2 > ROW_SLOTS);
				add(kind, k, p, len);
				p += len + (p[len] == ' ');
			}
}

const struct schema_key *ka_row(enum schema_kind kind, const char *word)
{
	const struct row_slot *s;

	(void)pthread_once(&slots_once, slots_init);
	s = find((int)kind, word, strlen(word));
	return s ? s->key : NULL;
}

bool ka_has_word(const char *words, const char *name)
{
	size_t len = strlen(name);

	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && !strncmp(words, name, len))
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}
