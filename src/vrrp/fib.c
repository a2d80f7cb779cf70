/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fib.h.
 */
#include "vrrp/fib.h"

#include "core/bug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIC_MIN_N = 16 };

/* ---- picture ---- */

void fib_pic_reset(struct fib_pic *p)
{
	p->n = 0;
}

void fib_pic_fini(struct fib_pic *p)
{
	free(p->have);
	*p = (struct fib_pic){ 0 };
}

void fib_pic_put(struct fib_pic *p, const struct fib_have *h)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : PIC_MIN_N;
		p->have = reallocarray(p->have, p->cap, sizeof(*p->have));
		BUG_ON(!p->have);
	}
	p->have[p->n++] = *h;
}

/* How much of a key the kernel looks up. */
static size_t base_len(enum fib_kind kind)
{
	return kind == FIB_ROUTE ? offsetof(struct route_key, oif) : sizeof(struct rule_key);
}

static int cmp_routes(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct route_key, oif)); /* the key comes first */
}

static int cmp_rules(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rule_key));
}

_Static_assert(offsetof(struct fib_have, key) == 0, "a have is compared by its first bytes");

void fib_pic_seal(struct fib_pic *p, enum fib_kind kind)
{
	if (p->n > 1)
		qsort(p->have, p->n, sizeof(*p->have), kind == FIB_ROUTE ? cmp_routes : cmp_rules);
}

/* The first one that is not less than the key. */
static uint32_t have_from(const struct fib_pic *p, const union fib_key *key, size_t len)
{
	uint32_t lo = 0, hi = p->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(&p->have[mid].key, key, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What is said of a route beyond its look-up fits what the kernel has. */
static bool is_like(enum fib_kind kind, const union fib_key *want, const union fib_key *have)
{
	const struct route_key *w = &want->route, *h = &have->route;

	if (kind == FIB_RULE)
		return true;
	return w->type == h->type && w->hops_n == h->hops_n && (!w->oif || w->oif == h->oif) &&
	       (!w->via.family || addr_eq(&w->via, &h->via));
}

static struct fib_have *find(const struct fib_pic *p, enum fib_kind kind, const union fib_key *want,
			     uint8_t proto)
{
	size_t len = base_len(kind);

	for (uint32_t i = have_from(p, want, len); i < p->n && !memcmp(&p->have[i].key, want, len);
	     i++)
		if (p->have[i].proto == proto && is_like(kind, want, &p->have[i].key))
			return &p->have[i];
	return NULL;
}

/* ---- set ---- */

static int cmp_fibs(const void *va, const void *vb)
{
	const struct fib *a = va, *b = vb;
	int cmp = a->inst.v < b->inst.v ? -1 : a->inst.v > b->inst.v;

	if (!cmp)
		cmp = memcmp(&a->key, &b->key, sizeof(a->key));
	if (!cmp)
		cmp = strncmp(a->dev, b->dev, IFNAMSIZ);
	if (!cmp)
		cmp = strncmp(a->vrf, b->vrf, IFNAMSIZ);
	return cmp ? cmp : a->proto - b->proto;
}

/* Sorts and keeps the first of equal ones. */
static uint32_t sort_wants(struct fib *wants, uint32_t n)
{
	uint32_t kept_n = 0;

	if (n > 1)
		qsort(wants, n, sizeof(*wants), cmp_fibs);
	for (uint32_t i = 0; i < n; i++)
		if (!kept_n || cmp_fibs(&wants[kept_n - 1], &wants[i]))
			wants[kept_n++] = wants[i];
	return kept_n;
}

static void retire(struct fib *f)
{
	f->cf = NULL;
	f->inst_name = "-";
	f->is_wanted = false;
}

/* What has stayed, with the new snapshot's words. */
static struct fib refreshed(const struct fib *was, const struct fib *want)
{
	struct fib f = *was;

	f.cf = want->cf;
	f.inst_name = want->inst_name;
	f.is_no_track = want->is_no_track;
	f.group = want->group;
	f.is_stale |= f.words != want->words;
	f.words = want->words;
	return f;
}

/* Both sides are sorted: a merge. */
void fib_set_adopt(struct fib_set *s, struct fib *wants, uint32_t n)
{
	struct fib *all = reallocarray(NULL, (size_t)s->n + n + 1, sizeof(*all));
	uint32_t all_n = 0, o = 0, k = 0;

	BUG_ON(!all);
	n = sort_wants(wants, n);
	while (o < s->n || k < n) {
		int cmp = o == s->n ? 1 : k == n ? -1 : cmp_fibs(&s->fib[o], &wants[k]);

		if (cmp > 0) {
			all[all_n++] = wants[k++];
		} else if (cmp < 0) {
			all[all_n] = s->fib[o++];
			retire(&all[all_n++]);
		} else {
			all[all_n++] = refreshed(&s->fib[o++], &wants[k++]);
		}
	}
	free(wants);
	free(s->fib);
	s->fib = all;
	s->n = all_n;
}

void fib_set_reap(struct fib_set *s)
{
	uint32_t kept_n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (s->fib[i].cf || s->fib[i].is_ours)
			s->fib[kept_n++] = s->fib[i];
	s->n = kept_n;
}

void fib_set_fini(struct fib_set *s)
{
	free(s->fib);
	s->fib = NULL;
	s->n = 0;
}

/* The first one of an instance that is not less than inst. */
static uint32_t inst_from(const struct fib_set *s, uint32_t inst)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->fib[mid].inst.v < inst)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void fib_said(struct fib_set *s, struct inst_id inst, bool is_known, bool is_wanted, bool is_new)
{
	for (uint32_t i = inst_from(s, inst.v); i < s->n && s->fib[i].inst.v == inst.v; i++) {
		struct fib *f = &s->fib[i];

		f->is_known = is_known;
		f->is_wanted = is_wanted && f->cf;
		if (is_new)
			f->is_let_go = false;
	}
}

/* ---- plan ---- */

/* The key with what interfaces stand for; false: one of them is not there. */
static bool resolve(const struct fib *f, enum fib_kind kind, const struct link_table *links,
		    union fib_key *out)
{
	*out = f->key;
	if (kind != FIB_ROUTE)
		return true;
	if (f->dev[0]) {
		const struct link *l = link_by_name(links, f->dev);

		out->route.oif = l ? l->ifindex : 0;
		if (!l)
			return false;
	}
	if (f->vrf[0]) {
		const struct link *l = link_by_name(links, f->vrf);

		out->route.table = l ? l->vrf_table : 0;
	}
	return out->route.table != 0;
}

static bool is_wanted(const struct fib *f)
{
	return f->is_known && f->cf && f->is_wanted && !f->is_let_go;
}

/* Nobody can tell why a route is gone while its interface is down. */
static bool is_iface_up(const struct fib *f, const struct link_table *links)
{
	const struct link *l = f->dev[0] ? link_by_name(links, f->dev) : NULL;

	return !f->dev[0] || (l && l->is_up);
}

static void examine_one(struct fib *f, struct fib_have *have, const union fib_key *key)
{
	f->is_present = have != NULL;
	if (!have)
		return;
	have->is_wanted |= is_wanted(f);
	if (!f->is_known)
		return;
	f->is_ours = true;
	f->is_taken = false;
	f->at = *key;
	if (f->has_print && f->print != have->print)
		f->is_stale = true;
	f->print = have->print;
	f->has_print = true;
}

/* What is there, and what is not: first for all, so that removals know what others want. */
static void examine(struct fib_set *s, struct fib_pic *p, const struct link_table *links,
		    bool is_torn)
{
	for (uint32_t i = 0; i < p->n; i++)
		p->have[i].is_wanted = false;
	for (uint32_t i = 0; i < s->n; i++) {
		struct fib *f = &s->fib[i];
		union fib_key key;
		bool is_there = resolve(f, s->kind, links, &key);
		/* one that nobody names any more is where it was */
		struct fib_have *have = f->cf && is_there ? find(p, s->kind, &key, f->proto)
					: f->is_ours      ? find(p, s->kind, &f->at, f->proto)
							  : NULL;

		if (have && f->cf && is_there)
			examine_one(f, have, &key);
		else
			f->is_present = have != NULL;
		if (f->is_ours && !f->is_present && !is_torn && f->is_no_track && is_wanted(f) &&
		    is_iface_up(f, links)) {
			f->is_let_go = true;
			f->is_ours = f->has_print = false;
		}
		/* gone with its interface, or taken away when it was not wanted any more; not so when
		 * the kernel shows it otherwise than it was asked for */
		if (f->is_ours && !f->is_present && !is_torn &&
		    (!is_there || (!is_wanted(f) && f->has_print)))
			f->is_ours = f->has_print = false;
	}
}

static void put_op(struct fib_op *ops, uint32_t *n, struct fib *f, enum fib_op_kind kind)
{
	ops[(*n)++] = (struct fib_op){ .fib = f, .kind = kind };
}

static void plan_removal(const struct fib_set *s, const struct fib_pic *p, struct fib *f,
			 bool is_torn, struct fib_op *ops, uint32_t *n)
{
	bool is_renewal = is_wanted(f) && f->is_stale;

	if (!f->is_ours || f->is_held || (is_wanted(f) && !is_renewal))
		return;

	const struct fib_have *have = find(p, s->kind, &f->at, f->proto);

	if (!is_renewal && have && have->is_wanted) {
		f->is_ours = f->has_print = false; /* another instance wants the same */
		return;
	}
	if (!have && !is_torn && f->has_print)
		return;
	put_op(ops, n, f, FIB_DEL);
	ops[*n - 1].is_renewal = is_renewal;
}

uint32_t fib_plan(struct fib_set *s, struct fib_pic *p, const struct link_table *links,
		  bool is_torn, struct fib_op *ops)
{
	uint32_t n = 0;

	examine(s, p, links, is_torn);
	for (uint32_t i = 0; i < s->n; i++)
		plan_removal(s, p, &s->fib[i], is_torn, ops, &n);
	for (uint32_t i = 0; i < s->n; i++) {
		struct fib *f = &s->fib[i];
		union fib_key key;

		if (!is_wanted(f) || (f->is_present && !f->is_stale) || f->is_held || f->is_taken)
			continue;
		if (!resolve(f, s->kind, links, &key))
			continue;
		put_op(ops, &n, f, FIB_ADD);
		ops[n - 1].is_renewal = f->is_present;
		ops[n - 1].is_lost = f->is_ours && !f->is_present && !is_torn;
		f->at = key;
	}
	return n;
}

static bool is_gone(int err)
{
	return err == -ESRCH || err == -ENOENT || err == -ENODEV;
}

bool fib_done(struct fib_op *op)
{
	struct fib *f = op->fib;

	if (op->kind == FIB_DEL && is_gone(op->err))
		op->err = 0;
	if (op->kind == FIB_ADD && op->err == -EEXIST) {
		/* perhaps it is a moment old; else the next look does not show it */
		f->is_taken = true;
		return false;
	}
	if (op->err) {
		f->is_held = true;
		return true;
	}
	f->is_fail_told = false;
	f->has_print = false;
	f->is_ours = f->is_present = op->kind == FIB_ADD;
	if (op->kind == FIB_ADD)
		f->is_stale = false;
	return false;
}

void fib_release(struct fib_set *s, bool have_links_changed)
{
	for (uint32_t i = 0; i < s->n; i++) {
		s->fib[i].is_held = s->fib[i].is_taken = false;
		if (have_links_changed && !s->fib[i].dev[0])
			s->fib[i].is_let_go = false;
	}
}

/* ---- left over ---- */

void fib_set_left_over(struct fib_set *s, const struct fib_pic *p, const struct link_table *links)
{
	bool *is_named = calloc((size_t)p->n + 1, sizeof(*is_named));
	uint32_t named_n = s->n;

	s->fib = reallocarray(s->fib, (size_t)s->n + p->n + 1, sizeof(*s->fib));
	BUG_ON(!is_named || !s->fib);
	for (uint32_t i = 0; i < named_n; i++) {
		union fib_key key;
		const struct fib_have *h = NULL;

		if (resolve(&s->fib[i], s->kind, links, &key))
			h = find(p, s->kind, &key, s->fib[i].proto);
		if (h)
			is_named[h - p->have] = true;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->have[i].proto != FIB_PROTO || is_named[i])
			continue;
		s->fib[s->n++] = (struct fib){
			.inst.v = FIB_NOBODY,
			.key = p->have[i].key,
			.at = p->have[i].key,
			.proto = FIB_PROTO,
			.inst_name = "-",
			.is_known = true,
			.is_ours = true,
			.is_present = true,
		};
	}
	free(is_named);
}
