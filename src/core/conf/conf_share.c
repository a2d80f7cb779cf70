/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_share.h. A hash table of one probe for each group; O(n).
 */
#include "core/conf/conf_share.h"

#include "core/bug.h"
#include "core/conf/conf_compare.h"

#include <stdlib.h>
#include <string.h>

static const struct ip_addr *target_addr(const struct conf *c, const struct conf_probe *p)
{
	const struct conf_check *ck = &c->check[p->check];

	return ck->s.ip.family ? &ck->s.ip : &c->rs[p->rs].s.addr;
}

static uint16_t target_port(const struct conf *c, const struct conf_probe *p)
{
	const struct conf_check *ck = &c->check[p->check];

	return ck->s.port ? ck->s.port : c->rs[p->rs].s.port;
}

/* Of what tells groups apart at a glance. */
static uint32_t hash_probe(const struct conf *c, const struct conf_probe *p)
{
	const struct fields_check *s = &c->check[p->check].s;
	uint16_t port = target_port(c, p);
	uint32_t h = hash_bytes(HASH_SEED, target_addr(c, p)->byte, 16);

	h = hash_bytes(h, &port, sizeof(port));
	h = hash_bytes(h, &s->type, sizeof(s->type));
	h = hash_bytes(h, &s->interval_us, sizeof(s->interval_us));
	if (s->path)
		h = hash_bytes(h, s->path, (uint32_t)strlen(s->path));
	if (s->host)
		h = hash_bytes(h, s->host, (uint32_t)strlen(s->host));
	return h;
}

/* What a dynamic weight comes to hangs on the server's own, so the whole check is compared, and nothing
 * of the server but its target. */
static bool same_check(const struct conf *c, const struct conf_probe *a, const struct conf_probe *b)
{
	if (!addr_eq(target_addr(c, a), target_addr(c, b)) ||
	    target_port(c, a) != target_port(c, b))
		return false;
	return a->check == b->check || conf_compare(SCHEMA_check, c, &c->check[a->check], c,
						    &c->check[b->check]) == SCHEMA_SAME;
}

/* The first probe of the group of probe i; i itself when there was none. */
static uint32_t group_of(const struct conf *c, uint32_t *slot, uint32_t mask, uint32_t i)
{
	uint32_t at = hash_probe(c, &c->probe[i]) & mask;

	while (slot[at]) {
		uint32_t k = slot[at] - 1;

		if (same_check(c, &c->probe[k], &c->probe[i]))
			return k;
		at = (at + 1) & mask;
	}
	slot[at] = i + 1;
	return i;
}

void conf_share(struct conf *c)
{
	uint32_t size = 4, *slot, *group;

	for (uint32_t i = 0; i < c->probe_n; i++)
		c->probe[i].leader = c->probe[i].id;
	if (!c->workers.s.share_checks)
		return;
	while (size < c->probe_n * 2)
		size *= 2;
	slot = calloc(size, sizeof(*slot));
	group = calloc(c->probe_n + 1, sizeof(*group));
	BUG_ON(!slot || !group);
	for (uint32_t i = 0; i < c->probe_n; i++) {
		struct probe_id *leader;

		group[i] = group_of(c, slot, size - 1, i);
		leader = &c->probe[group[i]].leader;
		if (c->probe[i].id.v < leader->v)
			*leader = c->probe[i].id;
	}
	for (uint32_t i = 0; i < c->probe_n; i++)
		c->probe[i].leader = c->probe[group[i]].leader;
	free(slot);
	free(group);
}

uint32_t conf_share_leaders(const struct conf *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->probe_n; i++)
		n += c->probe[i].leader.v == c->probe[i].id.v;
	return n;
}
