/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See want.h.
 */
#include "ipvs/want.h"

#include "core/bug.h"
#include "core/clock.h"

#include <stdio.h>

/* persistence counts each client for itself */
enum { HOST_PREFIX_LEN_V6 = 128 };
#define HOST_NETMASK_V4 UINT32_MAX

enum health_verdict want_verdict(const struct conf *c, uint32_t rs, const struct want_probe *probe)
{
	const struct conf_range *r = &c->rs[rs].probes;
	enum health_verdict all = HEALTH_UP;

	for (uint32_t i = r->first; i < r->first + r->n; i++) {
		if (probe[i].verdict == HEALTH_DOWN)
			return HEALTH_DOWN;
		if (probe[i].verdict != HEALTH_UP)
			all = HEALTH_UNKNOWN;
	}
	return all;
}

static uint8_t method_of(enum words_METHOD method)
{
	switch (method) {
	case VS_NAT:
		return IPVS_METHOD_NAT;
	case VS_DR:
		return IPVS_METHOD_DR;
	case VS_TUN:
		return IPVS_METHOD_TUN;
	}
	BUG("vs_method");
}

void want_svc(const struct conf *c, uint32_t vs, struct ipvs_svc *out)
{
	const struct fields_vs *s = &c->vs[vs].s;

	*out = (struct ipvs_svc){
		.addr = s->addr,
		.port = s->port,
		.protocol = s->protocol,
		.presence = IPVS_IN,
		.flags = s->persistence_us ? IPVS_FLAG_PERSISTENT : 0,
		.timeout_s = (uint32_t)(s->persistence_us / SEC(1)),
		.netmask = s->addr.family == AF_INET6 ? HOST_PREFIX_LEN_V6 : HOST_NETMASK_V4,
		.ref = vs,
	};
	(void)snprintf(out->sched, sizeof(out->sched), "%s", conf_sched_name[s->sched]);
}

void want_dest(const struct conf *c, uint32_t rs, const struct want_probe *probe,
	       struct ipvs_dest *out)
{
	const struct fields_rs *s = &c->rs[rs].s;

	*out = (struct ipvs_dest){
		.addr = s->addr,
		.port = s->port,
		.method = method_of((enum words_METHOD)c->vs[c->rs[rs].vs].s.method),
		.weight = s->weight,
		.ref = rs,
	};
	switch (want_verdict(c, rs, probe)) {
	case HEALTH_UP:
		out->presence = IPVS_IN;
		break;
	case HEALTH_UNKNOWN:
		out->presence = IPVS_KEEP;
		break;
	case HEALTH_DOWN:
		out->presence = s->inhibit_on_failure ? IPVS_IN : IPVS_OUT;
		out->weight = 0;
		break;
	}
}

void want_table(const struct conf *c, const struct want_probe *probe, struct ipvs_table *out)
{
	table_reserve(out, c->vs_n, c->rs_n);
	for (uint32_t vs = 0; vs < c->vs_n; vs++) {
		const struct conf_range *servers = &c->vs[vs].s.servers;
		struct ipvs_svc svc;

		want_svc(c, vs, &svc);
		table_add_svc(out, &svc);
		for (uint32_t i = servers->first; i < servers->first + servers->n; i++) {
			struct ipvs_dest dest;

			want_dest(c, i, probe, &dest);
			table_add_dest(out, &dest);
		}
	}
	table_sort(out);
}
