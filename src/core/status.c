/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See status.h.
 */
#include "core/status.h"

#include "core/conf/conf.h"

#include <string.h>

struct status *status_new(struct conf *c)
{
	struct status *s = arena_alloc(&c->arena, sizeof(*s));

	s->inst = arena_array(&c->arena, c->vrrp_n, sizeof(*s->inst));
	s->vs = arena_array(&c->arena, c->vs_n, sizeof(*s->vs));
	s->rs = arena_array(&c->arena, c->rs_n, sizeof(*s->rs));
	s->probe = arena_array(&c->arena, c->probe_n, sizeof(*s->probe));
	/* touched here, so that the VRRP thread need not fault these pages in */
	memset((void *)s->inst, 0, c->vrrp_n * sizeof(*s->inst));
	return s;
}

void status_set(_Atomic uint64_t *word, _Atomic int64_t *since_us, uint64_t now, uint64_t mask,
		int64_t now_us)
{
	uint64_t was = STATUS_LOAD(word);

	if ((was & mask) != (now & mask) || !STATUS_LOAD(since_us))
		STATUS_STORE(since_us, now_us);
	if (was != now)
		STATUS_STORE(word, now);
}

void status_set_rs(struct status_rs *rs, uint32_t now, uint32_t mask, int64_t now_us)
{
	uint32_t was = STATUS_LOAD(&rs->word);

	if ((was & mask) != (now & mask) || !STATUS_LOAD(&rs->since_us))
		STATUS_STORE(&rs->since_us, now_us);
	if (was != now)
		STATUS_STORE(&rs->word, now);
}
