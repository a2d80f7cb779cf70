/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See here.h. Addresses of instances are sorted once for each configuration; each face finds its own by
 * halving.
 */
#include "ipvs/here.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

struct place {
	struct ip_addr addr;
	uint32_t inst;
};

static void *zeroed(size_t n, size_t len)
{
	void *p = calloc(n ? n : 1, len);

	BUG_ON(!p);
	return p;
}

void here_fini(struct here *h)
{
	free(h->is_active);
	free(h->link);
	free(h->first);
	free(h->active_n);
	free(h->has_link);
	*h = (struct here){ 0 };
}

static int cmp_place(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;

	return addr_cmp(&a->addr, &b->addr);
}

static int cmp_link(const void *va, const void *vb)
{
	const struct here_link *a = va, *b = vb;

	if (a->inst != b->inst)
		return a->inst < b->inst ? -1 : 1;
	return (a->vs > b->vs) - (a->vs < b->vs);
}

static void add_places(const struct conf *c, struct conf_range vips, uint32_t inst,
		       struct place *out, uint32_t *n)
{
	for (uint32_t i = vips.first; i < vips.first + vips.n; i++)
		out[(*n)++] = (struct place){ .addr = c->vip[i].s.prefix.addr, .inst = inst };
}

/* Addresses of all instances, sorted. */
static struct place *make_places(const struct conf *c, uint32_t *n)
{
	struct place *p = zeroed(c->vip_n, sizeof(*p));

	*n = 0;
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		add_places(c, c->vrrp[i].s.vips, i, p, n);
		add_places(c, c->vrrp[i].s.evips, i, p, n);
	}
	qsort(p, *n, sizeof(*p), cmp_place);
	return p;
}

static void add_link(struct here *h, uint32_t *cap, uint32_t inst, uint32_t vs)
{
	if (h->link_n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		h->link = reallocarray(h->link, *cap, sizeof(*h->link));
		BUG_ON(!h->link);
	}
	h->link[h->link_n++] = (struct here_link){ .inst = inst, .vs = vs };
	h->has_link[vs] = true;
	h->active_n[vs] += h->is_active[inst];
}

/* The addresses of instances, and a service whose own are looked for among them. */
struct search {
	struct here *h;
	const struct place *places;
	uint32_t place_n, vs, cap;
};

static void find_place(void *arg, const struct ip_addr *addr)
{
	struct search *s = arg;
	const struct place key = { .addr = *addr };
	const struct place *p = bsearch(&key, s->places, s->place_n, sizeof(key), cmp_place);

	if (p)
		add_link(s->h, &s->cap, p->inst, s->vs);
}

/* An address stands in one instance only on a given interface; of several the first counts. */
static void make_links(struct here *h, const struct faces *f, const struct conf *c)
{
	struct search s = { .h = h };
	struct place *places = make_places(c, &s.place_n);

	s.places = places;
	for (uint32_t i = 0; i < f->n && s.place_n; i++) {
		const struct face *face = &f->face[i];

		s.vs = face->vs;
		if (!face->fwmark && c->vs[face->vs].s.ha_suspend)
			find_place(&s, &face->addr);
	}
	for (s.vs = 0; s.vs < c->vs_n && s.place_n; s.vs++)
		if (c->vs[s.vs].s.ha_suspend)
			faces_marked(c, s.vs, find_place, &s);
	free(places);
	if (h->link_n)
		qsort(h->link, h->link_n, sizeof(*h->link), cmp_link);
	h->first = zeroed((size_t)c->vrrp_n + 1, sizeof(*h->first));
	for (uint32_t i = 0; i < h->link_n; i++)
		h->first[h->link[i].inst + 1]++;
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		h->first[i + 1] += h->first[i];
}

void here_adopt(struct here *h, const struct faces *f, const struct conf *old,
		const struct conf *new)
{
	bool *is_active = zeroed(new->vrrp_n, sizeof(*is_active));

	for (uint32_t i = 0; old && i < new->vrrp_n; i++) {
		const struct conf_vrrp *was = conf_inst(old, new->vrrp[i].id);

		is_active[i] = was && h->is_active[was - old->vrrp];
	}
	here_fini(h);
	h->is_active = is_active;
	h->active_n = zeroed(new->vs_n, sizeof(*h->active_n));
	h->has_link = zeroed(new->vs_n, sizeof(*h->has_link));
	make_links(h, f, new);
}

bool here_has(const struct here *h, uint32_t vs)
{
	return !h->has_link[vs] || h->active_n[vs];
}

void here_set(struct here *h, uint32_t inst, bool is_active, void (*fn)(void *arg, uint32_t vs),
	      void *arg)
{
	if (h->is_active[inst] == is_active)
		return;
	h->is_active[inst] = is_active;
	for (uint32_t i = h->first[inst]; i < h->first[inst + 1]; i++) {
		uint32_t vs = h->link[i].vs;
		bool was = here_has(h, vs);

		h->active_n[vs] = is_active ? h->active_n[vs] + 1 : h->active_n[vs] - 1;
		if (here_has(h, vs) != was)
			fn(arg, vs);
	}
}
