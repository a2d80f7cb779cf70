/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See counters.h.
 */
#include "core/counters.h"

#include "core/bug.h"

#include <stdlib.h>

void counts_add(struct counts *to, const struct counts *from)
{
	to->conns += from->conns;
	to->in_packets += from->in_packets;
	to->out_packets += from->out_packets;
	to->in_bytes += from->in_bytes;
	to->out_bytes += from->out_bytes;
	to->conns_s += from->conns_s;
	to->in_packets_s += from->in_packets_s;
	to->out_packets_s += from->out_packets_s;
	to->in_bytes_s += from->in_bytes_s;
	to->out_bytes_s += from->out_bytes_s;
}

/* ------------------------------------------------------------------ order */

struct pair {
	uint32_t id, i;
};

static int cmp_pair(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->i > b->i) - (a->i < b->i);
}

static struct pair *pairs(uint32_t n)
{
	struct pair *p = calloc(n ? n : 1, sizeof(*p));

	BUG_ON(!p);
	return p;
}

/* Frees the pairs. */
static void make_order(struct counters_order *o, struct pair *p, uint32_t n)
{
	qsort(p, n, sizeof(*p), cmp_pair);
	o->i = calloc(n ? n : 1, sizeof(*o->i));
	BUG_ON(!o->i);
	o->n = n;
	for (uint32_t i = 0; i < n; i++)
		o->i[i] = p[i].i;
	free(p);
}

static void order_services(struct counters *c)
{
	struct pair *p = pairs(c->service_n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->service_n; i++)
		if (c->service[i].vs)
			p[n++] = (struct pair){ c->service[i].vs, i };
	make_order(&c->by_vs, p, n);
}

static void order_servers(struct counters *c)
{
	struct pair *p = pairs(c->server_n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->server_n; i++)
		if (c->server[i].rs)
			p[n++] = (struct pair){ c->server[i].rs, i };
	make_order(&c->by_rs, p, n);
}

static uint32_t vs_at(const struct counters *c, uint32_t k)
{
	return c->service[c->by_vs.i[k]].vs;
}

static uint32_t rs_at(const struct counters *c, uint32_t k)
{
	return c->server[c->by_rs.i[k]].rs;
}

/* The first place in the order whose id is not less. */
static uint32_t first_of(const struct counters *c, const struct counters_order *o, uint32_t id,
			 uint32_t (*at)(const struct counters *c, uint32_t k))
{
	uint32_t lo = 0, hi = o->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (at(c, mid) < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t counters_of_vs(const struct counters *c, uint32_t vs, struct counts *out)
{
	uint32_t first = first_of(c, &c->by_vs, vs, vs_at), k = first;

	*out = (struct counts){ 0 };
	for (; k < c->by_vs.n && vs_at(c, k) == vs; k++)
		counts_add(out, &c->service[c->by_vs.i[k]].sum);
	return k - first;
}

uint32_t counters_of_rs_near(const struct counters *c, uint32_t rs, uint32_t *hint,
			     struct counters_server *out)
{
	uint32_t first = *hint;

	/* it is the first of its id there, when the one before it is of another */
	if (first >= c->by_rs.n || rs_at(c, first) != rs || (first && rs_at(c, first - 1) == rs))
		first = first_of(c, &c->by_rs, rs, rs_at);

	uint32_t k = first;

	*out = (struct counters_server){ .rs = rs };
	for (; k < c->by_rs.n && rs_at(c, k) == rs; k++) {
		const struct counters_server *s = &c->server[c->by_rs.i[k]];

		/* what is the same in all of them */
		out->service = s->service;
		out->addr = s->addr;
		out->port = s->port;
		out->weight = s->weight;
		out->active_n += s->active_n;
		out->inactive_n += s->inactive_n;
		out->persist_n += s->persist_n;
		counts_add(&out->sum, &s->sum);
	}
	*hint = k;
	return k - first;
}

uint32_t counters_of_rs(const struct counters *c, uint32_t rs, struct counters_server *out)
{
	uint32_t hint = 0;

	return counters_of_rs_near(c, rs, &hint, out);
}

/* ------------------------------------------------------------------ life */

struct counters *counters_new(void)
{
	struct counters *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	return c;
}

void counters_free(struct counters *c)
{
	if (!c)
		return;
	free(c->service);
	free(c->server);
	free(c->by_vs.i);
	free(c->by_rs.i);
	free(c);
}

static void free_snap(struct snap *s)
{
	counters_free(container_of(s, struct counters, snap));
}

void counters_publish(struct snap_slot *slot, struct counters *c)
{
	if (c) {
		order_services(c);
		order_servers(c);
		c->snap.free = free_snap;
	}
	snap_publish(slot, c ? &c->snap : NULL);
}

const struct counters *counters_hold(struct snap_slot *slot)
{
	struct snap *s = snap_hold(slot);

	return s ? container_of(s, struct counters, snap) : NULL;
}

void counters_drop(const struct counters *c)
{
	union {
		const struct counters *frozen;
		struct counters *counted;
	} u = { .frozen = c }; /* only the count is written */

	snap_drop(&u.counted->snap);
}
