/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See table.h.
 */
#include "ipvs/table.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

void table_fini(struct ipvs_table *t)
{
	free(t->svc);
	free(t->dest);
	*t = (struct ipvs_table){ 0 };
}

/* Room for one more. */
static void *grow(void *base, uint32_t n, uint32_t *cap, size_t len)
{
	if (n < *cap)
		return base;
	*cap = *cap ? *cap * 2 : 16;
	base = reallocarray(base, *cap, len);
	BUG_ON(!base);
	return base;
}

void table_add_svc(struct ipvs_table *t, const struct ipvs_svc *svc)
{
	t->svc = grow(t->svc, t->svc_n, &t->svc_cap, sizeof(*t->svc));
	t->svc[t->svc_n] = *svc;
	t->svc[t->svc_n].first = t->dest_n;
	t->svc[t->svc_n].n = 0;
	t->svc_n++;
}

void table_add_dest(struct ipvs_table *t, const struct ipvs_dest *dest)
{
	BUG_ON(!t->svc_n);
	t->dest = grow(t->dest, t->dest_n, &t->dest_cap, sizeof(*t->dest));
	t->dest[t->dest_n++] = *dest;
	t->svc[t->svc_n - 1].n++;
}

static void *resize(void *base, uint32_t n, uint32_t *cap, size_t len)
{
	if (!n || n == *cap)
		return base;
	*cap = n;
	base = reallocarray(base, n, len);
	BUG_ON(!base);
	return base;
}

void table_reserve(struct ipvs_table *t, uint32_t svc_n, uint32_t dest_n)
{
	if (svc_n > t->svc_cap)
		t->svc = resize(t->svc, svc_n, &t->svc_cap, sizeof(*t->svc));
	if (dest_n > t->dest_cap)
		t->dest = resize(t->dest, dest_n, &t->dest_cap, sizeof(*t->dest));
}

void table_trim(struct ipvs_table *t)
{
	t->svc = resize(t->svc, t->svc_n, &t->svc_cap, sizeof(*t->svc));
	t->dest = resize(t->dest, t->dest_n, &t->dest_cap, sizeof(*t->dest));
}

int table_cmp_svc(const struct ipvs_svc *a, const struct ipvs_svc *b)
{
	int d = addr_cmp(&a->addr, &b->addr);

	if (!d)
		d = (a->fwmark > b->fwmark) - (a->fwmark < b->fwmark);
	if (!d)
		d = (int)a->port - (int)b->port;
	return d ? d : (int)a->protocol - (int)b->protocol;
}

int table_cmp_dest(const struct ipvs_dest *a, const struct ipvs_dest *b)
{
	int d = addr_cmp(&a->addr, &b->addr);

	return d ? d : (int)a->port - (int)b->port;
}

bool table_same_svc(const struct ipvs_svc *a, const struct ipvs_svc *b)
{
	return !strcmp(a->sched, b->sched) && !strcmp(a->pe, b->pe) && a->flags == b->flags &&
	       a->timeout_s == b->timeout_s && a->netmask == b->netmask;
}

bool table_same_dest(const struct ipvs_dest *a, const struct ipvs_dest *b)
{
	return a->method == b->method && a->weight == b->weight && a->u_thresh == b->u_thresh &&
	       a->l_thresh == b->l_thresh && a->tun_type == b->tun_type &&
	       a->tun_flags == b->tun_flags && a->tun_port == b->tun_port;
}

/* Equal keys in the order of adding, which is that of their destinations' places. */
static int sort_svc(const void *va, const void *vb)
{
	const struct ipvs_svc *a = va, *b = vb;
	int d = table_cmp_svc(a, b);

	return d ? d : a->first < b->first ? -1 : a->first > b->first;
}

static int sort_dest(const void *va, const void *vb)
{
	return table_cmp_dest(va, vb);
}

/* A file is most often in order, and so is what the kernel makes of it. */
static bool is_sorted(const void *base, uint32_t n, size_t len,
		      int (*cmp)(const void *a, const void *b))
{
	const char *at = base;

	for (uint32_t i = 1; i < n; i++, at += len)
		if (cmp(at, at + len) >= 0)
			return false;
	return true;
}

static void sort_dests(struct ipvs_table *t, struct ipvs_svc *svc)
{
	struct ipvs_dest *d = &t->dest[svc->first];
	uint32_t kept = 0;

	if (is_sorted(d, svc->n, sizeof(*d), sort_dest))
		return;
	qsort(d, svc->n, sizeof(*d), sort_dest);
	for (uint32_t i = 0; i < svc->n; i++)
		if (!kept || table_cmp_dest(&d[kept - 1], &d[i]))
			d[kept++] = d[i];
	svc->n = kept;
}

void table_sort(struct ipvs_table *t)
{
	uint32_t kept = 0;

	if (!t->svc_n)
		return;
	qsort(t->svc, t->svc_n, sizeof(*t->svc), sort_svc);
	for (uint32_t i = 0; i < t->svc_n; i++)
		if (!kept || table_cmp_svc(&t->svc[kept - 1], &t->svc[i]))
			t->svc[kept++] = t->svc[i];
	t->svc_n = kept;
	for (uint32_t i = 0; i < kept; i++)
		if (t->svc[i].n)
			sort_dests(t, &t->svc[i]);
}

uint32_t table_find_svc(const struct ipvs_table *t, const struct ipvs_svc *key)
{
	uint32_t lo = 0, hi = t->svc_n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (table_cmp_svc(&t->svc[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->svc_n && !table_cmp_svc(&t->svc[lo], key) ? lo : IPVS_NONE;
}

uint32_t table_find_dest(const struct ipvs_table *t, const struct ipvs_svc *svc,
			 const struct ipvs_dest *key)
{
	uint32_t end = svc->first + svc->n;
	uint32_t lo = svc->first, hi = end;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (table_cmp_dest(&t->dest[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && !table_cmp_dest(&t->dest[lo], key) ? lo : IPVS_NONE;
}

static uint32_t next_svc_in(const struct ipvs_table *t, uint32_t i)
{
	while (i < t->svc_n && t->svc[i].presence != IPVS_IN)
		i++;
	return i;
}

static uint32_t next_dest_in(const struct ipvs_table *t, uint32_t i, uint32_t end)
{
	while (i < end && t->dest[i].presence != IPVS_IN)
		i++;
	return i;
}

static bool equal_dests(const struct ipvs_table *ta, const struct ipvs_svc *a,
			const struct ipvs_table *tb, const struct ipvs_svc *b)
{
	uint32_t a_end = a->first + a->n, b_end = b->first + b->n;
	uint32_t i = next_dest_in(ta, a->first, a_end);
	uint32_t k = next_dest_in(tb, b->first, b_end);

	while (i < a_end && k < b_end) {
		const struct ipvs_dest *x = &ta->dest[i], *y = &tb->dest[k];

		if (table_cmp_dest(x, y) || !table_same_dest(x, y))
			return false;
		i = next_dest_in(ta, i + 1, a_end);
		k = next_dest_in(tb, k + 1, b_end);
	}
	return i == a_end && k == b_end;
}

bool table_equal(const struct ipvs_table *a, const struct ipvs_table *b)
{
	uint32_t i = next_svc_in(a, 0), k = next_svc_in(b, 0);

	while (i < a->svc_n && k < b->svc_n) {
		const struct ipvs_svc *x = &a->svc[i], *y = &b->svc[k];

		if (table_cmp_svc(x, y) || !table_same_svc(x, y) || !equal_dests(a, x, b, y))
			return false;
		i = next_svc_in(a, i + 1);
		k = next_svc_in(b, k + 1);
	}
	return i == a->svc_n && k == b->svc_n;
}

bool table_confirms(const struct ipvs_table *have, const struct ipvs_table *belief)
{
	for (uint32_t i = next_svc_in(belief, 0); i < belief->svc_n;
	     i = next_svc_in(belief, i + 1)) {
		const struct ipvs_svc *x = &belief->svc[i];
		uint32_t at = table_find_svc(have, x);

		if (at == IPVS_NONE || !table_same_svc(x, &have->svc[at]) ||
		    !equal_dests(belief, x, have, &have->svc[at]))
			return false;
	}
	return true;
}

static uint32_t differ_dests(const struct ipvs_table *ta, const struct ipvs_svc *a,
			     const struct ipvs_table *tb, const struct ipvs_svc *b)
{
	uint32_t a_end = a->first + a->n, b_end = b->first + b->n, n = 0;
	uint32_t i = next_dest_in(ta, a->first, a_end);
	uint32_t k = next_dest_in(tb, b->first, b_end);

	while (i < a_end || k < b_end) {
		int d = i == a_end   ? 1
			: k == b_end ? -1
				     : table_cmp_dest(&ta->dest[i], &tb->dest[k]);

		n += d || !table_same_dest(&ta->dest[i], &tb->dest[k]);
		if (d <= 0)
			i = next_dest_in(ta, i + 1, a_end);
		if (d >= 0)
			k = next_dest_in(tb, k + 1, b_end);
	}
	return n;
}

uint32_t table_differ(const struct ipvs_table *have, const struct ipvs_table *belief)
{
	uint32_t n = 0;

	for (uint32_t i = next_svc_in(belief, 0); i < belief->svc_n;
	     i = next_svc_in(belief, i + 1)) {
		const struct ipvs_svc *x = &belief->svc[i];
		uint32_t at = table_find_svc(have, x);

		if (at == IPVS_NONE) {
			n++;
			continue;
		}
		n += !table_same_svc(x, &have->svc[at]);
		n += differ_dests(belief, x, have, &have->svc[at]);
	}
	return n;
}

void table_count(const struct ipvs_table *t, uint32_t *svc_n, uint32_t *dest_n)
{
	uint32_t svcs = 0, dests = 0;

	for (uint32_t i = 0; i < t->svc_n; i++) {
		const struct ipvs_svc *s = &t->svc[i];

		if (s->presence != IPVS_IN)
			continue;
		svcs++;
		for (uint32_t k = s->first; k < s->first + s->n; k++)
			dests += t->dest[k].presence == IPVS_IN;
	}
	if (svc_n)
		*svc_n = svcs;
	if (dest_n)
		*dest_n = dests;
}
