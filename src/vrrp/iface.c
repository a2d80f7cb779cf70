/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See iface.h.
 */
#include "vrrp/iface.h"

#include "core/clock.h"
#include "vrrp/link.h"

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
				.primary = l->primary_v4,
				.is_up = l->is_up,
				.is_joined = l->is_joined,
			};
	}
	snap_leave();
	return t;
}

/* Why the interface can't carry adverts; NULL: it can. Without the membership we would be deaf, and
 * a deaf router takes over from one that is well. */
static const char *fault_of(const struct run_iface *ifc, const struct ip_addr *src)
{
	if (!ifc->link.ifindex)
		return "no_interface";
	if (!ifc->link.is_up)
		return "link_down";
	if (!ifc->link.is_joined)
		return "no_membership";
	return src->family ? NULL : "no_address";
}

static void tell_instances(struct vrrp *v, const struct run_iface *ifc, int64_t now_us)
{
	for (uint32_t i = ifc->first; i != RUN_NONE; i = v->run->inst[i].iface_next) {
		struct vrrp_inst *in = &v->run->inst[i];
		struct ip_addr src = inst_source(in, &ifc->link.primary);

		inst_link(in, &src, fault_of(ifc, &src), now_us);
	}
}

/* The interface that we knew is gone, perhaps replaced by another of its name. Nobody knows what
 * happened on the network meanwhile: its instances begin again. */
static void forget(struct vrrp *v, struct run_iface *ifc, int64_t now_us)
{
	run_unkey_iface(v->run, ifc);
	ifc->link = (struct run_link){ 0 };
	tell_instances(v, ifc, now_us);
}

static void apply(struct vrrp *v, struct run_iface *ifc, int64_t now_us)
{
	if (ifc->link.ifindex && ifc->link.ifindex != ifc->next.ifindex)
		forget(v, ifc, now_us);

	bool is_new = !ifc->link.ifindex && ifc->next.ifindex;

	ifc->link = ifc->next;
	if (is_new)
		run_key_iface(v->run, ifc);
	tell_instances(v, ifc, now_us);
}

void iface_update(struct vrrp *v)
{
	int64_t now_us = clock_now_us();

	if (!v->run || !read_links(v))
		return;
	for (uint32_t i = 0; i < v->run->iface_n; i++)
		apply(v, &v->run->iface[i], now_us);
}

void iface_take(struct vrrp *v, const struct run *was)
{
	for (uint32_t i = 0; i < was->iface_n; i++) {
		const struct run_iface *old = &was->iface[i];
		struct run_iface *ifc = run_find_iface(v->run, old->name);

		if (!ifc)
			continue;
		ifc->link = old->link;
		if (ifc->link.ifindex)
			run_key_iface(v->run, ifc);
	}
}
