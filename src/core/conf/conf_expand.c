/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pools and inheritance: the lists that were read -> the arrays of struct conf. See conf_build.h.
 *
 * A server of a pool becomes one struct conf_rs for each service that has the pool; its texts and its
 * list of checks are shared. Linear in what comes out.
 */
#include "core/bug.h"
#include "core/conf/conf_build.h"
#include "core/conf/conf_far.h"
#include "core/conf/conf_make.h"

#include <string.h>

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

/* ------------------------------------------------------------------ inheritance */

/* The objects around one, by kind; NULL: none of that kind. */
struct scope {
	const void *base[SCHEMA_KIND_N];
};

/* Gives the settings that inherit and were not given their values. A place that is not around the
 * object hands on to its own. */
static void inherit(enum schema_kind kind, void *base, const struct keyset *seen,
		    const struct scope *sc)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		const struct schema_key *up = k;
		enum schema_kind at = kind;
		const void *from = NULL;

		if (k->dflt != SCHEMA_UP || keyset_has(seen, schema_index(kind, k)))
			continue;
		while (!from && up->dflt == SCHEMA_UP) {
			up = schema_up(up, &at);
			from = at == kind ? base : sc->base[at];
		}
		schema_copy(k, base, up, from ? from : schema_defaults(at));
	}
}

static void inherit_all(struct build *b, enum schema_kind kind, const struct scope *sc)
{
	for (uint32_t i = 0; i < b->list[kind].n; i++)
		inherit(kind, build_made(b, kind, i), build_seen(b, kind, i), sc);
}

/* ------------------------------------------------------------------ servers */

/* Servers and their checks while they are made. */
struct expanding {
	struct build *b;
	struct scope scope;
	uint32_t vs; /* index */
	const struct conf_pool *pool; /* of the servers being copied; NULL: the service's own */
	bool has_checks; /* the service has a list of its own */
	struct vec check, url, sorry; /* those of struct conf, growing */

	/* the last list of checks that was made, from what, and for what server */
	struct conf_range made_from, made;
	bool made_alpha;
	struct far_rs made_for;

	struct conf_fars fars;
};

/* The urls of a check, which inherit from it. */
static struct conf_range expand_urls(struct expanding *x, struct conf_range from)
{
	struct conf_range r = { .first = x->url.n, .n = from.n };

	for (uint32_t i = from.first; i < from.first + from.n; i++) {
		struct conf_url url;

		memcpy(&url, build_made(x->b, SCHEMA_url, i), sizeof(url));
		inherit(SCHEMA_url, &url, build_seen(x->b, SCHEMA_url, i), &x->scope);
		vec_push(&x->url, &url);
	}
	return r;
}

/* A list of checks with what they inherit from the server or service in scope. */
static struct conf_range expand_checks(struct expanding *x, struct conf_range from)
{
	struct conf_range r = { .first = x->check.n, .n = from.n };

	for (uint32_t i = from.first; i < from.first + from.n; i++) {
		const struct keyset *seen = build_seen(x->b, SCHEMA_check, i);
		struct conf_check ck;

		memcpy(&ck, build_made(x->b, SCHEMA_check, i), sizeof(ck));
		inherit(SCHEMA_check, &ck, seen, &x->scope);
		if (ck.s.urls.n) {
			x->scope.base[SCHEMA_check] = &ck;
			ck.s.urls = expand_urls(x, ck.s.urls);
			x->scope.base[SCHEMA_check] = NULL;
		}
		vec_push(&x->check, &ck);
	}
	return r;
}

/* Whether the checks of two servers inherit the same. */
static bool gives_same(const struct far_rs *a, const struct far_rs *b)
{
	return a->delay_loop_us == b->delay_loop_us && a->check_timeout_us == b->check_timeout_us &&
	       a->retry_n == b->retry_n && a->retry_delay_us == b->retry_delay_us &&
	       a->warmup_us == b->warmup_us &&
	       (a->host == b->host || (a->host && b->host && !strcmp(a->host, b->host)));
}

/* Whether the list that was made last says the same as the one before it, as when each server of a
 * service has its own copy of the service's check. */
static bool is_made_again(struct expanding *x, struct conf_range made)
{
	struct conf *c = x->b->c;

	if (x->made_from.first == UINT32_MAX)
		return false;
	c->url = (struct conf_url *)(void *)x->url.p;
	c->url_n = x->url.n;
	return conf_checks_equal(c, (const struct conf_check *)(const void *)x->check.p, made,
				 x->made);
}

static struct conf_range drop_made(struct expanding *x, struct conf_range made)
{
	for (uint32_t i = made.first; i < made.first + made.n; i++) {
		const struct conf_check *ck = vec_at(&x->check, i);

		if (ck->s.urls.n) {
			vec_cut(&x->url, ck->s.urls.first);
			break; /* those of the others are behind */
		}
	}
	vec_cut(&x->check, made.first);
	return x->made;
}

/* The checks of a server; servers in a row that have the same list and give it the same share it. */
static struct conf_range server_checks(struct expanding *x, struct conf_range from,
				       const struct conf_rs *rs)
{
	struct conf_range made;

	if (x->made_from.first == from.first && x->made_from.n == from.n &&
	    x->made_alpha == rs->s.alpha && gives_same(&x->made_for, rs->s.far))
		return x->made;
	x->scope.base[SCHEMA_rs] = rs;
	made = expand_checks(x, from);
	x->scope.base[SCHEMA_rs] = NULL;
	x->made = is_made_again(x, made) ? drop_made(x, made) : made;
	x->made_from = from;
	x->made_alpha = rs->s.alpha;
	memcpy(&x->made_for, rs->s.far, sizeof(x->made_for));
	return x->made;
}

static void copy_server(struct expanding *x, uint32_t i, int checks_at)
{
	struct conf *c = x->b->c;
	const struct conf_vs *vs = &c->vs[x->vs];
	struct conf_rs *rs = &c->rs[c->rs_n++];
	const struct keyset *seen = build_seen(x->b, SCHEMA_rs, i);
	struct conf_range from = vs->s.checks;
	struct far_rs far;

	memcpy(rs, build_made(x->b, SCHEMA_rs, i), sizeof(*rs));
	memcpy(&far, rs->s.far, sizeof(far)); /* of the list, for other services too */
	rs->s.far = &far;
	rs->vs = x->vs;
	inherit(SCHEMA_rs, rs, seen, &x->scope);
	if (!rs->s.port)
		rs->s.port = vs->s.server_port;
	if (!rs->s.port && x->pool)
		rs->s.port = x->pool->s.port;
	if (!rs->s.port)
		rs->s.port = vs->s.port;
	if (keyset_has(seen, checks_at))
		from = rs->s.checks;
	else if (x->pool && !x->has_checks)
		from = x->pool->s.checks;
	rs->s.checks = from.n ? server_checks(x, from, rs) : (struct conf_range){ 0 };
	rs->s.far = conf_far_share(&x->fars, &c->arena, &far);
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

/* The sorry server of a service, which inherits from it. */
static struct conf_range expand_sorry(struct expanding *x, struct conf_range from)
{
	struct conf_range r = { .first = x->sorry.n, .n = from.n };
	struct conf_sorry s;

	if (!from.n)
		return r;
	memcpy(&s, build_made(x->b, SCHEMA_sorry, from.first), sizeof(s));
	inherit(SCHEMA_sorry, &s, build_seen(x->b, SCHEMA_sorry, from.first), &x->scope);
	vec_push(&x->sorry, &s);
	return r;
}

static void expand_service(struct expanding *x, struct conf_range from_pool, bool has_room)
{
	struct conf *c = x->b->c;
	struct conf_vs *vs = &c->vs[x->vs];
	struct conf_range own = vs->s.servers, checks = { 0 };
	int checks_at = schema_index(SCHEMA_rs, schema_find(SCHEMA_rs, "checks"));
	uint32_t first = c->rs_n;
	const struct conf_pool *pool = x->pool;

	x->scope.base[SCHEMA_vs] = vs;
	x->made_from = (struct conf_range){ .first = UINT32_MAX };
	inherit(SCHEMA_vs, vs, build_seen(x->b, SCHEMA_vs, x->vs), &x->scope);
	vs->s.sorry = expand_sorry(x, vs->s.sorry);
	for (uint32_t i = 0; has_room && i < from_pool.n; i++)
		copy_server(x, from_pool.first + i, checks_at);
	x->pool = NULL;
	for (uint32_t i = 0; has_room && i < own.n; i++)
		copy_server(x, own.first + i, checks_at);
	vs->s.servers = (struct conf_range){ .first = first, .n = c->rs_n - first };
	/* its own list, as a server without anything of its own has it */
	if (vs->s.checks.n || (pool && !x->has_checks)) {
		struct far_rs far = { 0 };
		struct conf_rs plain = { .s.far = &far };

		inherit(SCHEMA_rs, &plain, &(struct keyset){ { 0 } }, &x->scope);
		checks = x->has_checks || !pool ? vs->s.checks : pool->s.checks;
		checks = checks.n ? server_checks(x, checks, &plain) : checks;
	}
	vs->s.checks = checks;
}

static void make_services(struct build *b, const struct pools *p)
{
	struct conf *c = b->c;
	uint64_t n = count_servers(b, p);
	int checks_at = schema_index(SCHEMA_vs, schema_find(SCHEMA_vs, "checks"));
	struct expanding x = { .b = b,
			       .scope.base[SCHEMA_global] = &c->global,
			       .check.el_len = sizeof(struct conf_check),
			       .url.el_len = sizeof(struct conf_url),
			       .sorry.el_len = sizeof(struct conf_sorry) };

	c->rs = arena_array(&c->arena, n, sizeof(*c->rs));
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct conf_pool *pool = p->of_vs[i];

		x.vs = i;
		x.has_checks = keyset_has(build_seen(b, SCHEMA_vs, i), checks_at);
		x.pool = pool;
		expand_service(&x, pool ? pool->s.servers : (struct conf_range){ 0 }, n > 0);
	}
	conf_take(c, SCHEMA_check, &x.check);
	conf_take(c, SCHEMA_url, &x.url);
	conf_take(c, SCHEMA_sorry, &x.sorry);
}

/* ------------------------------------------------------------------ all */

/* Kinds that are not taken over as they were read. */
static bool is_made_anew(enum schema_kind kind)
{
	return kind == SCHEMA_rs || kind == SCHEMA_pool || kind == SCHEMA_check ||
	       kind == SCHEMA_url || kind == SCHEMA_sorry || kind == SCHEMA_vs;
}

/* The services, which keep what was given in their lists for a while. */
static void copy_services(struct build *b)
{
	struct conf *c = b->c;

	c->vs_n = b->list[SCHEMA_vs].n;
	c->vs = arena_array(&c->arena, c->vs_n, sizeof(*c->vs));
	for (uint32_t i = 0; i < c->vs_n; i++)
		memcpy(&c->vs[i], build_made(b, SCHEMA_vs, i), sizeof(*c->vs));
}

void conf_expand(struct build *b)
{
	struct conf *c = b->c;
	struct pools pools = { .of_vs = NULL };
	struct scope top = { .base[SCHEMA_global] = &c->global };

	inherit(SCHEMA_global, &c->global, &b->once_seen[SCHEMA_global], &top);
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		if (schema_of[kind].is_once || is_made_anew((enum schema_kind)kind))
			continue;
		inherit_all(b, (enum schema_kind)kind, &top);
		conf_take(c, (enum schema_kind)kind, &b->list[kind]);
	}
	pools_by_name(b, &pools);
	pools_find(b, &pools);
	pools_unused(b);
	copy_services(b);
	make_services(b, &pools);
	conf_finish(c);
	names_fini(&pools.by_name);
}
