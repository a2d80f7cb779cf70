/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See iface.h.
 */
#include "vrrp/iface.h"

#include "core/bug.h"
#include "core/clock.h"
#include "vrrp/link.h"
#include "vrrp/shown.h"
#include "vrrp/weigh.h"

/* A table that was made for an older configuration may not know of the source: what was known stays. */
static void read_src(const struct link_table *t, struct vrrp_inst *in, uint64_t gen)
{
	const char *dev = conf_tx_dev(in->cf);

	if (in->o.tracks_src && in->o.src.family &&
	    link_has_src(t, &in->o.src, dev ? link_by_name(t, dev) : NULL))
		in->is_src_there = true;
	else if (t->gen >= gen)
		in->is_src_there = false;
}

/* A group that the table does not know yet stays as it was. */
static void read_group(const struct link_table *t, struct run_obj *obj)
{
	const struct link_group *g = link_group_of(t, obj->id);

	obj->next = obj->state;
	if (g)
		obj->next = (struct track_state){ .is_known = true, .is_up = g->is_whole };
}

/* Copies what the table says into ifc->next of every interface. False: there is no table yet. */
static bool read_links(struct vrrp *v)
{
	struct run *r = v->run;

	snap_enter();

	const struct link_table *t = link_table_get(&v->role.board->links);

	for (uint32_t i = 0; t && i < r->iface_n; i++) {
		const struct link *l = link_by_name(t, r->iface[i].name);

		r->iface[i].next = (struct run_link){ 0 };
		if (l)
			r->iface[i].next = (struct run_link){
				.ifindex = l->ifindex,
				.mtu = l->mtu,
				.primary_v4 = l->primary_v4,
				.primary_v6 = l->primary_v6,
				.is_up = l->is_up,
				.is_joined_v4 = l->is_joined,
				.is_joined_v6 = l->is_joined_v6,
			};
	}
	for (uint32_t i = 0; t && i < r->inst_n; i++)
		read_src(t, &r->inst[i], v->role.conf->gen);
	for (uint32_t i = r->first_static; t && i < r->obj_n; i++)
		read_group(t, &r->obj[i]);
	snap_leave();
	return t;
}

static const char *why_no_source(const struct vrrp_inst *in, const struct ip_addr *src)
{
	if (in->o.tracks_src && in->o.src.family && !in->is_src_there)
		return "no_source";
	return src->family ? NULL : "no_address";
}

/* Why the instance can't do its work; NULL: it can. Without the membership we would be deaf, and a deaf
 * router takes over from one that is well. */
static const char *fault_of(const struct vrrp_inst *in, const struct run_link *l,
			    const struct ip_addr *src)
{
	bool is_v6 = in->o.family == AF_INET6;

	if (in->o.needs_peer)
		return "no_peer";
	if (!l)
		return why_no_source(in, src);
	if (!l->ifindex)
		return "no_interface";
	if (!l->is_up && !in->o.no_track_primary)
		return "link_down";
	if (!in->o.is_unicast && !(is_v6 ? l->is_joined_v6 : l->is_joined_v4))
		return "no_membership";
	return why_no_source(in, src);
}

static void tell_instance(struct vrrp_inst *in, const struct run_link *l, int64_t now_us)
{
	static const struct ip_addr none = { 0 };
	const struct ip_addr *primary = !l                         ? &none
					: in->o.family == AF_INET6 ? &l->primary_v6
								   : &l->primary_v4;
	struct ip_addr src = inst_source(in, primary);

	inst_link(in, &src, fault_of(in, l, &src), now_us);
	shown_inst(in);
}

static void tell_instances(struct vrrp *v, const struct run_iface *ifc, int64_t now_us)
{
	for (uint32_t i = ifc->first; i != RUN_NONE; i = v->run->inst[i].iface_next)
		tell_instance(&v->run->inst[i], &ifc->link, now_us);
}

static void key_instances(struct run *r, const struct run_iface *ifc)
{
	for (uint32_t i = ifc->first; i != RUN_NONE; i = r->inst[i].iface_next)
		run_key(r, i, ifc->link.ifindex);
}

/* The interface that we knew is gone, perhaps replaced by another of its name. Nobody knows what
 * happened on the network meanwhile: its instances begin again. */
static void forget(struct vrrp *v, struct run_iface *ifc, int64_t now_us)
{
	for (uint32_t i = ifc->first; i != RUN_NONE; i = v->run->inst[i].iface_next)
		run_unkey(v->run, i);
	timer_disarm(&v->role.loop.timers, &ifc->delay);
	ifc->link = (struct run_link){ 0 };
	tell_instances(v, ifc, now_us);
	weigh_iface(v, ifc, now_us);
}

/* The state that counts: what is read, once it has been so for long enough. */
static bool is_up_now(struct vrrp *v, struct run_iface *ifc, bool is_new, int64_t now_us)
{
	int64_t delay_us = ifc->next.is_up ? ifc->up_us : ifc->down_us;

	if (ifc->next.is_up == ifc->link.is_up || is_new || !delay_us) {
		timer_disarm(&v->role.loop.timers, &ifc->delay);
		return ifc->next.is_up;
	}
	if (!ifc->delay.is_armed)
		timer_arm(&v->role.loop.timers, &ifc->delay, now_us + delay_us);
	return ifc->link.is_up;
}

static void apply(struct vrrp *v, struct run_iface *ifc, int64_t now_us)
{
	if (ifc->link.ifindex && ifc->link.ifindex != ifc->next.ifindex)
		forget(v, ifc, now_us);

	bool is_new = !ifc->link.ifindex && ifc->next.ifindex;
	bool is_up = is_up_now(v, ifc, is_new, now_us);

	ifc->link = ifc->next;
	ifc->link.is_up = is_up;
	if (is_new)
		key_instances(v->run, ifc);
	tell_instances(v, ifc, now_us);
	weigh_iface(v, ifc, now_us);
}

void iface_on_delay(struct timer *t, int64_t now_us)
{
	struct run_iface *ifc = container_of(t, struct run_iface, delay);
	struct vrrp *v = ifc->owner;

	ifc->link.is_up = ifc->next.is_up;
	tell_instances(v, ifc, now_us);
	weigh_iface(v, ifc, now_us);
}

void iface_update(struct vrrp *v)
{
	int64_t now_us = clock_now_us();

	if (!v->run || !read_links(v))
		return;
	for (uint32_t i = 0; i < v->run->iface_n; i++)
		apply(v, &v->run->iface[i], now_us);
	for (uint32_t i = v->run->first_static; i < v->run->obj_n; i++)
		weigh_obj(v, &v->run->obj[i], &v->run->obj[i].next);
	for (uint32_t i = v->run->first_lone; i != RUN_NONE; i = v->run->inst[i].iface_next)
		tell_instance(&v->run->inst[i], NULL, now_us);
}

void iface_take(struct vrrp *v, const struct run *was)
{
	for (uint32_t i = 0; i < was->iface_n; i++) {
		struct run_iface *old = &was->iface[i];
		struct run_iface *ifc = run_find_iface(v->run, old->name);

		timer_disarm(&v->role.loop.timers, &old->delay);
		if (!ifc)
			continue;
		ifc->link = old->link;
		ifc->state = old->state;
		if (ifc->link.ifindex)
			key_instances(v->run, ifc);
	}
}
