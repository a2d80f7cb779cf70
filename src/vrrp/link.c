/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See link.h.
 */
#include "vrrp/link.h"

#include "core/bug.h"

#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

enum { PIC_MIN_N = 64 };

const struct link *link_by_name(const struct link_table *t, const char *name)
{
	uint32_t lo = 0, hi = t ? t->n : 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int cmp = strncmp(name, t->link[mid].name, IFNAMSIZ);

		if (!cmp)
			return &t->link[mid];
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct link_table *link_table_get(struct snap_slot *slot)
{
	struct snap *s = snap_get(slot);

	return s ? container_of(s, struct link_table, snap) : NULL;
}

void link_pic_reset(struct link_pic *p)
{
	p->link_n = p->addr_n = 0;
}

void link_pic_fini(struct link_pic *p)
{
	free(p->link);
	free(p->addr);
	*p = (struct link_pic){ 0 };
}

/* Room for one more; returns the array, moved or not. */
static void *grow(void *array, uint32_t n, uint32_t *cap, size_t len)
{
	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : PIC_MIN_N;
	array = reallocarray(array, *cap, len);
	BUG_ON(!array);
	return array;
}

void link_pic_put_link(struct link_pic *p, const struct link *l)
{
	p->link = grow(p->link, p->link_n, &p->link_cap, sizeof(*p->link));

	struct link *own = &p->link[p->link_n++];

	*own = *l;
	own->is_up = (l->flags & IFF_UP) && (l->flags & IFF_RUNNING);
	own->primary_v4 = own->primary_v6 = (struct ip_addr){ 0 };
}

void link_pic_put_addr(struct link_pic *p, const struct link_addr *a)
{
	p->addr = grow(p->addr, p->addr_n, &p->addr_cap, sizeof(*p->addr));
	p->addr[p->addr_n] = *a;
	p->addr[p->addr_n].order = p->addr_n;
	p->addr_n++;
}

static int cmp_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int cmp_index(const void *va, const void *vb)
{
	const struct link *a = va, *b = vb;

	return cmp_u32(a->ifindex, b->ifindex);
}

static int cmp_name(const void *va, const void *vb)
{
	const struct link *a = va, *b = vb;

	return strncmp(a->name, b->name, IFNAMSIZ);
}

/* By interface, address, then prefix length. */
static int cmp_addr(const void *va, const void *vb)
{
	const struct link_addr *a = va, *b = vb;
	int cmp = cmp_u32(a->ifindex, b->ifindex);

	if (!cmp)
		cmp = addr_cmp(&a->addr, &b->addr);
	return cmp ? cmp : cmp_u32(a->len, b->len);
}

static void sort(void *array, uint32_t n, size_t len, int (*cmp)(const void *, const void *))
{
	if (n > 1)
		qsort(array, n, len, cmp);
}

void link_pic_seal(struct link_pic *p)
{
	sort(p->link, p->link_n, sizeof(*p->link), cmp_index);
	sort(p->addr, p->addr_n, sizeof(*p->addr), cmp_addr);
}

const struct link *link_pic_link(const struct link_pic *p, uint32_t ifindex)
{
	const struct link key = { .ifindex = ifindex };

	return p->link_n ? bsearch(&key, p->link, p->link_n, sizeof(key), cmp_index) : NULL;
}

/* The first address that is not less than key, or NULL. */
static const struct link_addr *addr_from(const struct link_pic *p, const struct link_addr *key)
{
	uint32_t lo = 0, hi = p->addr_n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cmp_addr(&p->addr[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->addr_n ? &p->addr[lo] : NULL;
}

const struct link_addr *link_pic_find(const struct link_pic *p, uint32_t ifindex,
				      const struct ip_addr *addr, uint8_t len)
{
	const struct link_addr key = { .ifindex = ifindex, .addr = *addr, .len = len };
	const struct link_addr *a = addr_from(p, &key);

	return a && !cmp_addr(a, &key) ? a : NULL;
}

const struct link_addr *link_pic_find_any(const struct link_pic *p, uint32_t ifindex,
					  const struct ip_addr *addr)
{
	const struct link_addr key = { .ifindex = ifindex, .addr = *addr };
	const struct link_addr *a = addr_from(p, &key);

	return a && a->ifindex == ifindex && addr_eq(&a->addr, addr) ? a : NULL;
}

static int cmp_ips(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static bool is_vip(const struct ip_addr *vips, uint32_t n, const struct ip_addr *addr)
{
	return n && bsearch(addr, vips, n, sizeof(*vips), cmp_ips);
}

/* Fit to send adverts from: any of IPv4; of IPv6 a link-local one that no other host has. */
static bool is_usable(const struct link_addr *a)
{
	if (a->addr.family == AF_INET)
		return true;
	return IN6_IS_ADDR_LINKLOCAL(&a->addr.v6) &&
	       !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

/* Both are sorted by ifindex: the addresses of a link are one run. */
static void choose_primaries(struct link_table *t, const struct link_pic *p,
			     const struct ip_addr *vips, uint32_t vips_n)
{
	uint32_t i = 0;

	for (uint32_t k = 0; k < t->n; k++) {
		struct link *l = &t->link[k];
		uint32_t best_v4 = UINT32_MAX, best_v6 = UINT32_MAX;

		while (i < p->addr_n && p->addr[i].ifindex < l->ifindex)
			i++;
		for (; i < p->addr_n && p->addr[i].ifindex == l->ifindex; i++) {
			const struct link_addr *a = &p->addr[i];
			bool is_v6 = a->addr.family == AF_INET6;
			uint32_t *best = is_v6 ? &best_v6 : &best_v4;

			if (a->order >= *best || !is_usable(a) || is_vip(vips, vips_n, &a->addr))
				continue;
			*best = a->order;
			*(is_v6 ? &l->primary_v6 : &l->primary_v4) = a->addr;
		}
	}
}

/* What we made for a virtual MAC address stands on its parent. t is still in the picture's order. */
static void inherit(struct link_table *t, const struct link_pic *p)
{
	for (uint32_t i = 0; i < t->n; i++) {
		struct link *l = &t->link[i];
		const struct link *in_pic = l->is_made ? link_pic_link(p, l->parent) : NULL;

		if (!in_pic)
			continue;

		const struct link *parent = &t->link[in_pic - p->link];

		l->is_up &= parent->is_up;
		l->is_router6 = parent->is_router6;
		if (!l->primary_v4.family)
			l->primary_v4 = parent->primary_v4;
		if (!l->primary_v6.family)
			l->primary_v6 = parent->primary_v6;
	}
}

/* Not one that another host has, or may have. */
static bool is_src(const struct link_addr *a, const struct ip_addr *srcs, uint32_t n)
{
	return !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) && is_vip(srcs, n, &a->addr);
}

static int cmp_src(const void *va, const void *vb)
{
	const struct link_src *a = va, *b = vb;
	int cmp = addr_cmp(&a->addr, &b->addr);

	return cmp ? cmp : cmp_u32(a->ifindex, b->ifindex);
}

/* The picture is sorted by ifindex. */
static void put_slaves(struct link_table *t, const struct link_pic *p, struct link_slave *slave)
{
	t->slave = slave;
	for (uint32_t i = 0; i < p->link_n; i++)
		if (p->link[i].vrf)
			slave[t->slave_n++] = (struct link_slave){ .ifindex = p->link[i].ifindex,
								   .vrf = p->link[i].vrf };
}

struct link_table *link_table_make_with(const struct link_pic *p, const struct ip_addr *vips,
					uint32_t vips_n, const struct ip_addr *srcs,
					uint32_t srcs_n)
{
	size_t links_len = p->link_n * sizeof(struct link);
	struct link_table *t;
	struct link_src *src;
	uint32_t n = 0, slave_n = 0;

	for (uint32_t i = 0; srcs_n && i < p->addr_n; i++)
		n += is_src(&p->addr[i], srcs, srcs_n);
	for (uint32_t i = 0; i < p->link_n; i++)
		slave_n += p->link[i].vrf != 0;
	t = calloc(1, sizeof(*t) + links_len + n * sizeof(*src) + slave_n * sizeof(*t->slave));
	BUG_ON(!t);
	t->n = p->link_n;
	if (t->n)
		memcpy(t->link, p->link, links_len);
	choose_primaries(t, p, vips, vips_n);
	inherit(t, p);
	sort(t->link, t->n, sizeof(t->link[0]), cmp_name);
	src = (void *)(t->link + t->n);
	t->src = src;
	for (uint32_t i = 0; t->src_n < n; i++)
		if (is_src(&p->addr[i], srcs, srcs_n))
			src[t->src_n++] = (struct link_src){ .addr = p->addr[i].addr,
							     .ifindex = p->addr[i].ifindex };
	sort(src, n, sizeof(*src), cmp_src);
	put_slaves(t, p, (void *)(src + n));
	return t;
}

struct link_table *link_table_make(const struct link_pic *p, const struct ip_addr *vips,
				   uint32_t vips_n)
{
	return link_table_make_with(p, vips, vips_n, NULL, 0);
}

struct link_table *link_table_with_groups(struct link_table *t, const struct link_group *g,
					  uint32_t n)
{
	size_t len = sizeof(*t) + t->n * sizeof(struct link) + t->src_n * sizeof(*t->src) +
		     t->slave_n * sizeof(*t->slave);
	struct link_group *group;

	t = realloc(t, len + n * sizeof(*g));
	BUG_ON(!t);
	t->src = (void *)(t->link + t->n);
	t->slave = (const void *)(t->src + t->src_n);
	group = (void *)((char *)t + len);
	if (n)
		memcpy(group, g, n * sizeof(*g));
	t->group = group;
	t->group_n = n;
	return t;
}

static int cmp_slave(const void *va, const void *vb)
{
	const struct link_slave *a = va, *b = vb;

	return cmp_u32(a->ifindex, b->ifindex);
}

uint32_t link_vrf_of(const struct link_table *t, uint32_t ifindex)
{
	const struct link_slave key = { .ifindex = ifindex };
	const struct link_slave *s =
		t->slave_n ? bsearch(&key, t->slave, t->slave_n, sizeof(key), cmp_slave) : NULL;

	return s ? s->vrf : 0;
}

static int cmp_group(const void *va, const void *vb)
{
	const struct link_group *a = va, *b = vb;

	return cmp_u32(a->id, b->id);
}

const struct link_group *link_group_of(const struct link_table *t, uint32_t id)
{
	const struct link_group key = { .id = id };

	return t->group_n ? bsearch(&key, t->group, t->group_n, sizeof(key), cmp_group) : NULL;
}

static int cmp_src_addr(const void *va, const void *vb)
{
	const struct link_src *a = va, *b = vb;

	return addr_cmp(&a->addr, &b->addr);
}

bool link_has_src(const struct link_table *t, const struct ip_addr *src, const struct link *l)
{
	bool is_local = src->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&src->v6);
	struct link_src key = { .addr = *src, .ifindex = l ? l->ifindex : 0 };
	bool is_there;

	if (!t->src_n)
		return false;
	if (!is_local)
		return bsearch(&key, t->src, t->src_n, sizeof(key), cmp_src_addr);
	is_there = bsearch(&key, t->src, t->src_n, sizeof(key), cmp_src);
	key.ifindex = l ? l->parent : 0;
	return is_there || bsearch(&key, t->src, t->src_n, sizeof(key), cmp_src);
}

static bool link_eq(const struct link *a, const struct link *b)
{
	return a->ifindex == b->ifindex && !strncmp(a->name, b->name, IFNAMSIZ) &&
	       a->is_up == b->is_up && a->is_joined == b->is_joined &&
	       a->is_joined_v6 == b->is_joined_v6 && a->is_made == b->is_made &&
	       a->is_router6 == b->is_router6 && a->parent == b->parent &&
	       a->vrf_table == b->vrf_table && a->vrf == b->vrf && a->kind == b->kind &&
	       a->group == b->group && a->arp_ignore == b->arp_ignore &&
	       a->arp_filter == b->arp_filter && addr_eq(&a->primary_v4, &b->primary_v4) &&
	       addr_eq(&a->primary_v6, &b->primary_v6) && !memcmp(a->mac, b->mac, sizeof(a->mac)) &&
	       a->mtu == b->mtu && a->arp_type == b->arp_type && a->flags == b->flags;
}

bool link_table_eq(const struct link_table *a, const struct link_table *b)
{
	if (!a || a->n != b->n || a->src_n != b->src_n || a->group_n != b->group_n ||
	    a->gen != b->gen)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!link_eq(&a->link[i], &b->link[i]))
			return false;
	for (uint32_t i = 0; i < a->src_n; i++)
		if (cmp_src(&a->src[i], &b->src[i]))
			return false;
	for (uint32_t i = 0; i < a->group_n; i++)
		if (a->group[i].id != b->group[i].id ||
		    a->group[i].is_whole != b->group[i].is_whole)
			return false;
	return true;
}

static void free_table(struct snap *s)
{
	free(container_of(s, struct link_table, snap));
}

void link_table_publish(struct snap_slot *slot, struct link_table *t)
{
	if (t)
		t->snap.free = free_table;
	snap_publish(slot, t ? &t->snap : NULL);
}
