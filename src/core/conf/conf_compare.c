/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_compare.h.
 */
#include "core/conf/conf_compare.h"

#include <stddef.h>
#include <string.h>

static bool text_eq(const void *a, const void *b)
{
	const char *sa, *sb;

	memcpy(&sa, a, sizeof(sa));
	memcpy(&sb, b, sizeof(sb));
	return sa == sb || (sa && sb && !strcmp(sa, sb));
}

static bool texts_eq(const void *a, const void *b)
{
	struct conf_strs sa, sb;

	memcpy(&sa, a, sizeof(sa));
	memcpy(&sb, b, sizeof(sb));
	if (sa.n != sb.n)
		return false;
	for (uint32_t i = 0; i < sa.n && sa.v != sb.v; i++)
		if (strcmp(sa.v[i], sb.v[i]) != 0)
			return false;
	return true;
}

/* Lists in lists are at most a few deep: the kinds have no circle. */
static bool list_eq(enum schema_kind kind, const struct conf *ca, const void *fa,
		    const struct conf *cb, const void *fb)
{
	struct conf_range a, b;

	memcpy(&a, fa, sizeof(a));
	memcpy(&b, fb, sizeof(b));
	if (a.n != b.n)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		if (conf_compare(kind, ca, conf_object(ca, kind, a.first + i), cb,
				 conf_object(cb, kind, b.first + i)) != SCHEMA_SAME)
			return false;
	return true;
}

bool conf_setting_eq(const struct schema_key *key, const struct conf *ca, const void *a,
		     const struct conf *cb, const void *b)
{
	return ((key->type == KT_LIST || key->type == KT_ONE) &&
		(key->elem == SCHEMA_rs || key->elem == SCHEMA_check)) ||
	       conf_setting_same(key, ca, a, key, cb, b);
}

bool conf_setting_same(const struct schema_key *ka, const struct conf *ca, const void *a,
		       const struct schema_key *kb, const struct conf *cb, const void *b)
{
	const void *fa = schema_field(ka, a);
	const void *fb = schema_field(kb, b);

	switch (ka->type) {
	case KT_STR:
		return text_eq(fa, fb);
	case KT_STRS:
		return texts_eq(fa, fb);
	case KT_LIST:
	case KT_ONE:
		return list_eq(ka->elem, ca, fa, cb, fb);
	case KT_BOOL:
	case KT_UINT:
	case KT_INT:
	case KT_NAMED:
	case KT_DUR:
	case KT_ENUM:
	case KT_ADDR:
	case KT_PREFIX:
	case KT_STATUS:
		break;
	}
	/* none of them has padding, and unused bytes are zero */
	return !memcmp(fa, fb, ka->len);
}

enum { OWNER_PRIORITY = 255 };

/* An owner of the addresses is another kind of router (RFC 9568, 8.3.2): it never yields. */
static bool is_owner_change(const struct schema_key *key, const struct conf_vrrp *a,
			    const struct conf_vrrp *b)
{
	return key->off == offsetof(struct fields_vrrp, priority) && key->type == KT_UINT &&
	       (a->s.priority == OWNER_PRIORITY) != (b->s.priority == OWNER_PRIORITY);
}

enum schema_reload conf_cost(enum schema_kind kind, const struct schema_key *key, const void *a,
			     const void *b)
{
	if (key->effect == SCHEMA_YET && key->reload > SCHEMA_LIVE)
		return SCHEMA_LIVE; /* nothing acts on it, so nothing has to start anew for it */
	if (kind == SCHEMA_vrrp && key->reload < SCHEMA_RESTART && is_owner_change(key, a, b))
		return SCHEMA_RESTART;
	return key->reload;
}

enum schema_reload conf_compare(enum schema_kind kind, const struct conf *ca, const void *a,
				const struct conf *cb, const void *b)
{
	enum schema_reload worst = SCHEMA_SAME;

	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		enum schema_reload cost = conf_cost(kind, k, a, b);

		if (cost > worst && !conf_setting_eq(k, ca, a, cb, b))
			worst = cost;
	}
	return worst;
}

bool conf_restarts(enum schema_kind kind, const struct conf *ca, const void *a,
		   const struct conf *cb, const void *b)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (conf_cost(kind, k, a, b) >= SCHEMA_RESTART && !conf_setting_eq(k, ca, a, cb, b))
			return true;
	return false;
}
