/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_share.h. A hash table of one probe for each group, and there are no more groups that ask the
 * same than workers; O(n).
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

#define NO_WORKER UINT32_MAX /* of a new probe, until it has one */

/* The first probe of the group of probe i; i itself when there was none. A new probe joins any group. */
static uint32_t group_of(const struct conf *c, uint32_t *slot, uint32_t mask, uint32_t i)
{
	const struct conf_probe *p = &c->probe[i];
	uint32_t at = hash_probe(c, p) & mask;

	while (slot[at]) {
		uint32_t k = slot[at] - 1;

		if ((p->worker == NO_WORKER || p->worker == c->probe[k].worker) &&
		    same_check(c, &c->probe[k], p))
			return k;
		at = (at + 1) & mask;
	}
	slot[at] = i + 1;
	return i;
}

/* First those that have a worker, so that the new ones find them. */
static void group_all(struct conf *c, uint32_t *group, uint32_t worker_n,
		      uint32_t (*worker_of)(uint32_t id, uint32_t worker_n))
{
	uint32_t size = 4, *slot;

	while (size < c->probe_n * 2)
		size *= 2;
	slot = calloc(size, sizeof(*slot));
	BUG_ON(!slot);
	for (uint32_t i = 0; i < c->probe_n; i++)
		if (c->probe[i].worker != NO_WORKER)
			group[i] = group_of(c, slot, size - 1, i);
	for (uint32_t i = 0; i < c->probe_n; i++) {
		struct conf_probe *p = &c->probe[i];

		if (p->worker != NO_WORKER)
			continue;
		group[i] = group_of(c, slot, size - 1, i);
		p->worker =
			group[i] == i ? worker_of(p->id.v, worker_n) : c->probe[group[i]].worker;
	}
	free(slot);
}

static void choose_leaders(struct conf *c, const uint32_t *group)
{
	for (uint32_t i = 0; i < c->probe_n; i++) {
		struct probe_id *leader = &c->probe[group[i]].leader;

		if (c->probe[i].id.v < leader->v)
			*leader = c->probe[i].id;
	}
	for (uint32_t i = 0; i < c->probe_n; i++)
		c->probe[i].leader = c->probe[group[i]].leader;
}

void conf_share(struct conf *c, const struct conf *old, uint32_t worker_n,
		uint32_t (*worker_of)(uint32_t id, uint32_t worker_n))
{
	bool is_on = c->workers.s.share_checks;
	uint32_t *group;

	for (uint32_t i = 0; i < c->probe_n; i++) {
		struct conf_probe *p = &c->probe[i];
		const struct conf_probe *was = old ? conf_probe(old, p->id) : NULL;

		p->leader = p->id;
		p->worker = was ? was->worker : is_on ? NO_WORKER : worker_of(p->id.v, worker_n);
	}
	if (!is_on)
		return;
	group = calloc(c->probe_n + 1, sizeof(*group));
	BUG_ON(!group);
	group_all(c, group, worker_n, worker_of);
	choose_leaders(c, group);
	free(group);
}

uint32_t conf_share_leaders(const struct conf *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->probe_n; i++)
		n += c->probe[i].leader.v == c->probe[i].id.v;
	return n;
}
