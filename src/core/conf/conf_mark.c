/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_mark.h. A bit for each mark of the span says whether it is taken.
 */
#include "core/conf/conf_mark.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

struct marks {
	uint8_t *taken; /* bits */
	uint32_t first, span;
};

static bool take(struct marks *m, uint32_t mark)
{
	uint32_t i = mark - m->first;
	bool was_free;

	if (mark < m->first || i >= m->span)
		return false;
	was_free = !(m->taken[i / 8] >> i % 8 & 1);
	m->taken[i / 8] |= (uint8_t)(1 << i % 8);
	return was_free;
}

/* 0: all are taken. */
static uint32_t take_any(struct marks *m, uint32_t from)
{
	for (uint32_t i = 0; i < m->span; i++) {
		uint32_t mark = m->first + (uint32_t)(((uint64_t)from + i) % m->span);

		if (take(m, mark))
			return mark;
	}
	return 0;
}

/* Those that stand in the file. */
static void take_given(struct marks *m, const struct conf *c)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		(void)take(m, c->vs[i].s.fwmark);
	for (uint32_t i = 0; i < c->vsaddr_n; i++)
		(void)take(m, c->vsaddr[i].s.fwmark);
}

/* Which families of the service are to have a mark. False: none, it has one address or one with all ports. */
static bool is_large(const struct conf *c, const struct conf_vs *vs, bool has[CONF_MARK_N])
{
	struct conf_range r = vs->where;
	uint32_t n = 0;

	has[CONF_MARK_V4] = has[CONF_MARK_V6] = false;
	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct fields_vsaddr *a = &c->vsaddr[i].s;

		if (a->fwmark)
			continue;
		if (!a->port && !vs->s.port)
			return false;
		has[a->prefix.addr.family == AF_INET6] = true;
		n += a->prefix.len < addr_len(a->prefix.addr.family) * 8 ? 2 : 1;
	}
	return n > 1;
}

static uint32_t hash_of(const struct conf_vs *vs, uint8_t family)
{
	return hash_bytes(hash_bytes(HASH_SEED, vs->s.name, (uint32_t)strlen(vs->s.name)), &family,
			  sizeof(family));
}

/* What the running snapshot has for a service, or 0. */
static uint32_t kept(const struct conf *old, const struct conf_vs *vs, unsigned family)
{
	const struct conf_vs *was = old ? conf_vs(old, vs->id) : NULL;

	return was ? was->mark[family] : 0;
}

/* First those that stay, so that what is new can't take their marks. */
static void give(struct marks *m, struct conf *c, const struct conf *old, bool is_new)
{
	bool has[CONF_MARK_N];

	for (uint32_t i = 0; i < c->vs_n; i++) {
		struct conf_vs *vs = &c->vs[i];

		if (!is_large(c, vs, has))
			continue;
		for (unsigned k = 0; k < CONF_MARK_N; k++) {
			uint32_t mark = kept(old, vs, k);

			if (!has[k] || vs->mark[k])
				continue;
			if (is_new)
				vs->mark[k] = take_any(m, hash_of(vs, (uint8_t)k) % m->span);
			else if (mark && take(m, mark))
				vs->mark[k] = mark;
		}
	}
}

void conf_mark_clear(struct conf *c)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		memset(c->vs[i].mark, 0, sizeof(c->vs[i].mark));
}

void conf_mark_make(struct conf *c, const struct conf *old)
{
	struct marks m = { .first = c->global.s.nft_ipvs_mark, .span = CONF_MARK_SPAN };

	conf_mark_clear(c);
	if (!c->global.s.nft_ipvs)
		return;
	if (UINT32_MAX - m.first < m.span - 1)
		m.span = UINT32_MAX - m.first + 1;
	m.taken = calloc(CONF_MARK_SPAN / 8, 1);
	BUG_ON(!m.taken);
	take_given(&m, c);
	give(&m, c, old, false);
	give(&m, c, old, true);
	free(m.taken);
}
