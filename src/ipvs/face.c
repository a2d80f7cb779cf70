/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See face.h. Sizes are counted first, so that every array is made once.
 */
#include "ipvs/face.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

static void *zeroed(uint64_t n, size_t len)
{
	void *p = calloc(n ? n : 1, len);

	BUG_ON(!p);
	return p;
}

void faces_fini(struct faces *f)
{
	free(f->face);
	free(f->set);
	*f = (struct faces){ 0 };
}

/* ------------------------------------------------------------------ addresses */

static uint32_t prefix_hosts(const struct ip_prefix *p)
{
	uint32_t free_bits = addr_len(p->addr.family) * 8 - p->len;

	BUG_ON(free_bits > CONF_FACE_BITS_MAX);
	return UINT32_C(1) << free_bits;
}

/* The i-th address of a prefix; no carry beyond its free bits. */
static struct ip_addr prefix_host(const struct ip_prefix *p, uint32_t i)
{
	struct ip_addr a = p->addr;
	unsigned last = addr_len(a.family) - 1;
	uint32_t free_mask = prefix_hosts(p) - 1;

	for (unsigned k = 0; k < sizeof(i) && free_mask >> 8 * k; k++) {
		uint8_t mask = (uint8_t)(free_mask >> 8 * k);

		a.byte[last - k] = (uint8_t)((a.byte[last - k] & ~mask) | (i >> 8 * k & mask));
	}
	return a;
}

static uint32_t vsaddr_faces(const struct fields_vsaddr *s)
{
	return s->fwmark ? 1 : prefix_hosts(&s->prefix);
}

/* The family of a mark: said with it, else with its service, else that of the first server. */
static uint8_t mark_family(const struct conf *c, const struct fields_vs *s, uint8_t own)
{
	if (own)
		return own;
	if (s->family)
		return s->family;
	return s->servers.n ? c->rs[s->servers.first].s.addr.family : AF_INET;
}

static void add_face(struct faces *f, uint32_t vs, const struct face *face)
{
	struct face *at = &f->face[f->n++];
	struct face_set *set = &f->set[vs];

	*at = *face;
	at->vs = vs;
	at->slot = f->slot_n;
	f->slot_n += set->slots_n;
	set->n++;
}

/* The marks that its addresses have been given, each a face for all of a family. */
static void add_marks(struct faces *f, const struct conf *c, uint32_t vs)
{
	const uint32_t *mark = c->vs[vs].mark;

	for (unsigned i = 0; i < CONF_MARK_N; i++)
		if (mark[i])
			add_face(f, vs,
				 &(struct face){ .addr = { .family = i == CONF_MARK_V6 ? AF_INET6
										       : AF_INET },
						 .fwmark = mark[i] });
}

static bool is_in_mark(const struct conf *c, uint32_t vs, const struct fields_vsaddr *s)
{
	return !s->fwmark && c->vs[vs].mark[s->prefix.addr.family == AF_INET6];
}

static void add_vsaddr(struct faces *f, const struct conf *c, uint32_t vs,
		       const struct fields_vsaddr *s)
{
	struct face face = { .fwmark = s->fwmark, .port = s->port ? s->port : c->vs[vs].s.port };

	if (is_in_mark(c, vs, s))
		return;

	if (s->fwmark) {
		face.addr.family = mark_family(c, &c->vs[vs].s, s->family);
		face.port = 0;
		add_face(f, vs, &face);
		return;
	}
	for (uint32_t i = 0; i < prefix_hosts(&s->prefix); i++) {
		face.addr = prefix_host(&s->prefix, i);
		add_face(f, vs, &face);
	}
}

static void add_service(struct faces *f, const struct conf *c, uint32_t vs)
{
	const struct fields_vs *s = &c->vs[vs].s;
	struct conf_range list = c->vs[vs].where;

	f->set[vs].first = f->n;
	add_marks(f, c, vs);
	for (uint32_t i = list.first; i < list.first + list.n; i++)
		add_vsaddr(f, c, vs, &c->vsaddr[i].s);
	if (list.n)
		return;
	if (s->fwmark)
		add_face(f, vs,
			 &(struct face){ .addr = { .family = mark_family(c, s, s->family) },
					 .fwmark = s->fwmark });
	else if (s->addr.family)
		add_face(f, vs, &(struct face){ .addr = s->addr, .port = s->port });
}

static uint32_t count_faces(const struct conf *c, uint32_t vs)
{
	struct conf_range list = c->vs[vs].where;
	uint32_t n = 0;

	for (uint32_t i = list.first; i < list.first + list.n; i++)
		n += is_in_mark(c, vs, &c->vsaddr[i].s) ? 0 : vsaddr_faces(&c->vsaddr[i].s);
	for (unsigned i = 0; i < CONF_MARK_N; i++)
		n += !!c->vs[vs].mark[i];
	return list.n ? n : 1;
}

void faces_marked(const struct conf *c, uint32_t vs,
		  void (*fn)(void *arg, const struct ip_addr *addr), void *arg)
{
	struct conf_range list = c->vs[vs].where;

	for (uint32_t i = list.first; i < list.first + list.n; i++) {
		const struct fields_vsaddr *s = &c->vsaddr[i].s;

		for (uint32_t k = 0; is_in_mark(c, vs, s) && k < prefix_hosts(&s->prefix); k++) {
			struct ip_addr addr = prefix_host(&s->prefix, k);

			fn(arg, &addr);
		}
	}
}

/* Without NAT a packet keeps the port of its service. */
static uint16_t port_of(const struct fields_vs *s, uint8_t method, uint16_t port)
{
	return method == VS_NAT && port ? port : s->port;
}

/* Is the sorry server one of the servers too? The kernel has one entry for both then. */
static void find_sorry(struct face_set *set, const struct conf *c, uint32_t vs)
{
	const struct fields_vs *s = &c->vs[vs].s;

	set->slots_n = s->servers.n;
	set->sorry = FACE_NO_SORRY;
	if (!s->sorry.n)
		return;

	const struct fields_sorry *sorry = &c->sorry[s->sorry.first].s;

	for (uint32_t i = 0; i < s->servers.n; i++) {
		const struct fields_rs *rs = &c->rs[s->servers.first + i].s;

		if (port_of(s, rs->method, rs->port) == port_of(s, sorry->method, sorry->port) &&
		    addr_eq(&rs->addr, &sorry->addr)) {
			set->sorry = i;
			return;
		}
	}
	set->sorry = set->slots_n++;
}

void faces_make(struct faces *f, const struct conf *c)
{
	uint64_t n = 0;

	for (uint32_t vs = 0; vs < c->vs_n; vs++)
		n += count_faces(c, vs);
	*f = (struct faces){ .face = zeroed(n, sizeof(*f->face)),
			     .set = zeroed(c->vs_n, sizeof(*f->set)) };
	for (uint32_t vs = 0; vs < c->vs_n; vs++) {
		find_sorry(&f->set[vs], c, vs);
		add_service(f, c, vs);
	}
	BUG_ON(f->n > n);
}

uint32_t faces_of_slot(const struct faces *f, uint32_t slot)
{
	uint32_t lo = 0, hi = f->n;

	/* the last face that begins at or before it; faces without slots begin where the next does */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->face[mid].slot <= slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	BUG_ON(!lo);
	return lo - 1;
}

uint32_t faces_rs(const struct faces *f, const struct conf *c, uint32_t face, uint32_t slot)
{
	const struct face *at = &f->face[face];
	const struct conf_range *servers = &c->vs[at->vs].s.servers;
	uint32_t place = slot - at->slot;

	BUG_ON(place >= f->set[at->vs].slots_n);
	return place < servers->n ? servers->first + place : UINT32_MAX;
}
