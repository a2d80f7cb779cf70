/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See addrs.h.
 */
#include "vrrp/addrs.h"

#include "core/bug.h"
#include "core/clock.h"
#include "vrrp/primary.h"
#include "vrrp/vip_kern.h"
#include "vrrp/vip_log.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <stdlib.h>
#include <string.h>

enum {
	AT_ONCE_N = 2048, /* operations in one turn: with very many addresses on one interface the
			   * kernel needs a millisecond for each, and the role must hear what is wanted */
	FIRST_N =
		32, /* operations before the first look at announcements: nobody waits long for one */
	PORTION_N =
		ANNOUNCE_TURN_N, /* and between two: about as long as the pace of announcements */
};

enum { GARP_REPEAT_N = 5, GARP_DELAY_US = SEC(5) }; /* the defaults */

/* A virtual address with what announces it. */
struct held {
	struct vip vip;
	struct announce_job job;
};

static struct held *held_of(struct vip *v)
{
	return container_of(v, struct held, vip);
}

int addrs_open(struct addrs *a, struct loop *loop)
{
	return announce_open(&a->announce, loop);
}

static void drop_vip(void *arg, struct vip *v)
{
	(void)arg;
	announce_cancel(&held_of(v)->job);
	free(held_of(v));
}

void addrs_close(struct addrs *a)
{
	for (uint32_t i = 0; i < a->set.n; i++)
		drop_vip(NULL, a->set.vip[i]);
	vip_set_fini(&a->set);
	free(a->ops);
	a->ops = NULL;
	if (a->announce.loop)
		announce_close(&a->announce);
}

static struct vip *make_vip(void *arg, const struct vip *key)
{
	struct addrs *a = arg;
	struct held *h = calloc(1, sizeof(*h));

	BUG_ON(!h);
	h->vip = *key;
	announce_job_init(&h->job, &a->announce);
	return &h->vip;
}

static void hush(struct vip *v)
{
	announce_cancel(&held_of(v)->job);
	v->is_said = false;
}

static void make_room(struct addrs *a)
{
	free(a->ops);
	a->ops = reallocarray(NULL, 2 * (size_t)a->set.n + 1, sizeof(*a->ops));
	BUG_ON(!a->ops);
}

void addrs_left_over(struct addrs *a, const struct view *v)
{
	vip_set_left_over(&a->set, v->links, v->pic, make_vip, a);
	make_room(a);
}

void addrs_said(struct addrs *a, struct inst_id inst, bool is_known, bool is_wanted, bool is_new)
{
	struct conf_range r = vip_set_of(&a->set, inst);

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		struct vip *v = a->set.vip[i];

		if (is_new)
			vip_said(v, is_known, is_wanted);
		else
			vip_told(v, is_known, is_wanted);
		if (is_new || !v->is_wanted)
			hush(v); /* when it was lost and gained, it is said anew */
	}
}

/* vrrp_min_garp: what has not been changed from its default becomes as little as possible. */
static void reduce(struct garp_times *t)
{
	if (t->repeat_n != GARP_REPEAT_N || t->delay_us != GARP_DELAY_US || t->refresh_us)
		return;
	t->repeat_n = 1;
	t->delay_us = 0;
}

struct garp_times addrs_times(const struct conf *c, const struct conf_vrrp *inst)
{
	struct garp_times t = {
		.repeat_n = inst->s.garp_repeat_n,
		.delay_us = inst->s.garp_delay_us,
		.refresh_n = inst->s.garp_refresh_repeat_n,
		.refresh_us = inst->s.garp_refresh_us,
	};

	if (c->global.s.min_garp)
		reduce(&t);
	return t;
}

/* garp_extra_if: adverts keep switches informed of a hardware address only where they leave; elsewhere
 * announcements do it. */
static void add_extra(struct garp_times *t, const struct conf_vrrp *inst, const struct vip *v,
		      const struct link *l)
{
	const char *tx_dev = conf_tx_dev(inst);
	bool is_silent = !tx_dev || strcmp(tx_dev, v->dev) != 0;

	if (!inst->s.garp_extra_us || !is_silent || !(l->is_made || inst->s.garp_extra_all))
		return;
	if (t->refresh_us && t->refresh_us <= inst->s.garp_extra_us)
		return;
	t->refresh_us = inst->s.garp_extra_us;
	t->refresh_n = 1;
}

/* Groups of interfaces that share a pace: each member names the group's first one. */
static void adopt_paces(struct addrs *a, const struct conf *c)
{
	struct announce_member *m;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->garp_group_n; i++)
		n += c->garp_group[i].s.interfaces.n;
	m = calloc((size_t)n + 1, sizeof(*m));
	BUG_ON(!m);
	n = 0;
	for (uint32_t i = 0; i < c->garp_group_n; i++) {
		const struct fields_garp_group *g = &c->garp_group[i].s;

		for (uint32_t k = 0; k < g->interfaces.n; k++, n++) {
			const char *name = g->interfaces.v[k], *first = g->interfaces.v[0];

			memcpy(m[n].name, name, strnlen(name, IFNAMSIZ - 1));
			memcpy(m[n].lane, first, strnlen(first, IFNAMSIZ - 1));
			m[n].garp_us = g->garp_us;
			m[n].gna_us = g->gna_us;
		}
	}
	announce_paces(&a->announce, c->global.s.garp_interval_us, c->global.s.gna_interval_us, m,
		       n);
}

void addrs_adopt(struct addrs *a, const struct conf *c)
{
	struct vip *keys = reallocarray(NULL, (size_t)c->vip_n + 1, sizeof(*keys));

	BUG_ON(!keys);
	vip_set_adopt(&a->set, keys, vip_keys(c, keys), make_vip, a);
	free(keys);
	for (uint32_t i = 0; i < a->set.n; i++)
		if (!a->set.vip[i]->is_configured)
			hush(a->set.vip[i]);
	make_room(a);
	adopt_paces(a, c);
	addrs_said(a, (struct inst_id){ VIP_STATIC }, true, true, false);
}

/* The interface whose pace it is: of one that we made, that below. */
static const char *pace_name(const struct view *v, const struct link *l)
{
	const struct link *parent = l->is_made ? link_pic_link(v->pic, l->parent) : NULL;

	return parent ? parent->name : l->name;
}

static void say(const struct view *view, struct vip *v, int64_t now_us)
{
	struct announce_job *j = &held_of(v)->job;
	const struct link *l = link_by_name(view->links, v->dev);
	const struct conf_vrrp *inst = conf_inst(view->conf, v->inst);

	if (!inst || !vip_must_say(v, l))
		return;
	v->is_said = true;
	memcpy(v->said_mac, l->mac, sizeof(v->said_mac));
	if ((l->flags & IFF_NOARP) || l->arp_type != ARPHRD_ETHER)
		return;

	struct garp_times times = addrs_times(view->conf, inst);

	add_extra(&times, inst, v, l);
	announce_cancel(j);
	j->garp.ifindex = l->ifindex;
	j->garp.addr = v->addr;
	j->garp.is_router = l->is_router6;
	memcpy(j->garp.mac, l->mac, sizeof(j->garp.mac));
	announce_start(j, pace_name(view, l), &times, now_us);
}

/* Announces what is in place and silences what is not any more. */
static void say_all(struct addrs *a, const struct view *v)
{
	int64_t now_us = clock_now_us();

	for (uint32_t i = 0; i < a->set.n; i++) {
		struct vip *vip = a->set.vip[i];

		if (!vip->is_said)
			announce_cancel(&held_of(vip)->job);
		say(v, vip, now_us);
	}
}

/* Wanted on an interface that is not there: nothing to plan, something to say. */
static void tell_missing(const struct addrs *a)
{
	for (uint32_t i = 0; i < a->set.n; i++) {
		struct vip *v = a->set.vip[i];

		if (v->is_wanted && !v->at)
			vip_log_failure(v, "add", -ENODEV);
	}
}

/* A portion of the operations; what is in place then is announced while the others are still to come. */
static void carry_out_some(struct addrs *a, struct view *v, struct vip_op *ops, uint32_t n)
{
	vip_kern_apply(v->chan, ops, n);

	int64_t now_us = clock_now_us();

	for (uint32_t i = 0; i < n; i++) {
		struct vip_op *op = &ops[i];

		if (!vip_done(op)) {
			say(v, op->vip, now_us);
			continue;
		}
		vip_log_failure(op->vip, op->kind == VIP_ADD ? "add" : "del", op->err);
		v->has_failed = true;
	}
	announce_pump(&a->announce, now_us);
}

static void carry_out(struct addrs *a, struct view *v, uint32_t n)
{
	bool has_removal = false;

	for (uint32_t i = 0; i < n; i++) {
		if (a->ops[i].kind == VIP_DEL)
			hush(a->ops[i].vip);
		has_removal |= a->ops[i].kind == VIP_DEL;
	}
	for (uint32_t i = 0, len; i < n; i += len) {
		uint32_t most = i ? PORTION_N : FIRST_N;

		len = n - i < most ? n - i : most;
		carry_out_some(a, v, a->ops + i, len);
	}
	vip_log_ops(a->ops, n, a->has_own_removal);
	a->has_own_removal = has_removal;
}

bool addrs_settle(struct addrs *a, struct view *v)
{
	uint32_t n = vip_plan(&a->set, v->links, v->pic, v->is_torn, a->ops);

	primary_last(a->ops, n, v->pic);
	a->is_cut = n > AT_ONCE_N && !a->is_ending;
	if (a->is_cut)
		n = AT_ONCE_N;
	if (n)
		carry_out(a, v, n);
	else
		a->has_own_removal = false;
	tell_missing(a);
	say_all(a, v);
	vip_set_reap(&a->set, drop_vip, a);
	return n > 0;
}

void addrs_pump(struct addrs *a)
{
	announce_pump(&a->announce, clock_now_us());
}

void addrs_unwant(struct addrs *a)
{
	a->is_ending = true;
	for (uint32_t i = 0; i < a->set.n; i++) {
		a->set.vip[i]->is_wanted = false;
		hush(a->set.vip[i]);
	}
}

bool addrs_has_ours(const struct addrs *a)
{
	for (uint32_t i = 0; i < a->set.n; i++)
		if (a->set.vip[i]->is_ours)
			return true;
	return false;
}

void addrs_tell_left(const struct addrs *a)
{
	for (uint32_t i = 0; i < a->set.n; i++)
		if (a->set.vip[i]->is_ours)
			vip_log_left(a->set.vip[i]);
}

void addrs_release(struct addrs *a)
{
	vip_release_held(&a->set);
}

void addrs_lower(struct addrs *a, const struct conf_vrrp *inst)
{
	struct conf_range r = vip_set_of(&a->set, inst->id);
	int64_t now_us = clock_now_us();

	for (uint32_t i = r.first; i < r.first + r.n; i++)
		if (a->set.vip[i]->is_said && held_of(a->set.vip[i])->job.garp.lane)
			announce_lower(&held_of(a->set.vip[i])->job, inst->s.garp_lower_repeat_n,
				       inst->s.garp_lower_delay_us, now_us);
}
