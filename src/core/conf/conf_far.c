/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_far.h.
 */
#include "core/conf/conf_far.h"

#include <string.h>

void conf_far_own(enum schema_kind kind, void *base, struct arena *a)
{
	struct fields_rs *s = base;
	struct far_rs *own;

	if (kind != SCHEMA_rs)
		return;
	own = arena_alloc(a, sizeof(*own));
	if (s->far)
		memcpy(own, s->far, sizeof(*own));
	s->far = own;
}

struct far_rs *conf_far_share(struct conf_fars *f, struct arena *a, const struct far_rs *far)
{
	struct far_rs **at = &f->of[hash_bytes(HASH_SEED, far, sizeof(*far)) % CONF_FAR_N];

	if (*at && !memcmp(*at, far, sizeof(*far)))
		return *at;
	*at = arena_alloc(a, sizeof(**at));
	memcpy(*at, far, sizeof(**at));
	return *at;
}

const struct far_rs *conf_far(const struct conf_rs *rs)
{
	static const struct far_rs none;

	return rs->s.far ? rs->s.far : &none;
}
