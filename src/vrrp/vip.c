/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vip.h.
 */
#include "vrrp/vip.h"

#include "core/bug.h"
#include "core/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cmp_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int vip_cmp(const struct vip *a, const struct vip *b)
{
	int cmp = cmp_u32(a->inst.v, b->inst.v);

	if (!cmp)
		cmp = addr_cmp(&a->addr, &b->addr);
	if (!cmp)
		cmp = cmp_u32(a->len, b->len);
	return cmp ? cmp : strncmp(a->dev, b->dev, sizeof(a->dev));
}

static int cmp_keys(const void *a, const void *b)
{
	return vip_cmp(a, b);
}

static void copy_text(char *out, size_t len, const char *text)
{
	(void)snprintf(out, len, "%s", text ? text : "");
}

static uint32_t flags_of(const struct fields_vip *f)
{
	bool is_v6 = f->prefix.addr.family == AF_INET6;
	uint32_t flags = 0;

	/* no duplicate address detection: the address must be of use at once, and the router that
	 * had it may still answer */
	if (is_v6 && !f->dad)
		flags |= IFA_F_NODAD;
	if (is_v6 && f->home)
		flags |= IFA_F_HOMEADDRESS;
	if (is_v6 && f->mngtmpaddr)
		flags |= IFA_F_MANAGETEMPADDR;
	if (f->noprefixroute)
		flags |= IFA_F_NOPREFIXROUTE;
	if (f->autojoin)
		flags |= IFA_F_MCAUTOJOIN;
	return flags;
}

static bool is_link_local(const struct ip_addr *a)
{
	return a->family == AF_INET6 ? IN6_IS_ADDR_LINKLOCAL(&a->v6)
				     : a->byte[0] == 169 && a->byte[1] == 254;
}

static bool is_loopback(const struct ip_addr *a)
{
	return a->family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&a->v6) : a->byte[0] == 127;
}

static uint32_t scope_of(const struct fields_vip *f)
{
	if (f->scope != CONF_SCOPE_NONE)
		return f->scope;
	if (is_loopback(&f->prefix.addr))
		return RT_SCOPE_HOST;
	return is_link_local(&f->prefix.addr) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

/* "+" sets the host bits, "-" clears them; where there are none, there is no broadcast address. */
static struct ip_addr brd_of(const struct fields_vip *f)
{
	struct ip_addr a = { 0 };
	uint32_t host = f->prefix.len < 31 ? UINT32_MAX >> f->prefix.len : 0;
	uint32_t addr = ntohl(f->prefix.addr.v4.s_addr);

	if (!f->brd || f->prefix.addr.family != AF_INET)
		return a;
	if (strcmp(f->brd, "+") != 0 && strcmp(f->brd, "-") != 0) {
		(void)addr_parse(f->brd, &a);
		return a;
	}
	return host ? addr_v4(htonl(f->brd[0] == '+' ? addr | host : addr & ~host)) : a;
}

/* An IPv6 address of 128 bits is deprecated from the start, so that nothing is sent from it. */
static uint32_t preferred_of(const struct fields_vip *f)
{
	bool is_v6 = f->prefix.addr.family == AF_INET6;

	if (f->preferred_us < 0)
		return is_v6 && f->prefix.len == 128 ? 0 : VIP_FOREVER;
	return (uint32_t)(f->preferred_us / SEC(1)); /* the largest is for ever */
}

static struct vip key_of(const struct fields_vip *f, const char *dev)
{
	struct vip v = {
		.addr = f->prefix.addr,
		.len = f->peer.addr.family ? f->peer.len : f->prefix.len,
		.is_configured = true,
		.is_no_track = f->no_track,
	};

	v.attr.peer = f->peer.addr;
	v.attr.brd = brd_of(f);
	v.attr.flags = flags_of(f);
	v.attr.preferred_s = preferred_of(f);
	v.attr.scope = scope_of(f);
	copy_text(v.attr.label, sizeof(v.attr.label), f->label);
	copy_text(v.dev, sizeof(v.dev), f->dev ? f->dev : dev);
	return v;
}

static uint32_t put_list(struct vip *keys, const struct conf *conf, struct conf_range list,
			 const struct conf_vrrp *inst)
{
	for (uint32_t k = 0; k < list.n; k++) {
		const struct conf_vip *cv = &conf->vip[list.first + k];

		keys[k] = key_of(&cv->s, inst ? inst->s.interface : NULL);
		if (cv->on)
			copy_text(keys[k].dev, sizeof(keys[k].dev), cv->on);
		keys[k].inst.v = inst ? inst->id.v : VIP_STATIC;
		keys[k].is_owner = inst && inst->s.priority == 255;
		keys[k].group = cv->group;
		copy_text(keys[k].inst_name, sizeof(keys[k].inst_name),
			  inst ? inst->s.name : "static");
	}
	return list.n;
}

uint32_t vip_keys(const struct conf *conf, struct vip *keys)
{
	uint32_t n = 0, kept_n = 0;

	for (uint32_t i = 0; i < conf->vrrp_n; i++) {
		n += put_list(keys + n, conf, conf->vrrp[i].s.vips, &conf->vrrp[i]);
		n += put_list(keys + n, conf, conf->vrrp[i].s.evips, &conf->vrrp[i]);
	}
	n += put_list(keys + n, conf, conf->statics.s.addresses, NULL);
	if (n > 1)
		qsort(keys, n, sizeof(*keys), cmp_keys);
	for (uint32_t i = 0; i < n; i++)
		if (!kept_n || vip_cmp(&keys[kept_n - 1], &keys[i]))
			keys[kept_n++] = keys[i];
	return kept_n;
}

static void retire(struct vip *v)
{
	v->is_configured = v->is_wanted = false;
}

static void refresh(struct vip *v, const struct vip *key)
{
	v->is_configured = true;
	v->is_owner = key->is_owner;
	v->is_no_track = key->is_no_track;
	v->group = key->group;
	v->is_stale |= memcmp(&v->attr, &key->attr, sizeof(v->attr)) != 0;
	v->attr = key->attr;
	memcpy(v->inst_name, key->inst_name, sizeof(v->inst_name));
}

/* Both sides are sorted: a merge. */
void vip_set_adopt(struct vip_set *s, const struct vip *keys, uint32_t n,
		   struct vip *(*make)(void *arg, const struct vip *key), void *arg)
{
	struct vip **all = reallocarray(NULL, (size_t)s->n + n + 1, sizeof(struct vip *));
	uint32_t all_n = 0, o = 0, k = 0;

	BUG_ON(!all);
	while (o < s->n || k < n) {
		int cmp = o == s->n ? 1 : k == n ? -1 : vip_cmp(s->vip[o], &keys[k]);

		if (cmp <= 0)
			all[all_n++] = s->vip[o++];
		else
			all[all_n++] = make(arg, &keys[k]);
		if (cmp < 0)
			retire(all[all_n - 1]);
		else
			refresh(all[all_n - 1], &keys[k++]);
	}
	free(s->vip);
	s->vip = all;
	s->n = all_n;
}

void vip_set_reap(struct vip_set *s, void (*drop)(void *arg, struct vip *v), void *arg)
{
	uint32_t kept_n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		struct vip *v = s->vip[i];

		if (v->is_configured || v->is_ours)
			s->vip[kept_n++] = v;
		else
			drop(arg, v);
	}
	s->n = kept_n;
}

void vip_set_fini(struct vip_set *s)
{
	free(s->vip);
	*s = (struct vip_set){ 0 };
}

/* The first one of an instance that is not less than inst. */
static uint32_t lower_bound(const struct vip_set *s, uint32_t inst)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->vip[mid]->inst.v < inst)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct conf_range vip_set_of(const struct vip_set *s, struct inst_id inst)
{
	struct conf_range r = { .first = lower_bound(s, inst.v) };

	r.n = (inst.v == UINT32_MAX ? s->n : lower_bound(s, inst.v + 1)) - r.first;
	return r;
}

void vip_told(struct vip *v, bool is_known, bool is_wanted)
{
	v->is_known = is_known;
	v->is_wanted = is_wanted && v->is_configured;
}

void vip_said(struct vip *v, bool is_known, bool is_wanted)
{
	vip_told(v, is_known, is_wanted);
	v->is_let_go = false;
}

/* An address on an interface, as the kernel tells them apart: of IPv6 the length does not count. */
struct place {
	struct ip_addr addr;
	uint32_t ifindex, len;
};

static int cmp_places(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	int cmp = cmp_u32(a->ifindex, b->ifindex);

	if (!cmp)
		cmp = addr_cmp(&a->addr, &b->addr);
	return cmp ? cmp : cmp_u32(a->len, b->len);
}

static struct place place_of(uint32_t ifindex, const struct ip_addr *addr, uint8_t len)
{
	return (struct place){
		.addr = *addr,
		.ifindex = ifindex,
		.len = addr->family == AF_INET6 ? 0 : len,
	};
}

static bool has_place(const struct place *sorted, uint32_t n, const struct place *key)
{
	return n && bsearch(key, sorted, n, sizeof(*key), cmp_places) != NULL;
}

struct plan {
	const struct link_table *links;
	const struct link_pic *pic;
	bool is_torn;
	struct place *wanted; /* sorted */
	uint32_t wanted_n;
	struct vip_op *ops;
	uint32_t n;
};

static bool is_wanted(const struct vip *v)
{
	return v->is_known && v->is_configured && v->is_wanted && !v->is_let_go;
}

/* Two instances may name one address: what one of them gives up, the other may need. */
static bool wanted_by_any(const struct plan *p, uint32_t ifindex, const struct vip *v)
{
	const struct place key = place_of(ifindex, &v->addr, v->len);

	return has_place(p->wanted, p->wanted_n, &key);
}

static void locate(struct plan *p, struct vip_set *s)
{
	p->wanted = reallocarray(NULL, (size_t)s->n + 1, sizeof(*p->wanted));
	BUG_ON(!p->wanted);
	for (uint32_t i = 0; i < s->n; i++) {
		struct vip *v = s->vip[i];
		const struct link *l = link_by_name(p->links, v->dev);

		v->at = l ? l->ifindex : 0;
		if (!l || !l->is_up)
			v->is_said = false; /* to be said again when it is back */
		if (v->at && is_wanted(v))
			p->wanted[p->wanted_n++] = place_of(v->at, &v->addr, v->len);
	}
	if (p->wanted_n > 1)
		qsort(p->wanted, p->wanted_n, sizeof(*p->wanted), cmp_places);
}

/* What the kernel has of it on the interface. One of IPv6 is the same with any prefix length, and so is
 * an owner's: the interface has it as its own. */
static const struct link_addr *look_on(const struct plan *p, const struct vip *v, uint32_t ifindex)
{
	const struct link_addr *a = link_pic_find(p->pic, ifindex, &v->addr, v->len);

	if (!a && (v->is_owner || v->addr.family == AF_INET6))
		a = link_pic_find_any(p->pic, ifindex, &v->addr);
	return a;
}

static struct vip_op *put_op(struct plan *p, struct vip *v, enum vip_op_kind kind, uint32_t ifindex,
			     uint8_t len)
{
	struct vip_op *op = &p->ops[p->n++];

	*op = (struct vip_op){ .vip = v, .kind = kind, .ifindex = ifindex, .len = len };
	return op;
}

static void disown(struct vip *v)
{
	v->is_ours = v->is_stale = false;
	v->on = 0;
}

static bool may_claim(const struct vip *v, const struct link_addr *have)
{
	if (have->proto == VIP_PROTO)
		return true;
	return !v->is_owner && (!v->is_examined || is_wanted(v));
}

static void claim(struct vip *v, const struct link_addr *have)
{
	if (!v->is_known || (have->len != v->len && v->addr.family == AF_INET))
		return;
	if (!v->is_ours && !may_claim(v, have))
		return;
	v->is_ours = true;
	v->on = v->at;
	v->on_len = have->len;
}

/* IPv4 addresses keep what they were made with, so another label means another address; and what DAD
 * has refused is never looked at again by the kernel itself. */
static bool must_remake(const struct vip *v)
{
	return v->is_refused || (v->is_stale && v->addr.family == AF_INET);
}

static void plan_removal(struct plan *p, struct vip *v)
{
	bool is_moved = v->is_ours && v->on != v->at;
	bool is_kept = !is_moved && is_wanted(v) && !must_remake(v);

	if (!v->is_ours || is_kept)
		return;
	bool is_gone = !p->is_torn && !look_on(p, v, v->on);

	if (is_gone || (wanted_by_any(p, v->on, v) && !(is_wanted(v) && !is_moved))) {
		disown(v);
		return;
	}
	if (!v->is_held)
		put_op(p, v, VIP_DEL, v->on, v->on_len)->is_renewal = is_wanted(v) && !is_moved;
}

static void examine(struct plan *p, struct vip *v)
{
	const struct link_addr *have = v->at ? look_on(p, v, v->at) : NULL;

	v->is_refused = have && have->flags & IFA_F_DADFAILED;
	v->is_present = have != NULL && !v->is_refused;
	v->is_tentative = have && have->flags & IFA_F_TENTATIVE;
	if (have)
		claim(v, have);
	if (v->at && v->is_known && !p->is_torn)
		v->is_examined = true;
}

/* It was there and somebody has removed it; not when its interface went down, which takes addresses of
 * IPv6 along. */
static bool is_lost(const struct plan *p, const struct vip *v)
{
	return v->is_ours && v->on == v->at && !v->is_present && !v->is_refused && !p->is_torn;
}

static bool is_iface_up(const struct plan *p, const struct vip *v)
{
	const struct link *l = link_by_name(p->links, v->dev);

	return l && l->flags & IFF_UP;
}

static void plan_removals(struct plan *p, struct vip_set *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct vip *v = s->vip[i];

		examine(p, v);
		if (v->is_no_track && is_wanted(v) && is_lost(p, v) && is_iface_up(p, v)) {
			v->is_let_go = true;
			disown(v);
		}
		if (!v->is_present || !is_wanted(v))
			v->is_said = false;
	}
	/* when the last address of a prefix is one without a route to it, the kernel forgets to take
	 * away the route that came with another: so these go first */
	for (uint32_t i = 0; i < s->n; i++)
		if (s->vip[i]->attr.flags & IFA_F_NOPREFIXROUTE)
			plan_removal(p, s->vip[i]);
	for (uint32_t i = 0; i < s->n; i++)
		if (!(s->vip[i]->attr.flags & IFA_F_NOPREFIXROUTE))
			plan_removal(p, s->vip[i]);
}

static void plan_additions(struct plan *p, struct vip_set *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct vip *v = s->vip[i];
		struct vip_op *op;

		if (!is_wanted(v) || (v->is_present && !v->is_stale) || !v->at || v->is_held)
			continue;
		if (v->is_ours && v->on != v->at)
			continue; /* first it leaves where it was */
		op = put_op(p, v, VIP_ADD, v->at, v->len);
		op->is_renewal = v->is_present && v->is_stale;
		op->is_lost = is_lost(p, v);
	}
}

uint32_t vip_plan(struct vip_set *s, const struct link_table *links, const struct link_pic *pic,
		  bool is_torn, struct vip_op *ops)
{
	struct plan p = { .links = links, .pic = pic, .is_torn = is_torn, .ops = ops };

	locate(&p, s);
	plan_removals(&p, s);
	plan_additions(&p, s);
	free(p.wanted);
	return p.n;
}

/* Where the addresses of the set belong, sorted. The caller frees it. */
static struct place *places_of(const struct vip_set *s, const struct link_table *links)
{
	struct place *all = reallocarray(NULL, (size_t)s->n + 1, sizeof(*all));

	BUG_ON(!all);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct vip *v = s->vip[i];
		const struct link *l = link_by_name(links, v->dev);

		all[i] = place_of(l ? l->ifindex : 0, &v->addr, v->len);
	}
	if (s->n > 1)
		qsort(all, s->n, sizeof(*all), cmp_places);
	return all;
}

static struct vip nobodys(const struct link_addr *a, const struct link_pic *pic)
{
	const struct link *l = link_pic_link(pic, a->ifindex);
	struct vip v = {
		.inst.v = VIP_NOBODY,
		.addr = a->addr,
		.len = a->len,
		.is_known = true,
		.is_ours = true,
		.is_present = true,
		.on = a->ifindex,
		.on_len = a->len,
		.attr = { .peer = a->peer, .flags = a->flags & IFA_F_NOPREFIXROUTE },
	};

	copy_text(v.dev, sizeof(v.dev), l ? l->name : "");
	copy_text(v.inst_name, sizeof(v.inst_name), "-");
	return v;
}

/* Those of VIP_NOBODY come last, whatever their order among themselves: no snapshot has one. */
void vip_set_left_over(struct vip_set *s, const struct link_table *links,
		       const struct link_pic *pic,
		       struct vip *(*make)(void *arg, const struct vip *key), void *arg)
{
	struct place *named = places_of(s, links);
	uint32_t named_n = s->n;

	s->vip = reallocarray(s->vip, (size_t)s->n + pic->addr_n + 1, sizeof(struct vip *));
	BUG_ON(!s->vip);
	for (uint32_t i = 0; i < pic->addr_n; i++) {
		const struct link_addr *a = &pic->addr[i];
		const struct place key = place_of(a->ifindex, &a->addr, a->len);

		if (a->proto != VIP_PROTO || has_place(named, named_n, &key))
			continue;

		const struct vip v = nobodys(a, pic);

		s->vip[s->n++] = make(arg, &v);
	}
	free(named);
}

bool vip_done(struct vip_op *op)
{
	struct vip *v = op->vip;

	if (op->kind == VIP_DEL && (op->err == -EADDRNOTAVAIL || op->err == -ENODEV))
		op->err = 0;
	if (op->kind == VIP_ADD && op->err == -EEXIST)
		op->err = 0;
	if (op->err) {
		v->is_held = true;
		return true;
	}
	v->is_fail_told = false;
	if (op->kind == VIP_DEL) {
		disown(v);
		v->is_present = v->is_said = false;
	} else {
		v->is_ours = v->is_present = true;
		v->is_said = v->is_stale = false;
		/* until the next look says that the kernel has asked whether another host has it */
		v->is_tentative = v->addr.family == AF_INET6 && !(v->attr.flags & IFA_F_NODAD);
		v->on = op->ifindex;
		v->on_len = op->len;
	}
	return false;
}

void vip_release_held(struct vip_set *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->vip[i]->is_held = false;
}

bool vip_must_say(const struct vip *v, const struct link *l)
{
	if (!l || !l->is_up || !v->is_present || v->is_tentative || !is_wanted(v))
		return false;
	return !v->is_said || memcmp(v->said_mac, l->mac, sizeof(l->mac)) != 0;
}

static int cmp_ips(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

uint32_t vip_addrs(const struct vip_set *s, struct ip_addr *out)
{
	uint32_t n = 0, kept_n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (!s->vip[i]->is_owner && s->vip[i]->inst.v != VIP_STATIC)
			out[n++] = s->vip[i]->addr;
	if (n > 1)
		qsort(out, n, sizeof(*out), cmp_ips);
	for (uint32_t i = 0; i < n; i++)
		if (!kept_n || addr_cmp(&out[kept_n - 1], &out[i]))
			out[kept_n++] = out[i];
	return kept_n;
}
