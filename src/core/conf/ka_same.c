/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: objects that are equal as they were given, and objects that are there twice.
 */
#include "core/bug.h"
#include "core/conf/conf_compare.h"
#include "core/conf/ka.h"

#include <stdlib.h>
#include <string.h>

bool ka_same_list(const struct build *b, enum schema_kind kind, struct conf_range x,
		  struct conf_range y)
{
	if (x.n != y.n)
		return false;
	for (uint32_t i = 0; i < x.n && x.first != y.first; i++)
		if (!ka_same(b, kind, x.first + i, y.first + i))
			return false;
	return true;
}

static bool same_field(const struct build *b, const struct schema_key *key, const void *x,
		       const void *y)
{
	struct conf_range rx, ry;

	if (key->type != KT_LIST && key->type != KT_ONE)
		return conf_setting_same(key, NULL, x, key, NULL, y);
	memcpy(&rx, schema_field(key, x), sizeof(rx));
	memcpy(&ry, schema_field(key, y), sizeof(ry));
	return ka_same_list(b, key->elem, rx, ry);
}

bool ka_same(const struct build *b, enum schema_kind kind, uint32_t i, uint32_t j)
{
	const struct keyset *seen = build_seen(b, kind, i);
	const void *x = build_made(b, kind, i), *y = build_made(b, kind, j);

	if (memcmp(seen, build_seen(b, kind, j), sizeof(*seen)) != 0)
		return false;
	for (int r = keyset_next(seen, 0); r >= 0; r = keyset_next(seen, r + 1))
		if (!same_field(b, &schema_of[kind].key[r], x, y))
			return false;
	return true;
}

struct sorting {
	const struct build *b;
	enum schema_kind kind;
	uint32_t first;
	ka_cmp_fn *cmp;
	const void *arg;
};

static int cmp_index(const void *va, const void *vb, void *vs)
{
	const struct sorting *s = vs;
	uint32_t i, j;
	int d;

	memcpy(&i, va, sizeof(i));
	memcpy(&j, vb, sizeof(j));
	d = s->cmp(build_made(s->b, s->kind, s->first + i), build_made(s->b, s->kind, s->first + j),
		   s->arg);
	return d ? d : (i > j) - (i < j); /* the first line of the file comes first */
}

static void mark_twice(const struct sorting *s, uint32_t n, bool *is_twice)
{
	uint32_t *order = calloc(n, sizeof(*order));

	BUG_ON(!order);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), cmp_index, (void *)(uintptr_t)s);
	for (uint32_t i = 1; i < n; i++)
		is_twice[order[i]] =
			!s->cmp(build_made(s->b, s->kind, s->first + order[i - 1]),
				build_made(s->b, s->kind, s->first + order[i]), s->arg);
	free(order);
}

void ka_drop_twice(struct ka *k, enum schema_kind kind, struct conf_range *r, ka_cmp_fn *cmp,
		   const void *arg, ka_twice_fn *tell)
{
	struct sorting s = { &k->b, kind, r->first, cmp, arg };
	struct vec *list = &k->b.list[kind];
	bool *is_twice;
	uint32_t kept = 0;

	BUG_ON(r->n && r->first + r->n != list->n);
	if (r->n < 2)
		return;
	is_twice = calloc(r->n, sizeof(*is_twice));
	BUG_ON(!is_twice);
	mark_twice(&s, r->n, is_twice);
	for (uint32_t i = 0; i < r->n; i++) {
		if (is_twice[i])
			tell(k, build_made(&k->b, kind, r->first + i));
		else if (i != kept)
			memcpy(vec_at(list, r->first + kept), vec_at(list, r->first + i),
			       list->el_len);
		kept += !is_twice[i];
	}
	vec_cut(list, r->first + kept);
	r->n = kept;
	free(is_twice);
}
