/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See want.h.
 */
#include "ipvs/want.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_far.h"

#include <stdio.h>
#include <string.h>

enum {
	HOST_PREFIX_LEN_V4 = 32, /* persistence counts each client for itself */
	HOST_PREFIX_LEN_V6 = 128,
	SORRY_WEIGHT = 1,
	PERCENT = 100,
};

struct want_place want_server(const struct want_case *c)
{
	const struct want_place out = { IPVS_OUT, false }, full = { IPVS_IN, true };
	const struct want_place failed = { c->is_inhibit ? IPVS_IN
					   : c->is_held  ? IPVS_IF_IN
							 : IPVS_OUT,
					   false };

	if (c->admin == ADMIN_MAINT || (c->admin == ADMIN_DRAIN && c->is_drained))
		return out;
	if (c->is_suspended)
		return (struct want_place){ IPVS_KEEP, false };
	if (c->admin == ADMIN_DRAIN) {
		if (c->verdict == HEALTH_DOWN && !c->is_inhibit && !c->is_panic)
			return out;
		return (struct want_place){ IPVS_IF_IN, false };
	}
	if (c->is_sorry)
		return failed;
	switch (c->verdict) {
	case HEALTH_UP:
		return full;
	case HEALTH_UNKNOWN:
		return (struct want_place){ IPVS_KEEP, false };
	case HEALTH_DOWN:
		return c->is_panic ? full : failed;
	}
	BUG("health_verdict");
}

struct want_place want_sorry(enum quorum_state quorum, bool is_suspended, bool is_ending,
			     bool is_inhibit)
{
	if (is_suspended)
		return (struct want_place){ IPVS_KEEP, false };
	if (is_ending)
		return (struct want_place){ IPVS_IF_IN, false };
	switch (quorum) {
	case QUORUM_DOWN:
		return (struct want_place){ IPVS_IN, true };
	case QUORUM_UNKNOWN:
		return (struct want_place){ IPVS_KEEP, false };
	case QUORUM_UP:
		return (struct want_place){ is_inhibit ? IPVS_IN : IPVS_OUT, false };
	}
	BUG("quorum_state");
}

/* ------------------------------------------------------------------ services */

static uint32_t flag_of(const char *word)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} rows[] = {
		{ "sh-fallback", IPVS_FLAG_SCHED_1 }, { "mh-fallback", IPVS_FLAG_SCHED_1 },
		{ "flag-1", IPVS_FLAG_SCHED_1 },      { "sh-port", IPVS_FLAG_SCHED_2 },
		{ "mh-port", IPVS_FLAG_SCHED_2 },     { "flag-2", IPVS_FLAG_SCHED_2 },
		{ "flag-3", IPVS_FLAG_SCHED_3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(rows[i].word, word))
			return rows[i].flag;
	return 0; /* conf_check() has refused any other */
}

static uint32_t flags_of(const struct fields_vs *s)
{
	uint32_t flags = 0;

	if (s->persistence_us)
		flags |= IPVS_FLAG_PERSISTENT;
	if (s->ops)
		flags |= IPVS_FLAG_ONE_PACKET;
	for (uint32_t i = 0; i < s->flags.n; i++)
		flags |= flag_of(s->flags.v[i]);
	return flags;
}

/* An IPv4 mask in network order, or the length of an IPv6 prefix. 0 bits: all. */
static uint32_t netmask_of(uint8_t family, uint8_t bits)
{
	if (family == AF_INET6)
		return bits ? bits : HOST_PREFIX_LEN_V6;
	if (!bits || bits >= HOST_PREFIX_LEN_V4)
		return UINT32_MAX;
	return htonl(UINT32_MAX << (HOST_PREFIX_LEN_V4 - bits));
}

void want_svc(const struct state *st, uint32_t face, struct ipvs_svc *out)
{
	const struct face *f = &st->faces.face[face];
	const struct fields_vs *s = &st->c->vs[f->vs].s;

	*out = (struct ipvs_svc){
		.addr = f->addr,
		.fwmark = f->fwmark,
		.port = f->port,
		.protocol = f->fwmark ? 0 : s->protocol,
		.presence = IPVS_IN,
		.flags = flags_of(s),
		.timeout_s = (uint32_t)(s->persistence_us / SEC(1)),
		.netmask = netmask_of(f->addr.family, s->persistence_mask),
		.ref = face,
	};
	(void)snprintf(out->sched, sizeof(out->sched), "%s", conf_sched_name[s->sched]);
	if (s->persistence_engine)
		(void)snprintf(out->pe, sizeof(out->pe), "%s", s->persistence_engine);
}

/* ------------------------------------------------------------------ servers */

static uint8_t method_of(uint8_t method)
{
	switch ((enum words_METHOD)method) {
	case VS_NAT:
		return IPVS_METHOD_NAT;
	case VS_DR:
		return IPVS_METHOD_DR;
	case VS_TUN:
		return IPVS_METHOD_TUN;
	}
	BUG("METHOD");
}

/* How packets reach a destination. Without NAT they keep the port of the face. */
static void put_way(const struct state *st, const struct face *f, uint8_t method,
		    struct conf_range tunnel, struct ipvs_dest *out)
{
	out->method = method_of(method);
	if (method != VS_NAT)
		out->port = f->port;
	if (method != VS_TUN || !tunnel.n)
		return;

	const struct fields_tunnel *t = &st->c->tunnel[tunnel.first].s;

	out->tun_type = t->type;
	if (t->type == IPVS_TUN_IPIP)
		return;
	out->tun_flags = t->csum;
	if (t->type == IPVS_TUN_GUE)
		out->tun_port = t->port;
}

static void put_sorry(const struct state *st, const struct face *f, struct ipvs_dest *out)
{
	const struct state_service *service = &st->service[f->vs];
	const struct fields_vs *vs = &st->c->vs[f->vs].s;
	const struct fields_sorry *s = &st->c->sorry[vs->sorry.first].s;
	struct want_place place = want_sorry((enum quorum_state)service->quorum,
					     service->is_suspended, st->is_ending, s->inhibit);

	out->addr = s->addr;
	out->port = s->port ? s->port : f->port;
	out->presence = (uint8_t)place.presence;
	out->weight = place.has_weight ? SORRY_WEIGHT : 0;
	put_way(st, f, s->method, s->tunnel, out);
}

static uint32_t ramped(uint32_t weight, uint8_t percent)
{
	uint32_t part = (uint32_t)((uint64_t)weight * percent / PERCENT);

	return part || !weight ? part : 1;
}

/* The kernel's sh, dh and mh lead a client to the server that its address says, and refuse it where that one
 * has weight 0, unless a flag lets it fall back to another. */
static bool refuses_at_0(const struct fields_vs *s)
{
	if (s->sched == SCHED_DH)
		return true;
	return (s->sched == SCHED_SH || s->sched == SCHED_MH) && !(flags_of(s) & IPVS_FLAG_SCHED_1);
}

/* Does weight 0 keep clients away as well as leaving would? */
static bool may_hold(const struct fields_vs *s, const struct face *f)
{
	return !f->fwmark && !s->persistence_us && s->protocol != VS_UDP && !refuses_at_0(s);
}

static void put_server(const struct state *st, const struct face *f, uint32_t rs,
		       struct ipvs_dest *out)
{
	const struct state_service *service = &st->service[f->vs];
	const struct state_server *server = &st->server[rs];
	const struct fields_rs *s = &st->c->rs[rs].s;
	const struct far_rs *far = conf_far(&st->c->rs[rs]);
	struct want_place place = want_server(&(struct want_case){
		.verdict = state_alive(st, rs),
		.admin =
			st->is_ending && server->admin == ADMIN_READY ? ADMIN_DRAIN : server->admin,
		.is_drained = server->is_drained,
		.is_suspended = service->is_suspended,
		.is_sorry = state_is_sorry(st, f->vs),
		.is_panic = service->is_panic,
		.is_inhibit = s->inhibit_on_failure,
		.is_held = server->is_held && may_hold(&st->c->vs[f->vs].s, f),
	});

	out->addr = s->addr;
	out->port = s->port;
	out->presence = (uint8_t)place.presence;
	out->weight = place.has_weight ? ramped(state_weight(st, rs), server->ramp_percent) : 0;
	out->u_thresh = far->uthreshold;
	out->l_thresh = far->lthreshold;
	put_way(st, f, s->method, far->tunnel, out);
}

void want_dest(const struct state *st, uint32_t face, uint32_t slot, struct ipvs_dest *out)
{
	const struct face *f = &st->faces.face[face];
	const struct face_set *set = &st->faces.set[f->vs];
	uint32_t rs = faces_rs(&st->faces, st->c, face, slot);

	*out = (struct ipvs_dest){ .ref = slot };
	if (rs == UINT32_MAX || (slot - f->slot == set->sorry && state_is_sorry(st, f->vs))) {
		put_sorry(st, f, out);
		return;
	}
	put_server(st, f, rs, out);
	/* a sorry server that is inhibited stays, with weight 0, as a server that is out */
	if (slot - f->slot == set->sorry && out->presence == IPVS_OUT &&
	    st->c->sorry[st->c->vs[f->vs].s.sorry.first].s.inhibit)
		out->presence = IPVS_IN;
}

void want_table(const struct state *st, struct ipvs_table *out)
{
	const struct faces *f = &st->faces;

	table_reserve(out, f->n, f->slot_n);
	for (uint32_t i = 0; i < f->n; i++) {
		struct ipvs_svc svc;

		want_svc(st, i, &svc);
		table_add_svc(out, &svc);
		for (uint32_t k = 0; k < f->set[f->face[i].vs].slots_n; k++) {
			struct ipvs_dest dest;

			want_dest(st, i, f->face[i].slot + k, &dest);
			table_add_dest(out, &dest);
		}
	}
	table_sort(out);
}
