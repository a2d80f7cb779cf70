/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vip.h.
 */
#include "vrrp/vip.h"

#include "core/bug.h"

#include <errno.h>
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
		cmp = cmp_u32(a->addr_be, b->addr_be);
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

static struct vip key_of(const struct conf_vrrp *inst, const struct conf_vip *cv)
{
	struct vip v = {
		.inst = inst->id,
		.addr_be = cv->s.prefix.addr.v4.s_addr,
		.len = cv->s.prefix.len,
		.is_configured = true,
		.is_owner = inst->s.priority == 255,
	};

	copy_text(v.dev, sizeof(v.dev), cv->s.dev ? cv->s.dev : inst->s.interface);
	copy_text(v.inst_name, sizeof(v.inst_name), inst->s.name);
	return v;
}

uint32_t vip_keys(const struct conf *conf, struct vip *keys)
{
	uint32_t n = 0, kept_n = 0;

	for (uint32_t i = 0; i < conf->vrrp_n; i++) {
		const struct conf_vrrp *inst = &conf->vrrp[i];

		for (uint32_t k = 0; k < inst->s.vips.n; k++) {
			const struct conf_vip *cv = &conf->vip[inst->s.vips.first + k];

			if (cv->s.prefix.addr.family == AF_INET)
				keys[n++] = key_of(inst, cv);
		}
	}
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

/* An address on an interface, as the kernel tells them apart. */
struct place {
	uint32_t ifindex, addr_be;
	uint8_t len;
};

static int cmp_places(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	int cmp = cmp_u32(a->ifindex, b->ifindex);

	if (!cmp)
		cmp = cmp_u32(a->addr_be, b->addr_be);
	return cmp ? cmp : cmp_u32(a->len, b->len);
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
	return v->is_known && v->is_configured && v->is_wanted;
}

/* Two instances may name one address: what one of them gives up, the other may need. */
static bool wanted_by_any(const struct plan *p, uint32_t ifindex, const struct vip *v)
{
	const struct place key = { .ifindex = ifindex, .addr_be = v->addr_be, .len = v->len };

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
			p->wanted[p->wanted_n++] = (struct place){ .ifindex = v->at,
								   .addr_be = v->addr_be,
								   .len = v->len };
	}
	if (p->wanted_n > 1)
		qsort(p->wanted, p->wanted_n, sizeof(*p->wanted), cmp_places);
}

/* What the kernel has of it where it belongs. An owner's address counts with any prefix length: the
 * interface has it as its own. */
static const struct link_addr *look(const struct plan *p, const struct vip *v)
{
	const struct link_addr *a;

	if (!v->at)
		return NULL;
	a = link_pic_find(p->pic, v->at, v->addr_be, v->len);
	if (!a && v->is_owner)
		a = link_pic_find_any(p->pic, v->at, v->addr_be);
	return a;
}

static void put_op(struct plan *p, struct vip *v, enum vip_op_kind kind, uint32_t ifindex)
{
	p->ops[p->n++] = (struct vip_op){ .vip = v, .kind = kind, .ifindex = ifindex };
}

static void disown(struct vip *v)
{
	v->is_ours = false;
	v->on = 0;
}

static void claim(struct vip *v, const struct link_addr *have)
{
	if (v->is_ours || !v->is_known || have->len != v->len)
		return;
	if (have->proto != VIP_PROTO && (v->is_owner || (v->is_examined && !is_wanted(v))))
		return;
	v->is_ours = true;
	v->on = v->at;
}

/* True when an operation was planned. */
static bool plan_removal(struct plan *p, struct vip *v)
{
	bool is_moved = v->is_ours && v->on != v->at;

	if (!v->is_ours || (!is_moved && is_wanted(v)))
		return false;
	bool is_gone = !p->is_torn && !link_pic_find(p->pic, v->on, v->addr_be, v->len);

	if (is_gone || wanted_by_any(p, v->on, v)) {
		disown(v);
		return false;
	}
	if (!v->is_held)
		put_op(p, v, VIP_DEL, v->on);
	return true;
}

static void plan_removals(struct plan *p, struct vip_set *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct vip *v = s->vip[i];
		const struct link_addr *have = look(p, v);

		v->is_present = have != NULL;
		if (have)
			claim(v, have);
		if (v->at && v->is_known && !p->is_torn)
			v->is_examined = true;
		if (!v->is_present || !is_wanted(v))
			v->is_said = false;
		(void)plan_removal(p, v);
	}
}

static void plan_additions(struct plan *p, struct vip_set *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct vip *v = s->vip[i];

		if (!is_wanted(v) || v->is_present || !v->at || v->is_held)
			continue;
		if (v->is_ours && v->on != v->at)
			continue; /* first it leaves where it was */
		put_op(p, v, VIP_ADD, v->at);
		p->ops[p->n - 1].is_lost = v->is_ours && !p->is_torn;
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

		all[i] = (struct place){ .ifindex = l ? l->ifindex : 0,
					 .addr_be = v->addr_be,
					 .len = v->len };
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
		.addr_be = a->addr_be,
		.len = a->len,
		.is_known = true,
		.is_ours = true,
		.is_present = true,
		.on = a->ifindex,
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
		const struct place key = { .ifindex = a->ifindex,
					   .addr_be = a->addr_be,
					   .len = a->len };

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
		v->is_said = false;
		v->on = op->ifindex;
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
	if (!l || !l->is_up || !v->is_present || !is_wanted(v))
		return false;
	return !v->is_said || memcmp(v->said_mac, l->mac, sizeof(l->mac)) != 0;
}

static int cmp_numbers(const void *a, const void *b)
{
	return cmp_u32(*(const uint32_t *)a, *(const uint32_t *)b);
}

uint32_t vip_addrs(const struct vip_set *s, uint32_t *out)
{
	uint32_t n = 0, kept_n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (!s->vip[i]->is_owner)
			out[n++] = s->vip[i]->addr_be;
	if (n > 1)
		qsort(out, n, sizeof(*out), cmp_numbers);
	for (uint32_t i = 0; i < n; i++)
		if (!kept_n || out[kept_n - 1] != out[i])
			out[kept_n++] = out[i];
	return kept_n;
}
