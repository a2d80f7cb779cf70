/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_check_where.h. Two services must not claim the same packets: all ranges of addresses are
 * sorted by what else they must share to clash, so that neighbours are all there is to compare.
 */
#include "core/conf/conf_check_where.h"

#include "core/bug.h"
#include "core/conf/conf_rules.h"

#include <stdlib.h>
#include <string.h>

/* One line of where a service is; lo to hi, both included. */
struct claim {
	struct ip_addr lo, hi;
	uint32_t fwmark;
	uint16_t port;
	uint8_t protocol;
	uint32_t vs;
};

static uint8_t mark_family(const struct conf *c, const struct conf_vs *vs, uint8_t own)
{
	if (own || vs->s.family)
		return own ? own : vs->s.family;
	return vs->s.servers.n ? c->rs[vs->s.servers.first].s.addr.family : AF_INET;
}

static uint8_t bit_of(uint8_t family)
{
	return family == AF_INET6 ? WHERE_V6 : family == AF_INET ? WHERE_V4 : 0;
}

uint8_t conf_where_families(const struct conf *c, const struct conf_vs *vs)
{
	struct conf_range r = vs->where;
	uint8_t bits = 0;

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct fields_vsaddr *a = &c->vsaddr[i].s;

		bits |= bit_of(a->fwmark ? mark_family(c, vs, a->family) : a->prefix.addr.family);
	}
	if (vs->s.fwmark)
		bits |= bit_of(mark_family(c, vs, 0));
	return bits | bit_of(vs->s.addr.family);
}

/* ------------------------------------------------------------------ one service */

static void check_vsaddr(const struct conf_vs *vs, const struct conf_vsaddr *a,
			 struct err_list *errs)
{
	char text[PREFIX_TEXT_LEN];
	unsigned bits;

	if (!a->s.prefix.addr.family == !a->s.fwmark) {
		FAIL(a->loc, "addresses: an 'address' or a 'fwmark' is needed, and not both");
		return;
	}
	if (a->s.fwmark)
		return;
	bits = addr_len(a->s.prefix.addr.family) * 8 - a->s.prefix.len;
	if (!addr_is_host(&a->s.prefix.addr))
		FAIL(a->loc, "addresses: %s must be the address of a host",
		     prefix_text(&a->s.prefix, text));
	if (bits > CONF_FACE_BITS_MAX)
		FAIL(a->loc, "addresses: %s is more than the %u addresses that one prefix may have",
		     prefix_text(&a->s.prefix, text), 1u << CONF_FACE_BITS_MAX);
	if (!a->s.port && !vs->s.port && !vs->s.persistence_us)
		FAIL(a->loc,
		     "addresses: %s of \"%s\": port 0 means all ports, which needs a "
		     "persistence_timeout; else set 'port'",
		     prefix_text(&a->s.prefix, text), vs->s.name);
}

/* ------------------------------------------------------------------ all services */

static struct ip_addr last_of(const struct ip_prefix *p)
{
	struct ip_addr a = p->addr;
	unsigned len = addr_len(a.family);

	for (unsigned i = 0; i < len; i++) {
		unsigned kept = p->len > 8 * i ? p->len - 8 * i : 0;

		if (kept < 8)
			a.byte[i] |= (uint8_t)(0xff >> kept);
	}
	return a;
}

static struct ip_addr first_of(const struct ip_prefix *p)
{
	struct ip_addr a = p->addr;
	unsigned len = addr_len(a.family);

	for (unsigned i = 0; i < len; i++) {
		unsigned kept = p->len > 8 * i ? p->len - 8 * i : 0;

		if (kept < 8)
			a.byte[i] &= (uint8_t) ~(0xff >> kept);
	}
	return a;
}

static int cmp_claim(const void *va, const void *vb)
{
	const struct claim *a = va, *b = vb;
	int d = (int)a->lo.family - (int)b->lo.family;

	if (!d)
		d = (a->fwmark > b->fwmark) - (a->fwmark < b->fwmark);
	if (!d)
		d = (int)a->protocol - (int)b->protocol;
	if (!d)
		d = (int)a->port - (int)b->port;
	if (!d)
		d = addr_cmp(&a->lo, &b->lo);
	return d ? d : (a->vs > b->vs) - (a->vs < b->vs);
}

static bool same_kind(const struct claim *a, const struct claim *b)
{
	return a->lo.family == b->lo.family && a->fwmark == b->fwmark &&
	       a->protocol == b->protocol && a->port == b->port;
}

static void put_mark(struct claim *at, const struct conf *c, const struct conf_vs *vs,
		     uint32_t mark, uint8_t own)
{
	*at = (struct claim){ .fwmark = mark, .vs = (uint32_t)(vs - c->vs) };
	at->lo.family = at->hi.family = mark_family(c, vs, own);
}

static uint32_t put_claims(const struct conf *c, const struct conf_vs *vs, struct claim *out)
{
	struct conf_range r = vs->where;
	uint32_t n = 0;

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct fields_vsaddr *a = &c->vsaddr[i].s;

		if (a->fwmark)
			put_mark(&out[n++], c, vs, a->fwmark, a->family);
		else if (a->prefix.addr.family)
			out[n++] = (struct claim){ .lo = first_of(&a->prefix),
						   .hi = last_of(&a->prefix),
						   .port = a->port ? a->port : vs->s.port,
						   .protocol = vs->s.protocol,
						   .vs = (uint32_t)(vs - c->vs) };
	}
	if (vs->s.fwmark)
		put_mark(&out[n++], c, vs, vs->s.fwmark, 0);
	if (vs->s.addr.family)
		out[n++] = (struct claim){ .lo = vs->s.addr,
					   .hi = vs->s.addr,
					   .port = vs->s.port,
					   .protocol = vs->s.protocol,
					   .vs = (uint32_t)(vs - c->vs) };
	return n;
}

static void tell_clash(const struct conf *c, const struct claim *a, const struct claim *b,
		       struct err_list *errs)
{
	const struct conf_vs *x = &c->vs[a->vs], *y = &c->vs[b->vs];
	char there[CONF_PLACE_LEN], text[ADDR_PORT_TEXT_LEN];

	if (a->vs > b->vs) {
		x = &c->vs[b->vs];
		y = &c->vs[a->vs];
	}
	/* generated names are equal as well: the rule on names has told it then */
	if (x != y && !strcmp(x->s.name, y->s.name))
		return;
	if (b->fwmark)
		FAIL(y->loc, "virtual_servers \"%s\": its fwmark %u is that of \"%s\" (%s)",
		     y->s.name, b->fwmark, x->s.name, conf_place(x->loc, y->loc, there));
	else if (x == y)
		FAIL(y->loc, "virtual_servers \"%s\": has %s twice", y->s.name,
		     addr_port_text(&b->lo, b->port, text));
	else
		FAIL(y->loc,
		     "virtual_servers \"%s\": its address, port and protocol are those of \"%s\" "
		     "(%s)",
		     y->s.name, x->s.name, conf_place(x->loc, y->loc, there));
}

static void check_clashes(const struct conf *c, struct err_list *errs)
{
	uint64_t max = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->vs_n; i++)
		max += c->vs[i].where.n + 2;

	struct claim *claim = calloc(max ? max : 1, sizeof(*claim));
	const struct claim *reach = NULL; /* the one that goes furthest so far */

	BUG_ON(!claim);
	for (uint32_t i = 0; i < c->vs_n; i++)
		n += put_claims(c, &c->vs[i], claim + n);
	qsort(claim, n, sizeof(*claim), cmp_claim);
	for (uint32_t i = 0; i < n; i++) {
		if (reach && !same_kind(reach, &claim[i]))
			reach = NULL;
		if (reach && addr_cmp(&claim[i].lo, &reach->hi) <= 0)
			tell_clash(c, reach, &claim[i], errs);
		if (!reach || addr_cmp(&claim[i].hi, &reach->hi) > 0)
			reach = &claim[i];
	}
	free(claim);
}

/* How many entries the kernel would have. */
static void check_size(const struct conf *c, struct err_list *errs)
{
	uint64_t slots = 0;

	for (uint32_t i = 0; i < c->vs_n; i++) {
		struct conf_range r = c->vs[i].where;
		uint64_t faces = r.n ? 0 : 1;

		for (uint32_t k = r.first; k < r.first + r.n; k++) {
			const struct fields_vsaddr *a = &c->vsaddr[k].s;
			unsigned bits = addr_len(a->prefix.addr.family) * 8 - a->prefix.len;

			faces += a->fwmark || bits > CONF_FACE_BITS_MAX ? 1 : UINT64_C(1) << bits;
		}
		slots += faces * (c->vs[i].s.servers.n + 1);
		if (slots > CONF_SLOT_MAX) {
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": with this one, addresses times servers of "
			     "all services are more than %d",
			     c->vs[i].s.name, CONF_SLOT_MAX);
			return;
		}
	}
}

void conf_check_where(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct conf_range *r = &c->vs[i].where;

		for (uint32_t k = r->first; k < r->first + r->n; k++)
			check_vsaddr(&c->vs[i], &c->vsaddr[k], errs);
	}
	check_clashes(c, errs);
	check_size(c, errs);
}
