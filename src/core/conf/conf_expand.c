/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pools and inheritance: the lists that were read -> the arrays of struct conf. See conf_build.h.
 *
 * A server of a pool becomes one struct conf_rs for each service that has the pool; its texts and its
 * list of checks are shared. Linear in what comes out.
 */
#include "core/bug.h"
#include "core/conf/conf_build.h"
#include "core/conf/conf_make.h"

#include <string.h>

/* Elements of a kind, without what the loader kept beside them, in the arena. */
static void *take(struct build *b, enum schema_kind kind, size_t len, uint32_t *n)
{
	unsigned char *p = arena_array(&b->c->arena, b->list[kind].n, len);

	*n = b->list[kind].n;
	for (uint32_t i = 0; i < *n; i++)
		memcpy(p + i * len, build_made(b, kind, i), len);
	return p;
}

/* ------------------------------------------------------------------ pools */

struct pools {
	struct names by_name; /* conf_pool, in the list */
	struct conf_pool **of_vs; /* for each service its pool, or NULL */
};

static void pools_by_name(struct build *b, struct pools *p)
{
	char text[CONF_PLACE_LEN];

	for (uint32_t i = 0; i < b->list[SCHEMA_pool].n; i++) {
		struct conf_pool *pool = build_made(b, SCHEMA_pool, i);

		if (!pool->s.name)
			continue; /* told */

		const struct conf_pool *first = names_get(&p->by_name, SCHEMA_pool, pool->s.name);

		if (first)
			err_add(b->errs, ERR_ERROR, pool->loc.file, pool->loc.line,
				"pools \"%s\": this name is taken by %s", pool->s.name,
				conf_place(first->loc, pool->loc, text));
		else
			names_put(&p->by_name, SCHEMA_pool, pool->s.name, pool);
	}
}

static void pools_find(struct build *b, struct pools *p)
{
	uint32_t n = b->list[SCHEMA_vs].n;

	p->of_vs = arena_array(&b->scratch, n, sizeof(*p->of_vs));
	for (uint32_t i = 0; i < n; i++) {
		const struct conf_vs *vs = build_made(b, SCHEMA_vs, i);
		struct conf_pool *pool;

		if (!vs->s.pool)
			continue;
		pool = names_get(&p->by_name, SCHEMA_pool, vs->s.pool);
		if (pool) {
			pool->is_used = true;
			p->of_vs[i] = pool;
			continue;
		}

		/* what nobody will read need not be searched for */
		const char *near = b->errs->n_error < ERR_LIST_MAX
					   ? names_nearest(&p->by_name, SCHEMA_pool, vs->s.pool)
					   : NULL;

		err_add(b->errs, ERR_ERROR, vs->loc.file, vs->loc.line,
			near ? "virtual_servers \"%s\": there is no pool \"%s\"; did you mean "
			       "\"%s\"?"
			     : "virtual_servers \"%s\": there is no pool \"%s\"%s",
			vs->s.name ? vs->s.name : "", vs->s.pool, near ? near : "");
	}
}

static void pools_unused(struct build *b)
{
	for (uint32_t i = 0; i < b->list[SCHEMA_pool].n; i++) {
		const struct conf_pool *pool = build_made(b, SCHEMA_pool, i);

		if (!pool->is_used && pool->s.name)
			err_add(b->errs, ERR_NOTE, pool->loc.file, pool->loc.line,
				"pools \"%s\": no service has this pool", pool->s.name);
	}
}

/* ------------------------------------------------------------------ servers */

struct copying {
	struct build *b;
	uint32_t vs; /* index */
	bool has_checks; /* the service has a list of its own */
	const struct conf_pool *pool; /* of the servers being copied; NULL: the service's own */
	uint64_t bit_inhibit, bit_checks; /* of a server */
};

static void copy_servers(const struct copying *k, struct conf_range from)
{
	struct conf *c = k->b->c;
	const struct conf_vs *vs = &c->vs[k->vs];

	for (uint32_t i = from.first; i < from.first + from.n; i++) {
		struct conf_rs *rs = &c->rs[c->rs_n++];
		uint64_t seen = build_seen(k->b, SCHEMA_rs, i);

		memcpy(rs, build_made(k->b, SCHEMA_rs, i), sizeof(*rs));
		rs->vs = k->vs;
		if (!rs->s.port)
			rs->s.port = vs->s.server_port;
		if (!rs->s.port && k->pool)
			rs->s.port = k->pool->s.port;
		if (!rs->s.port)
			rs->s.port = vs->s.port;
		if (!(seen & k->bit_inhibit))
			rs->s.inhibit_on_failure = vs->s.inhibit_on_failure;
		if (!(seen & k->bit_checks))
			rs->s.checks = k->has_checks || !k->pool ? vs->s.checks : k->pool->s.checks;
	}
}

static uint64_t count_servers(struct build *b, const struct pools *p)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < b->list[SCHEMA_vs].n; i++) {
		const struct conf_vs *vs = build_made(b, SCHEMA_vs, i);

		n += vs->s.servers.n + (p->of_vs[i] ? p->of_vs[i]->s.servers.n : 0);
		if (n > CONF_RS_MAX) {
			err_add(b->errs, ERR_ERROR, vs->loc.file, vs->loc.line,
				"more than %d real servers in all", CONF_RS_MAX);
			return 0;
		}
	}
	return n;
}

static void make_servers(struct build *b, const struct pools *p)
{
	struct conf *c = b->c;
	uint64_t n = count_servers(b, p);
	uint64_t bit_checks = bit_of(SCHEMA_vs, schema_find(SCHEMA_vs, "checks"));
	struct copying k = {
		.b = b,
		.bit_inhibit = bit_of(SCHEMA_rs, schema_find(SCHEMA_rs, "inhibit_on_failure")),
		.bit_checks = bit_of(SCHEMA_rs, schema_find(SCHEMA_rs, "checks")),
	};

	c->rs = arena_array(&c->arena, n, sizeof(*c->rs));
	for (uint32_t i = 0; n && i < c->vs_n; i++) {
		struct conf_range own = c->vs[i].s.servers;
		uint32_t first = c->rs_n;

		k.vs = i;
		k.has_checks = build_seen(b, SCHEMA_vs, i) & bit_checks;
		k.pool = p->of_vs[i];
		if (k.pool)
			copy_servers(&k, k.pool->s.servers);
		k.pool = NULL;
		copy_servers(&k, own);
		c->vs[i].s.servers = (struct conf_range){ .first = first, .n = c->rs_n - first };
		/* spent: two ways to write the same servers are the same service */
		c->vs[i].s.pool = NULL;
		c->vs[i].s.server_port = 0;
	}
}

/* ------------------------------------------------------------------ the others */

static void inherit_vrrp(struct conf *c)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		struct conf_vrrp *in = &c->vrrp[i];

		if (!in->s.version)
			in->s.version = c->global.s.vrrp_version;
		for (uint32_t k = in->s.vips.first; k < in->s.vips.first + in->s.vips.n; k++)
			if (!c->vip[k].s.dev)
				c->vip[k].s.dev = in->s.interface;
	}
}

static void inherit_check(struct conf *c)
{
	for (uint32_t i = 0; i < c->check_n; i++) {
		struct conf_check *ck = &c->check[i];

		if (!ck->s.path)
			ck->s.path = "/";
		/* no code was given */
		if (!memcmp(&ck->s.status, &(struct conf_status){ { 0 } }, sizeof(ck->s.status)))
			ck->s.status = conf_status_default();
	}
}

void conf_expand(struct build *b)
{
	struct conf *c = b->c;
	struct pools pools = { .of_vs = NULL };

	c->vrrp = take(b, SCHEMA_vrrp, sizeof(*c->vrrp), &c->vrrp_n);
	c->vip = take(b, SCHEMA_vip, sizeof(*c->vip), &c->vip_n);
	c->vs = take(b, SCHEMA_vs, sizeof(*c->vs), &c->vs_n);
	c->check = take(b, SCHEMA_check, sizeof(*c->check), &c->check_n);
	pools_by_name(b, &pools);
	pools_find(b, &pools);
	pools_unused(b);
	inherit_vrrp(c);
	inherit_check(c);
	for (uint32_t i = 0; i < c->vs_n; i++) {
		char name[CONF_VS_NAME_LEN];

		if (!c->vs[i].s.name)
			c->vs[i].s.name =
				arena_strdup(&c->arena, conf_vs_default_name(&c->vs[i].s, name));
	}
	make_servers(b, &pools);
	conf_make_probes(c);
	names_fini(&pools.by_name);
}
