/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules of services and their servers. See conf_check.h.
 */
#include "core/clock.h"
#include "core/conf/conf_check_where.h"
#include "core/conf/conf_far.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_rules.h"

#include <string.h>

/* ------------------------------------------------------------------ what is there twice */

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

static void rule_addr(const struct conf *c, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].s.addr.family && !addr_is_host(&c->vs[i].s.addr))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": address %s must be the address of a host",
			     c->vs[i].s.name, addr_text(&c->vs[i].s.addr, text));
	for (uint32_t i = 0; i < c->rs_n; i++)
		if (!addr_is_host(&c->rs[i].s.addr))
			FAIL(c->rs[i].loc, "real_servers %s: must be the address of a host",
			     addr_text(&c->rs[i].s.addr, text));
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

/* A server or sorry server. */
struct target {
	const struct conf_vs *vs;
	uint8_t families; /* of its addresses */
	struct conf_loc loc;
	const struct ip_addr *addr;
	uint8_t method;
};

static void check_family(const struct conf *c, const struct target *t, struct err_list *errs)
{
	uint8_t others = t->addr->family == AF_INET ? WHERE_V6 : WHERE_V4;
	char text[ADDR_TEXT_LEN];

	if (!(t->families & others))
		return;
	if (t->method != VS_TUN)
		FAIL(t->loc,
		     "real_servers %s of \"%s\": is of another address family, which needs "
		     "lvs_method = \"TUN\"",
		     addr_text(t->addr, text), t->vs->s.name);
	else if (c->global.s.sync_daemon.n)
		FAIL(t->loc,
		     "real_servers %s of \"%s\": is of another address family, which does not go "
		     "together with lvs_sync_daemon",
		     addr_text(t->addr, text), t->vs->s.name);
}

static void rule_family(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct conf_vs *vs = &c->vs[i];
		const struct conf_range *r = &vs->s.servers;
		struct target t = { .vs = vs, .families = conf_where_families(c, vs) };

		for (uint32_t k = r->first; k < r->first + r->n; k++) {
			t.loc = c->rs[k].loc;
			t.addr = &c->rs[k].s.addr;
			t.method = c->rs[k].s.method;
			check_family(c, &t, errs);
		}
		if (!vs->s.sorry.n)
			continue;
		t.loc = c->sorry[vs->s.sorry.first].loc;
		t.addr = &c->sorry[vs->s.sorry.first].s.addr;
		t.method = c->sorry[vs->s.sorry.first].s.method;
		check_family(c, &t, errs);
	}
}

/* The sorry server may be one of the servers; the kernel has one entry for both then. */
static void rule_sorry(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct conf_vs *vs = &c->vs[i];
		const struct conf_sorry *sorry = &c->sorry[vs->s.sorry.first];
		const struct conf_range *r = &vs->s.servers;

		if (!vs->s.sorry.n)
			continue;
		if (!addr_is_host(&sorry->s.addr))
			FAIL(sorry->loc, "sorry_server of \"%s\": must have the address of a host",
			     vs->s.name);
		if (sorry->s.method != VS_NAT && sorry->s.port && vs->s.port &&
		    sorry->s.port != vs->s.port)
			FAIL(sorry->loc,
			     "sorry_server of \"%s\": with %s packets keep their port, so it must "
			     "be %u; another port needs lvs_method = \"NAT\"",
			     vs->s.name, schema_enum_name(schema_names_METHOD, sorry->s.method),
			     vs->s.port);
		for (uint32_t k = r->first; k < r->first + r->n; k++)
			if (addr_eq(&c->rs[k].s.addr, &sorry->s.addr) &&
			    c->rs[k].s.port == (sorry->s.port ? sorry->s.port : vs->s.port) &&
			    c->rs[k].s.inhibit_on_failure != sorry->s.inhibit)
				FAIL(sorry->loc,
				     "sorry_server of \"%s\": is one of its servers, so 'inhibit' "
				     "must be the server's 'inhibit_on_failure'",
				     vs->s.name);
	}
}

static void rule_engine(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct fields_vs *s = &c->vs[i].s;

		if (!s->persistence_engine)
			continue;
		if (strcmp(s->persistence_engine, "sip") != 0)
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": 'persistence_engine' is \"sip\": the kernel "
			     "has no other",
			     s->name);
		else if (!s->persistence_us || (s->protocol != VS_UDP && !s->fwmark))
			FAIL(c->vs[i].loc,
			     "virtual_servers \"%s\": 'persistence_engine' needs protocol = "
			     "\"udp\" and a 'persistence_timeout'",
			     s->name);
	}
}

static void rule_syncd(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->syncd_n; i++) {
		const struct conf_syncd *s = &c->syncd[i];
		bool is_there = !s->s.instance;

		for (uint32_t k = 0; !is_there && k < c->vrrp_n; k++)
			is_there = !strcmp(c->vrrp[k].s.name, s->s.instance);
		if (!is_there)
			FAIL(s->loc, "lvs_sync_daemon: there is no instance \"%s\"", s->s.instance);
		if (!addr_is_multicast(&s->s.mcast))
			FAIL(s->loc, "lvs_sync_daemon: 'group' must be a multicast address");
	}
}

static void rule_timeouts(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->timeouts_n; i++) {
		const struct fields_timeouts *s = &c->timeouts[i].s;

		if (s->tcp_us % SEC(1) || s->tcpfin_us % SEC(1) || s->udp_us % SEC(1))
			FAIL(c->timeouts[i].loc, "lvs_timeouts: must be whole seconds");
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
		const struct far_rs *far = conf_far(&c->rs[i]);

		if (far->lthreshold > far->uthreshold)
			FAIL(c->rs[i].loc,
			     "real_servers %s: 'lthreshold' %u is above 'uthreshold' %u",
			     addr_port_text(&s->addr, s->port, text), far->lthreshold,
			     far->uthreshold);
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
	{ "services are where IPVS can have them, each elsewhere", conf_check_where },
	{ "a service lists a server once", rule_rs_twice },
	{ "addresses are of hosts", rule_addr },
	{ "a service for all ports has persistence", rule_any_port },
	{ "DR and TUN keep the port", rule_port },
	{ "only TUN mixes families", rule_family },
	{ "persistence is in seconds", rule_persistence },
	{ "a service has servers", rule_vs_empty },
	{ "quorum can be reached", rule_quorum },
	{ "flags are those of the scheduler", rule_sched },
	{ "thresholds are in order", rule_thresholds },
	{ "tunnels are complete", rule_tunnel },
	{ "a sorry server is one that can be", rule_sorry },
	{ "the kernel has the persistence engine", rule_engine },
	{ "synchronisation has its instance", rule_syncd },
	{ "timeouts of connections are in seconds", rule_timeouts },
	{ NULL, NULL },
};
