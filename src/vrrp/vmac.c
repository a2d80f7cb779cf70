/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vmac.h.
 */
#include "vrrp/vmac.h"

#include "core/bug.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vmac_address(const char *text, bool is_v6, uint8_t vrid, uint8_t out[static 6])
{
	const uint8_t standard[6] = { 0x00, 0x00, 0x5e, 0x00, is_v6 ? 0x02 : 0x01, vrid };
	unsigned b[6] = { [5] = vrid };

	memcpy(out, standard, sizeof(standard));
	if (!text ||
	    sscanf(text, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) < 5)
		return;
	for (unsigned i = 0; i < 6; i++)
		out[i] = (uint8_t)b[i];
}

static void copy_text(char *out, size_t len, const char *text)
{
	(void)snprintf(out, len, "%s", text ? text : "");
}

/* ---- the set ---- */

static int cmp_vmacs(const void *va, const void *vb)
{
	const struct vmac *a = va, *b = vb;

	return strncmp(a->name, b->name, IFNAMSIZ);
}

static int cmp_parents(const void *va, const void *vb)
{
	const struct vmac_parent *a = va, *b = vb;

	return strncmp(a->name, b->name, IFNAMSIZ);
}

static bool is_instance_v6(const struct conf *c, const struct conf_vrrp *in)
{
	return in->s.vips.n && c->vip[in->s.vips.first].s.prefix.addr.family == AF_INET6;
}

static struct vmac make(const struct conf *c, const struct conf_vmac *cv)
{
	static const uint8_t flags[] = {
		[CONF_IPVLAN_BRIDGE] = 0,
		[CONF_IPVLAN_PRIVATE] = IPVLAN_F_PRIVATE,
		[CONF_IPVLAN_VEPA] = IPVLAN_F_VEPA,
	};
	const struct conf_vrrp *in = &c->vrrp[cv->inst];
	struct vmac v = {
		.kind = cv->is_ipvlan ? LINK_IPVLAN : LINK_MACVLAN,
		.group = in->s.vmac_group,
		.is_v6 = is_instance_v6(c, in) && !cv->is_silent,
	};

	copy_text(v.name, sizeof(v.name), cv->name);
	copy_text(v.parent, sizeof(v.parent), cv->parent);
	copy_text(v.inst_name, sizeof(v.inst_name), in->s.name);
	if (cv->is_ipvlan) {
		v.ipvlan_flags = flags[in->s.ipvlan_mode];
		v.addr = in->s.ipvlan_addr;
	} else {
		vmac_address(in->s.vmac_mac, is_instance_v6(c, in), in->s.vrid, v.mac);
	}
	return v;
}

/* Joins the names of those that are wanted with those that are remembered; all is sorted. */
static void adopt_parents(struct vmac_set *s)
{
	struct vmac_parent *all = calloc((size_t)s->parent_n + s->n + 1, sizeof(*all));
	uint32_t n = 0, kept_n = 0;

	BUG_ON(!all);
	for (uint32_t i = 0; i < s->parent_n; i++) {
		all[n] = s->parent[i];
		all[n++].is_wanted = false;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		memcpy(all[n].name, s->vmac[i].parent, IFNAMSIZ);
		all[n++].is_wanted = true;
	}
	if (n > 1)
		qsort(all, n, sizeof(*all), cmp_parents);
	for (uint32_t i = 0; i < n; i++) {
		struct vmac_parent *last = kept_n ? &all[kept_n - 1] : NULL;

		if (!last || cmp_parents(last, &all[i])) {
			all[kept_n++] = all[i];
			continue;
		}
		last->is_wanted |= all[i].is_wanted;
		if (all[i].ifindex) {
			last->ifindex = all[i].ifindex;
			last->arp_ignore = all[i].arp_ignore;
			last->arp_filter = all[i].arp_filter;
		}
	}
	free(s->parent);
	s->parent = all;
	s->parent_n = kept_n;
}

void vmac_adopt(struct vmac_set *s, const struct conf *c)
{
	uint32_t kept_n = 0;

	free(s->vmac);
	s->vmac = calloc((size_t)c->vmac_n + 1, sizeof(*s->vmac));
	BUG_ON(!s->vmac);
	for (uint32_t i = 0; i < c->vmac_n; i++)
		s->vmac[i] = make(c, &c->vmac[i]);
	if (c->vmac_n > 1)
		qsort(s->vmac, c->vmac_n, sizeof(*s->vmac), cmp_vmacs);
	for (uint32_t i = 0; i < c->vmac_n; i++)
		if (!kept_n || cmp_vmacs(&s->vmac[kept_n - 1], &s->vmac[i]))
			s->vmac[kept_n++] = s->vmac[i];
	s->n = kept_n;
	adopt_parents(s);
}

void vmac_fini(struct vmac_set *s)
{
	free(s->vmac);
	free(s->parent);
	*s = (struct vmac_set){ 0 };
}

void vmac_unwant(struct vmac_set *s)
{
	s->n = 0;
	for (uint32_t i = 0; i < s->parent_n; i++)
		s->parent[i].is_wanted = false;
}

uint32_t vmac_ops_max(const struct vmac_set *s, const struct link_table *links)
{
	return s->n + s->parent_n + 2 * (links ? links->n : 0);
}

static struct vmac *find(const struct vmac_set *s, const char *name)
{
	struct vmac key = { 0 };

	memcpy(key.name, name, strnlen(name, IFNAMSIZ - 1));
	return s->n ? bsearch(&key, s->vmac, s->n, sizeof(key), cmp_vmacs) : NULL;
}

static struct vmac_parent *find_parent(const struct vmac_set *s, const char *name)
{
	struct vmac_parent key = { 0 };

	memcpy(key.name, name, strnlen(name, IFNAMSIZ - 1));
	return s->parent_n ? bsearch(&key, s->parent, s->parent_n, sizeof(key), cmp_parents) : NULL;
}

/* ---- plan ---- */

struct plan {
	struct vmac_set *s;
	const struct link_table *links;
	const struct link_pic *pic;
	struct vmac_op *ops;
	uint32_t n;
};

static struct vmac_op *put_op(struct plan *p, enum vmac_op_kind kind, uint32_t ifindex)
{
	struct vmac_op *op = &p->ops[p->n++];

	*op = (struct vmac_op){ .kind = kind, .ifindex = ifindex };
	return op;
}

static bool is_right(const struct vmac *v, const struct link *l, const struct link *parent)
{
	return l->kind == v->kind && parent && l->parent == parent->ifindex &&
	       l->group == v->group && l->vrf == parent->vrf &&
	       (v->kind == LINK_IPVLAN || !memcmp(l->mac, v->mac, sizeof(v->mac)));
}

/* What an earlier vipd noted of the parent is what it was before that one. Where nothing is wanted on
 * that parent any more, it is put back at once. */
static void learn_parent(struct plan *p, const struct link *made)
{
	const struct link *l = link_pic_link(p->pic, made->parent);
	struct vmac_parent *pa = l ? find_parent(p->s, l->name) : NULL;
	struct vmac_op *op;

	if (!l || (pa && pa->ifindex))
		return;
	if (pa) {
		pa->ifindex = l->ifindex;
		pa->arp_ignore = made->arp_ignore;
		pa->arp_filter = made->arp_filter;
		return;
	}
	op = put_op(p, VMAC_RESTORE, l->ifindex);
	op->arp_ignore = made->arp_ignore;
	op->arp_filter = made->arp_filter;
}

static void plan_removals(struct plan *p)
{
	for (uint32_t i = 0; i < p->links->n; i++) {
		const struct link *l = &p->links->link[i];
		const struct vmac *v = l->is_made ? find(p->s, l->name) : NULL;

		if (!l->is_made)
			continue;
		learn_parent(p, l);
		if (v && is_right(v, l, link_by_name(p->links, v->parent)))
			continue;
		memcpy(put_op(p, VMAC_DEL, l->ifindex)->name, l->name, IFNAMSIZ);
	}
}

static void put_parent(struct plan *p, enum vmac_op_kind kind, struct vmac_parent *pa,
		       const struct link *l)
{
	struct vmac_op *op = put_op(p, kind, l->ifindex);

	op->parent = pa;
	op->arp_ignore = kind == VMAC_RESTORE ? pa->arp_ignore : 1;
	op->arp_filter = kind == VMAC_RESTORE ? pa->arp_filter : 1;
}

static void plan_parents(struct plan *p)
{
	for (uint32_t i = 0; i < p->s->parent_n; i++) {
		struct vmac_parent *pa = &p->s->parent[i];
		const struct link *l = link_by_name(p->links, pa->name);

		if (!l || pa->ifindex != l->ifindex)
			pa->ifindex = 0; /* another interface, or none: what was noted is void */
		if (!l)
			continue;
		if (!pa->is_wanted && pa->ifindex) {
			put_parent(p, VMAC_RESTORE, pa, l);
		} else if (pa->is_wanted && !pa->ifindex) {
			pa->arp_ignore = l->arp_ignore;
			pa->arp_filter = l->arp_filter;
			put_parent(p, VMAC_PREPARE, pa, l);
		} else if (pa->is_wanted && (l->arp_ignore != 1 || l->arp_filter != 1)) {
			put_parent(p, VMAC_PREPARE, pa, l);
		}
	}
}

static struct ip_prefix addr_of(const struct vmac *v, const struct link *parent)
{
	struct ip_prefix p = v->addr;

	if (!p.addr.family && v->is_v6)
		p = (struct ip_prefix){ .addr = parent->primary_v6, .len = 64 };
	return p;
}

/* It is there. */
static void plan_one(struct plan *p, struct vmac *v, const struct link *l,
		     const struct link *parent)
{
	struct ip_prefix addr = addr_of(v, parent);
	struct vmac_op *op;

	if (!(l->flags & IFF_UP)) {
		put_op(p, VMAC_UP, l->ifindex)->vmac = v;
	} else if (addr.addr.family && !link_pic_find_any(p->pic, l->ifindex, &addr.addr)) {
		op = put_op(p, VMAC_ADDR, l->ifindex);
		op->vmac = v;
		op->addr = addr;
	}
}

static void plan_additions(struct plan *p)
{
	for (uint32_t i = 0; i < p->s->n; i++) {
		struct vmac *v = &p->s->vmac[i];
		const struct link *parent = link_by_name(p->links, v->parent);
		const struct link *l = link_by_name(p->links, v->name);
		struct vmac_op *op;

		if (!parent || v->is_held || (l && !l->is_made))
			continue;
		if (l && is_right(v, l, parent)) {
			plan_one(p, v, l, parent);
			continue;
		}
		op = put_op(p, VMAC_ADD, parent->ifindex);
		op->vmac = v;
		op->parent = find_parent(p->s, v->parent);
		op->arp_ignore = op->parent->arp_ignore;
		op->arp_filter = op->parent->arp_filter;
		op->vrf = parent->vrf;
	}
}

uint32_t vmac_plan(struct vmac_set *s, const struct link_table *links, const struct link_pic *pic,
		   struct vmac_op *ops)
{
	struct plan p = { .s = s, .links = links, .pic = pic, .ops = ops };

	if (!links)
		return 0;
	plan_removals(&p);
	plan_parents(&p);
	plan_additions(&p);
	return p.n;
}

bool vmac_done(struct vmac_op *op)
{
	if (op->kind == VMAC_DEL && op->err == -ENODEV)
		op->err = 0;
	if (op->err) {
		if (op->vmac)
			op->vmac->is_held = true;
		return true;
	}
	if (op->vmac)
		op->vmac->is_fail_told = false;
	if (op->kind == VMAC_PREPARE)
		op->parent->ifindex = op->ifindex;
	if (op->kind == VMAC_RESTORE && op->parent)
		op->parent->ifindex = 0;
	return false;
}

void vmac_release(struct vmac_set *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->vmac[i].is_held = false;
}

struct vmac *vmac_conflict(struct vmac_set *s, const struct link_table *links, uint32_t *from)
{
	while (*from < s->n) {
		struct vmac *v = &s->vmac[(*from)++];
		const struct link *l = link_by_name(links, v->name);

		if (l && !l->is_made)
			return v;
	}
	return NULL;
}
