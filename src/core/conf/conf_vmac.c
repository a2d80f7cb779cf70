/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_vmac.h.
 *
 * Names are as keepalived makes them: PREFIX.VRID; where that is taken, PREFIX6.VRID for IPv6, then
 * PREFIX1.VRID, PREFIX2.VRID and so on. Those that are written out come first, so that no made up name
 * takes one.
 */
#include "core/conf/conf_vmac.h"

#include "core/bug.h"
#include "core/conf/conf_names.h"
#include "core/conf/schema.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

struct making {
	struct conf *c;
	struct names taken; /* interfaces, under SCHEMA_vrrp */
	uint32_t next_n
		[256]; /* by VRID: numbers tried so far, so that many of one VRID stay cheap */
};

static bool take(struct making *m, const char *name)
{
	if (names_get(&m->taken, SCHEMA_vrrp, name))
		return false;
	names_put(&m->taken, SCHEMA_vrrp, name, m->c);
	return true;
}

static bool is_v6(const struct conf *c, const struct conf_vrrp *in)
{
	return in->s.vips.n && c->vip[in->s.vips.first].s.prefix.addr.family == AF_INET6;
}

/* NULL when the prefix is so long that no name is free. */
static const char *make_name(struct making *m, const char *prefix, const struct conf_vrrp *in)
{
	char text[IFNAMSIZ + 16];

	(void)snprintf(text, sizeof(text), "%s.%u", prefix, in->s.vrid);
	for (uint32_t n = 0; strlen(text) < IFNAMSIZ; n = ++m->next_n[in->s.vrid]) {
		const char *name;

		if (n)
			(void)snprintf(text, sizeof(text), "%s%u.%u", prefix, n, in->s.vrid);
		else if (names_get(&m->taken, SCHEMA_vrrp, text) && is_v6(m->c, in))
			(void)snprintf(text, sizeof(text), "%s6.%u", prefix, in->s.vrid);
		if (strlen(text) >= IFNAMSIZ || names_get(&m->taken, SCHEMA_vrrp, text))
			continue;
		name = arena_strdup(&m->c->arena, text);
		(void)take(m, name);
		return name;
	}
	return NULL;
}

static struct conf_vmac *put(struct conf *c, uint32_t inst, const char *name, const char *parent)
{
	struct conf_vmac *v = &c->vmac[c->vmac_n];

	if (!name || !parent)
		return NULL;
	*v = (struct conf_vmac){ .name = name, .parent = parent, .inst = inst };
	c->vmac_n++;
	return v;
}

static const char *own_name(const struct conf_vrrp *in)
{
	return in->s.use_vmac ? in->s.vmac_name : in->s.use_ipvlan ? in->s.ipvlan_name : NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Addresses of the instance's own interface lie on the one that was made. */
static void move_addresses(struct conf *c, struct conf_range list, const struct conf_vrrp *in,
			   const char *name)
{
	for (uint32_t i = list.first; i < list.first + list.n; i++)
		if (!c->vip[i].s.dev || is_same(c->vip[i].s.dev, in->s.interface))
			c->vip[i].on = name;
}

static void make_main(struct making *m, uint32_t i)
{
	struct conf *c = m->c;
	struct conf_vrrp *in = &c->vrrp[i];
	const char *name = own_name(in);
	struct conf_vmac *v;

	if ((!in->s.use_vmac && !in->s.use_ipvlan) || !in->s.interface)
		return;
	v = put(c, i, name ? name : make_name(m, c->global.s.vmac_prefix, in), in->s.interface);
	if (!v)
		return;
	v->is_ipvlan = !in->s.use_vmac;
	move_addresses(c, in->s.vips, in, v->name);
	move_addresses(c, in->s.evips, in, v->name);
	if (!in->s.vmac_xmit_base)
		in->tx_dev = v->name;
	v->is_silent = in->s.vmac_xmit_base;
}

/* One for each interface that such addresses are on. by_dev: those of this instance so far. */
static void make_others(struct making *m, uint32_t i, struct conf_range list, struct names *by_dev)
{
	struct conf *c = m->c;
	const struct conf_vrrp *in = &c->vrrp[i];

	for (uint32_t k = list.first; k < list.first + list.n; k++) {
		struct conf_vip *vip = &c->vip[k];
		struct conf_vmac *v;

		if (vip->on || !vip->s.dev || (!in->s.use_vmac_addr && !vip->s.use_vmac))
			continue;
		v = names_get(by_dev, SCHEMA_vip, vip->s.dev);
		if (!v) {
			v = put(c, i, make_name(m, c->global.s.vmac_addr_prefix, in), vip->s.dev);
			if (!v)
				continue;
			v->is_silent = true;
			names_put(by_dev, SCHEMA_vip, vip->s.dev, v);
		}
		vip->on = v->name;
	}
}

void conf_vmac_resolve(struct conf *c)
{
	struct making m = { .c = c };
	bool is_any = false;

	for (uint32_t i = 0; i < c->vrrp_n; i++)
		is_any |= c->vrrp[i].s.use_vmac || c->vrrp[i].s.use_ipvlan ||
			  c->vrrp[i].s.use_vmac_addr;
	for (uint32_t i = 0; i < c->vip_n; i++)
		is_any |= c->vip[i].s.use_vmac;
	if (!is_any)
		return;
	/* one of each instance, and at most one for each address */
	c->vmac = arena_array(&c->arena, c->vrrp_n + c->vip_n, sizeof(*c->vmac));
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (own_name(&c->vrrp[i]))
			(void)take(&m, own_name(&c->vrrp[i]));
	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		struct names by_dev = { 0 };

		make_main(&m, i);
		make_others(&m, i, c->vrrp[i].s.vips, &by_dev);
		make_others(&m, i, c->vrrp[i].s.evips, &by_dev);
		names_fini(&by_dev);
	}
	names_fini(&m.taken);
}
