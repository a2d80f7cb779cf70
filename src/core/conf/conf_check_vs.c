/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules of services and their servers. See conf_check.h.
 */
#include "core/clock.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_rules.h"

#include <string.h>

/* ------------------------------------------------------------------ what is there twice */

static int cmp_vs_addr(const struct conf *c, uint32_t a, uint32_t b)
{
	const struct fields_vs *x = &c->vs[a].s, *y = &c->vs[b].s;
	int d = addr_cmp(&x->addr, &y->addr);

	if (!d && !x->addr.family)
		return a < b ? -1 : a > b; /* those without an address of their own are others */

	if (!d)
		d = x->port - y->port;
	return d ? d : x->protocol - y->protocol;
}

static void twice_vs_addr(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char there[CONF_PLACE_LEN];

	/* generated names are equal as well: the rule on names has told it then */
	if (!strcmp(c->vs[a].s.name, c->vs[b].s.name))
		return;
	FAIL(c->vs[b].loc,
	     "virtual_servers \"%s\": its address, port and protocol are those of \"%s\" (%s)",
	     c->vs[b].s.name, c->vs[a].s.name, conf_place(c->vs[a].loc, c->vs[b].loc, there));
}

static void rule_vs_addr(const struct conf *c, struct err_list *errs)
{
	rule_find_twice(c, c->vs_n, cmp_vs_addr, twice_vs_addr, errs);
}

static int cmp_rs(const struct conf *c, uint32_t a, uint32_t b)
{
	const struct conf_rs *x = &c->rs[a], *y = &c->rs[b];

	if (x->vs != y->vs)
		return x->vs < y->vs ? -1 : 1;

	int d = addr_cmp(&x->s.addr, &y->s.addr);

	return d ? d : x->s.port - y->s.port;
}

static void twice_rs(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs)
{
	char text[ADDR_PORT_TEXT_LEN], there[CONF_PLACE_LEN];

	FAIL(c->rs[b].loc, "real_servers %s of \"%s\": is listed in %s already",
	     addr_port_text(&c->rs[b].s.addr, c->rs[b].s.port, text), c->vs[c->rs[b].vs].s.name,
	     conf_place(c->rs[a].loc, c->rs[b].loc, there));
}

static void rule_rs_twice(const struct conf *c, struct err_list *errs)
{
	rule_find_twice(c, c->rs_n, cmp_rs, twice_rs, errs);
}

/* ------------------------------------------------------------------ single services */

static void rule_place(const struct conf *c, struct err_list *errs)
{
	struct names groups = { 0 };

	for (uint32_t i = 0; i < c->vsg_n; i++)
		if (!names_get(&groups, SCHEMA_vsg, c->vsg[i].s.name))
			names_put(&groups, SCHEMA_vsg, c->vsg[i].s.name, &c->vsg[i]);
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct fields_vs *s = &c->vs[i].s;
		int places = (s->addr.family != 0) + (s->addresses.n > 0) + (s->group != NULL) +
			     (s->fwmark != 0);

		if (places != 1)
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": must have one of 'address', 'addresses', "
			     "'virtual_server_group' and 'fwmark', not %s",
			     s->name, places ? "several" : "none");
		if (s->group && !names_get(&groups, SCHEMA_vsg, s->group))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": there is no virtual_server_group \"%s\"",
			     s->name, s->group);
	}
	names_fini(&groups);
}

/* What the IPVS writer can't do yet must not run. */
static void rule_addr(const struct conf *c, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct fields_vs *s = &c->vs[i].s;

		if (!s->addr.family)
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": services by mark, by group or with several "
			     "addresses are not supported yet",
			     s->name);
		else if (!addr_is_host(&s->addr))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": address %s must be the address of a host",
			     s->name, addr_text(&s->addr, text));
		else if (s->addr.family != AF_INET)
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": address %s: IPv6 is not supported yet",
			     s->name, addr_text(&s->addr, text));
		if (s->protocol == VS_SCTP)
			FAIL(c->vs[i].loc, "virtual_servers \"%s\": sctp is not supported yet",
			     s->name);
	}
	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct ip_addr *a = &c->rs[i].s.addr;

		if (!addr_is_host(a))
			FAIL(c->rs[i].loc, "real_servers %s: must be the address of a host",
			     addr_text(a, text));
		else if (a->family != AF_INET)
			FAIL(c->rs[i].loc, "real_servers %s: IPv6 is not supported yet",
			     addr_text(a, text));
	}
}

static void rule_any_port(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct fields_vs *s = &c->vs[i].s;

		if (s->addr.family && !s->port && !s->persistence_us)
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": a service for all ports (port = 0) needs "
			     "'persistence_timeout'",
			     s->name);
	}
}

static void rule_port(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct conf_rs *rs = &c->rs[i];
		const struct conf_vs *vs = &c->vs[rs->vs];
		char text[ADDR_PORT_TEXT_LEN];

		if (rs->s.method != VS_NAT && vs->s.addr.family && rs->s.port != vs->s.port)
			FAIL(rs->loc,
			     "real_servers %s of \"%s\": with %s packets keep their port, so it "
			     "must be %u; another port needs lvs_method = \"NAT\"",
			     addr_port_text(&rs->s.addr, rs->s.port, text), vs->s.name,
			     schema_enum_name(schema_names_METHOD, rs->s.method), vs->s.port);
	}
}

static void rule_family(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct conf_rs *rs = &c->rs[i];
		const struct conf_vs *vs = &c->vs[rs->vs];
		uint8_t family = vs->s.fwmark ? vs->s.family : vs->s.addr.family;
		char text[ADDR_TEXT_LEN];

		if (family && rs->s.addr.family != family && rs->s.method != VS_TUN)
			FAIL(rs->loc,
			     "real_servers %s of \"%s\": is of another address family, which needs "
			     "lvs_method = \"TUN\"",
			     addr_text(&rs->s.addr, text), vs->s.name);
	}
}

static void rule_persistence(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].s.persistence_us % SEC(1))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": 'persistence_timeout' must be whole seconds",
			     c->vs[i].s.name);
}

static void rule_vs_empty(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (!c->vs[i].s.servers.n)
			WARN(c->vs[i].loc, "virtual_servers \"%s\": has no real servers",
			     c->vs[i].s.name);
}

static uint64_t weight_of(const struct conf *c, const struct conf_vs *vs)
{
	uint64_t sum = 0;

	for (uint32_t i = vs->s.servers.first; i < vs->s.servers.first + vs->s.servers.n; i++)
		sum += c->rs[i].s.weight;
	return sum;
}

static void rule_quorum(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct fields_vs *s = &c->vs[i].s;
		uint64_t sum = weight_of(c, &c->vs[i]);

		if (s->servers.n && s->quorum > 1 && s->quorum > sum)
			WARN(c->vs[i].loc,
			     "virtual_servers \"%s\": 'quorum' %u is more than all its servers "
			     "weigh together (%llu), so it can't be reached",
			     s->name, s->quorum, (unsigned long long)sum);
		if (s->hysteresis && s->hysteresis >= s->quorum)
			WARN(c->vs[i].loc,
			     "virtual_servers \"%s\": 'hysteresis' %u must be less than 'quorum' "
			     "%u; "
			     "it counts as %u",
			     s->name, s->hysteresis, s->quorum, s->quorum - 1);
		if (s->panic_percent && s->sorry.n)
			WARN(c->vs[i].loc,
			     "virtual_servers \"%s\": has 'panic_threshold_percent' and "
			     "'sorry_server'; the sorry server comes first, and while it is in, "
			     "there "
			     "is no panic",
			     s->name);
	}
}

/* Whether a flag of the scheduler is this scheduler's. */
static bool fits(const char *flag, uint8_t sched)
{
	static const struct {
		const char *begin;
		uint8_t sched;
	} known[] = { { "sh-port", SCHED_SH },
		      { "sh-fallback", SCHED_SH },
		      { "mh-port", SCHED_MH },
		      { "mh-fallback", SCHED_MH } };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(flag, known[i].begin))
			return known[i].sched == sched;
	return !strcmp(flag, "flag-1") || !strcmp(flag, "flag-2") || !strcmp(flag, "flag-3");
}

static void rule_sched(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct fields_vs *s = &c->vs[i].s;
		const char *sched = schema_enum_name(schema_names_SCHED, s->sched);

		for (uint32_t k = 0; k < s->flags.n; k++)
			if (!fits(s->flags.v[k], s->sched))
				FAIL(c->vs[i].loc,
				     "virtual_servers \"%s\": '%s' is no flag of the scheduler %s",
				     s->name, s->flags.v[k], sched);
		if (s->ops && s->protocol != VS_UDP && !s->fwmark)
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": 'ops' is for udp and for services by mark",
			     s->name);
		if ((s->sched == SCHED_MH || s->sched == SCHED_SH) && s->slow_start.n &&
		    c->slow_start[s->slow_start.first].s.window_us)
			WARN(c->vs[i].loc,
			     "virtual_servers \"%s\": with %s each step of 'slow_start' moves "
			     "clients to other servers",
			     s->name, sched);
	}
}

static void rule_thresholds(const struct conf *c, struct err_list *errs)
{
	char text[ADDR_PORT_TEXT_LEN];

	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct fields_rs *s = &c->rs[i].s;

		if (s->uthreshold && s->lthreshold > s->uthreshold)
			FAIL(c->rs[i].loc,
			     "real_servers %s: 'lthreshold' %u is above 'uthreshold' %u",
			     addr_port_text(&s->addr, s->port, text), s->lthreshold, s->uthreshold);
	}
}

static void rule_tunnel(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->tunnel_n; i++) {
		const struct fields_tunnel *s = &c->tunnel[i].s;

		if (s->type == TUNNEL_GUE && !s->port)
			FAIL(c->tunnel[i].loc, "tunnel: gue needs a 'port'");
		if (s->type != TUNNEL_GUE && s->port)
			WARN(c->tunnel[i].loc, "tunnel: 'port' is for gue only");
		if (s->csum == TUNNEL_REMCSUM && s->type != TUNNEL_GUE)
			FAIL(c->tunnel[i].loc, "tunnel: csum = \"remcsum\" is for gue only");
	}
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].s.tunnel.n && c->vs[i].s.method != VS_TUN)
			WARN(c->vs[i].loc,
			     "virtual_servers \"%s\": 'tunnel' means nothing without lvs_method = "
			     "\"TUN\"",
			     c->vs[i].s.name);
}

const struct rule conf_rules_vs[] = {
	{ "a service has one place", rule_place },
	{ "services have different addresses", rule_vs_addr },
	{ "a service lists a server once", rule_rs_twice },
	{ "addresses are of hosts and of a family that is supported", rule_addr },
	{ "a service for all ports has persistence", rule_any_port },
	{ "DR and TUN keep the port", rule_port },
	{ "only TUN mixes families", rule_family },
	{ "persistence is in seconds", rule_persistence },
	{ "a service has servers", rule_vs_empty },
	{ "quorum can be reached", rule_quorum },
	{ "flags are those of the scheduler", rule_sched },
	{ "thresholds are in order", rule_thresholds },
	{ "tunnels are complete", rule_tunnel },
	{ NULL, NULL },
};
