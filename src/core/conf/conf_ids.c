/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_ids.h.
 */
#include "core/conf/conf_ids.h"

#include "core/bug.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_names.h"
#include "core/conf/idmap.h"

#include <stdlib.h>
#include <string.h>

/* A hash table over the old objects of one kind, for the length of the join. */
struct join {
	uint32_t *slot; /* index + 1; 0 = empty */
	uint32_t mask;
};

static void join_init(struct join *j, uint32_t n)
{
	uint32_t size = 4;

	while (size < n * 2)
		size *= 2;
	j->slot = calloc(size, sizeof(*j->slot));
	BUG_ON(!j->slot);
	j->mask = size - 1;
}

static void join_put(struct join *j, uint32_t hash, uint32_t index)
{
	uint32_t i = hash & j->mask;

	while (j->slot[i])
		i = (i + 1) & j->mask;
	j->slot[i] = index + 1;
}

/* Index of the next object under this hash, or IDMAP_NONE. *at walks; begin with the hash. */
static uint32_t join_next(const struct join *j, uint32_t *at)
{
	uint32_t i = *at & j->mask;

	*at = i + 1;
	return j->slot[i] ? j->slot[i] - 1 : IDMAP_NONE;
}

static uint32_t hash_text(const char *s)
{
	return hash_bytes(HASH_SEED, s, (uint32_t)strlen(s));
}

static uint32_t hash_rs(uint32_t vs_id, const struct conf_rs *rs)
{
	uint32_t h = hash_bytes(HASH_SEED, &vs_id, sizeof(vs_id));

	h = hash_bytes(h, rs->s.addr.byte, sizeof(rs->s.addr.byte));
	return hash_bytes(h, &rs->s.port, sizeof(rs->s.port));
}

static void mint_inst(struct conf_minter *m, const struct conf *prev, struct conf *next)
{
	struct join j;

	join_init(&j, prev ? prev->vrrp_n : 0);
	for (uint32_t i = 0; prev && i < prev->vrrp_n; i++)
		join_put(&j, hash_text(prev->vrrp[i].s.name), i);
	for (uint32_t i = 0; i < next->vrrp_n; i++) {
		struct conf_vrrp *in = &next->vrrp[i];
		uint32_t at = hash_text(in->s.name), k;

		while ((k = join_next(&j, &at)) != IDMAP_NONE)
			if (!strcmp(prev->vrrp[k].s.name, in->s.name))
				break;
		in->id.v = k == IDMAP_NONE ? ++m->last : prev->vrrp[k].id.v;
	}
	free(j.slot);
}

static void mint_sync(struct conf_minter *m, const struct conf *prev, struct conf *next)
{
	struct join j;

	join_init(&j, prev ? prev->sync_n : 0);
	for (uint32_t i = 0; prev && i < prev->sync_n; i++)
		join_put(&j, hash_text(prev->sync[i].s.name), i);
	idmap_init(&next->sync_by_id, &next->arena, next->sync_n);
	for (uint32_t i = 0; i < next->sync_n; i++) {
		struct conf_sync *g = &next->sync[i];
		uint32_t at = hash_text(g->s.name), k;

		while ((k = join_next(&j, &at)) != IDMAP_NONE)
			if (!strcmp(prev->sync[k].s.name, g->s.name))
				break;
		g->id.v = k == IDMAP_NONE ? ++m->last : prev->sync[k].id.v;
		idmap_put(&next->sync_by_id, g->id.v, i);
	}
	free(j.slot);
}

static void mint_vs(struct conf_minter *m, const struct conf *prev, struct conf *next)
{
	struct join j;

	join_init(&j, prev ? prev->vs_n : 0);
	for (uint32_t i = 0; prev && i < prev->vs_n; i++)
		join_put(&j, hash_text(prev->vs[i].s.name), i);
	for (uint32_t i = 0; i < next->vs_n; i++) {
		struct conf_vs *vs = &next->vs[i];
		uint32_t at = hash_text(vs->s.name), k;

		while ((k = join_next(&j, &at)) != IDMAP_NONE)
			if (!strcmp(prev->vs[k].s.name, vs->s.name))
				break;
		vs->id.v = k == IDMAP_NONE ? ++m->last : prev->vs[k].id.v;
	}
	free(j.slot);
}

static bool same_server(const struct conf *prev, const struct conf_rs *old, const struct conf *next,
			const struct conf_rs *new)
{
	return prev->vs[old->vs].id.v == next->vs[new->vs].id.v &&
	       old->s.port == new->s.port &&addr_eq(&old->s.addr, &new->s.addr);
}

/* What a probe asks of its server: the settings whose change makes it another probe, with a verdict of
 * its own. */
static bool same_question(const struct conf *prev, const struct conf_probe *old,
			  const struct conf *next, const struct conf_probe *new)
{
	return conf_compare(SCHEMA_check, prev, &prev->check[old->check], next,
			    &next->check[new->check]) < SCHEMA_RESTART;
}

enum { CHECKS_MAX_N = 64 }; /* of a server: the schema allows fewer; one bit each */

/* The checks of a server that was there before: each of the new ones takes the id of the first old one
 * that asked the same and is not taken. */
static void keep_probes(const struct conf *prev, const struct conf_rs *old, struct conf *next,
			const struct conf_rs *new)
{
	uint64_t taken = 0;

	BUG_ON(old->probes.n > CHECKS_MAX_N);
	for (uint32_t i = 0; i < new->probes.n; i++) {
		struct conf_probe *p = &next->probe[new->probes.first + i];

		for (uint32_t k = 0; k < old->probes.n && !p->id.v; k++) {
			const struct conf_probe *was = &prev->probe[old->probes.first + k];

			if (taken >> k & 1 || !same_question(prev, was, next, p))
				continue;
			taken |= UINT64_C(1) << k;
			p->id = was->id;
		}
	}
}

/* Index of the server in prev, or IDMAP_NONE. Most stand where they stood, so guess is looked at first;
 * the table is made when one does not. A server stands once in a service, so there is no better one. */
static uint32_t find_rs(struct join *j, const struct conf *prev, const struct conf *next,
			const struct conf_rs *rs, uint32_t guess)
{
	uint32_t at, k;

	if (!prev)
		return IDMAP_NONE;
	if (guess < prev->rs_n && same_server(prev, &prev->rs[guess], next, rs))
		return guess;
	if (!j->slot) {
		join_init(j, prev->rs_n);
		for (uint32_t i = 0; i < prev->rs_n; i++)
			join_put(j, hash_rs(prev->vs[prev->rs[i].vs].id.v, &prev->rs[i]), i);
	}
	at = hash_rs(next->vs[rs->vs].id.v, rs);
	while ((k = join_next(j, &at)) != IDMAP_NONE)
		if (same_server(prev, &prev->rs[k], next, rs))
			break;
	return k;
}

/* After mint_vs(): a server's identity includes its service's. */
static void mint_rs(struct conf_minter *m, const struct conf *prev, struct conf *next)
{
	struct join j = { 0 };
	uint32_t guess = 0;

	for (uint32_t i = 0; i < next->rs_n; i++) {
		struct conf_rs *rs = &next->rs[i];
		uint32_t k = find_rs(&j, prev, next, rs, guess);
		const struct conf_rs *old = k == IDMAP_NONE ? NULL : &prev->rs[k];

		guess = old ? k + 1 : guess;
		rs->id.v = old ? old->id.v : ++m->last;
		if (old)
			keep_probes(prev, old, next, rs);
		for (uint32_t p = rs->probes.first; p < rs->probes.first + rs->probes.n; p++)
			if (!next->probe[p].id.v)
				next->probe[p].id.v = ++m->last_probe;
	}
	free(j.slot);
}

/* Scripts, then files, then processes, then track groups, counted through. */
static uint32_t tracked_n(const struct conf *c)
{
	return c->track_script_n + c->track_file_n + c->track_process_n + c->track_group_n;
}

struct tracked {
	uint8_t kind;
	const char *name;
	struct track_id *id;
};

static struct tracked tracked_at(const struct conf *c, uint32_t i)
{
	if (i < c->track_script_n)
		return (struct tracked){ 0, c->track_script[i].s.name, &c->track_script[i].id };
	i -= c->track_script_n;
	if (i < c->track_file_n)
		return (struct tracked){ 1, c->track_file[i].s.name, &c->track_file[i].id };
	i -= c->track_file_n;
	if (i < c->track_process_n)
		return (struct tracked){ 2, c->track_process[i].s.name, &c->track_process[i].id };
	i -= c->track_process_n;
	return (struct tracked){ 3, c->track_group[i].s.name, &c->track_group[i].id };
}

static uint32_t hash_tracked(const struct tracked *t)
{
	return hash_bytes(hash_text(t->name), &t->kind, sizeof(t->kind));
}

static void mint_track(struct conf_minter *m, const struct conf *prev, struct conf *next)
{
	struct join j;

	join_init(&j, prev ? tracked_n(prev) : 0);
	for (uint32_t i = 0; prev && i < tracked_n(prev); i++) {
		struct tracked t = tracked_at(prev, i);

		join_put(&j, hash_tracked(&t), i);
	}
	idmap_init(&next->track_by_id, &next->arena, tracked_n(next));
	for (uint32_t i = 0; i < tracked_n(next); i++) {
		struct tracked t = tracked_at(next, i), old = { 0 };
		uint32_t at = hash_tracked(&t), k;

		while ((k = join_next(&j, &at)) != IDMAP_NONE) {
			old = tracked_at(prev, k);
			if (old.kind == t.kind && !strcmp(old.name, t.name))
				break;
		}
		t.id->v = k == IDMAP_NONE ? ++m->last : old.id->v;
		idmap_put(&next->track_by_id, t.id->v, i);
	}
	free(j.slot);
}

static struct track_id group_of(const struct names *groups, const char *name)
{
	const struct conf_track_group *g =
		name ? names_get(groups, SCHEMA_track_group, name) : NULL;

	return g ? g->id : (struct track_id){ 0 };
}

/* After mint_track(): what names a group. */
static void name_groups(struct conf *c)
{
	struct names groups = { 0 };

	for (uint32_t i = 0; i < c->track_group_n; i++)
		if (!names_get(&groups, SCHEMA_track_group, c->track_group[i].s.name))
			names_put(&groups, SCHEMA_track_group, c->track_group[i].s.name,
				  &c->track_group[i]);
	for (uint32_t i = 0; groups.n && i < c->vip_n; i++)
		c->vip[i].group = group_of(&groups, c->vip[i].s.track_group);
	for (uint32_t i = 0; groups.n && i < c->route_n; i++)
		c->route[i].group = group_of(&groups, c->route[i].s.track_group);
	for (uint32_t i = 0; groups.n && i < c->rule_n; i++)
		c->rule[i].group = group_of(&groups, c->rule[i].s.track_group);
	names_fini(&groups);
}

/* The least and the greatest so far; least 0: there was none. */
static void widen(uint32_t id, uint32_t *least, uint32_t *greatest)
{
	if (!*least || id < *least)
		*least = id;
	if (id > *greatest)
		*greatest = id;
}

static void map_servers(struct conf *c)
{
	uint32_t first = 0, last = 0;

	for (uint32_t i = 0; i < c->rs_n; i++)
		widen(c->rs[i].id.v, &first, &last);
	idmap_init_span(&c->rs_by_id, &c->arena, c->rs_n, first, last);
	for (uint32_t i = 0; i < c->rs_n; i++)
		idmap_put(&c->rs_by_id, c->rs[i].id.v, i);
	first = last = 0;
	for (uint32_t i = 0; i < c->probe_n; i++)
		widen(c->probe[i].id.v, &first, &last);
	idmap_init_span(&c->probe_by_id, &c->arena, c->probe_n, first, last);
	for (uint32_t i = 0; i < c->probe_n; i++)
		idmap_put(&c->probe_by_id, c->probe[i].id.v, i);
}

void conf_ids_mint(struct conf_minter *m, const struct conf *prev, struct conf *next)
{
	mint_inst(m, prev, next);
	mint_sync(m, prev, next);
	mint_vs(m, prev, next);
	mint_rs(m, prev, next);
	mint_track(m, prev, next);
	name_groups(next);

	idmap_init(&next->inst_by_id, &next->arena, next->vrrp_n);
	for (uint32_t i = 0; i < next->vrrp_n; i++)
		idmap_put(&next->inst_by_id, next->vrrp[i].id.v, i);
	idmap_init(&next->vs_by_id, &next->arena, next->vs_n);
	for (uint32_t i = 0; i < next->vs_n; i++)
		idmap_put(&next->vs_by_id, next->vs[i].id.v, i);
	map_servers(next);
}
