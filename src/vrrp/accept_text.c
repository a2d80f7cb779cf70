/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See accept.h: the table's text.
 */
#include "vrrp/accept.h"

#include "core/bug.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OWNER_PRIORITY = 255 };

struct text {
	FILE *out;
	const struct conf *c;
};

static bool drops(const struct conf_vrrp *in)
{
	return (in->s.no_accept || (in->s.strict && !in->s.accept)) &&
	       in->s.priority != OWNER_PRIORITY;
}

static bool is_link_local(const struct ip_addr *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->v6);
}

/* IPv6 addresses of a link are told by the interface, too. */
enum set { SET_V4, SET_V6, SET_LINK };

static enum set set_of(const struct ip_addr *a)
{
	return a->family == AF_INET ? SET_V4 : is_link_local(a) ? SET_LINK : SET_V6;
}

static const char *dev_of(const struct conf_vip *v)
{
	return v->on ? v->on : v->s.dev ? v->s.dev : "lo";
}

static void put_addr(struct text *t, const struct conf_vip *v, bool *is_first)
{
	char addr[ADDR_TEXT_LEN];

	(void)fprintf(t->out, "%s%s", *is_first ? " elements = {" : ",",
		      addr_text(&v->s.prefix.addr, addr));
	if (is_link_local(&v->s.prefix.addr))
		(void)fprintf(t->out, ".\"%s\"", dev_of(v));
	*is_first = false;
}

static void put_list(struct text *t, struct conf_range list, enum set set, bool *is_first)
{
	for (uint32_t i = list.first; i < list.first + list.n; i++)
		if (set_of(&t->c->vip[i].s.prefix.addr) == set)
			put_addr(t, &t->c->vip[i], is_first);
}

static void put_set(struct text *t, enum set set)
{
	static const char *const heads[] = {
		[SET_V4] = "no_accept { type ipv4_addr;",
		[SET_V6] = "no_accept6 { type ipv6_addr;",
		[SET_LINK] = "no_accept_if6 { type ipv6_addr . ifname;",
	};
	bool is_first = true;

	(void)fprintf(t->out, " set %s", heads[set]);
	for (uint32_t i = 0; i < t->c->vrrp_n; i++) {
		const struct conf_vrrp *in = &t->c->vrrp[i];

		if (!drops(in))
			continue;
		put_list(t, in->s.vips, set, &is_first);
		put_list(t, in->s.evips, set, &is_first);
	}
	(void)fprintf(t->out, "%s }\n", is_first ? "" : "};");
}

static void put_vmacs(struct text *t)
{
	(void)fprintf(t->out, " set vmacs { type ifname;");
	for (uint32_t i = 0; i < t->c->vmac_n; i++)
		(void)fprintf(t->out, "%s\"%s\"", i ? "," : " elements = {", t->c->vmac[i].name);
	(void)fprintf(t->out, "%s }\n", t->c->vmac_n ? "};" : "");
}

/* Neighbour discovery is never dropped (RFC 9568 section 6.1). */
static const char nd[] =
	"  meta l4proto ipv6-icmp icmpv6 type {nd-neighbor-solicit,nd-neighbor-advert} accept\n";

static void put_chains(struct text *t)
{
	const char *count = t->c->global.s.nftables_counters ? " counter" : "";
	int priority = t->c->global.s.nftables_priority;

	(void)fprintf(t->out,
		      " chain in { type filter hook input priority %d; policy accept;\n"
		      "  iifname \"lo\" accept\n%s"
		      "  ip daddr @no_accept%s drop\n"
		      "  ip6 daddr @no_accept6%s drop\n"
		      "  ip6 daddr . iifname @no_accept_if6%s drop\n }\n",
		      priority, nd, count, count, count);
	(void)fprintf(t->out,
		      " chain out { type filter hook output priority %d; policy accept;\n"
		      "  oifname @vmacs meta l4proto igmp%s drop\n"
		      "  oifname @vmacs meta l4proto ipv6-icmp icmpv6 type {mld-listener-report,"
		      "mld-listener-done,mld2-listener-report,nd-router-solicit}%s drop\n"
		      "  oifname \"lo\" accept\n%s"
		      "  ip saddr @no_accept%s drop\n"
		      "  ip6 saddr @no_accept6%s drop\n"
		      "  ip6 saddr . oifname @no_accept_if6%s drop\n }\n",
		      priority, count, count, nd, count, count, count);
}

static bool is_wanted(const struct conf *c)
{
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (drops(&c->vrrp[i]))
			return true;
	return c->vmac_n;
}

char *accept_text(const struct conf *c)
{
	struct text t = { .c = c };
	char *text = NULL;
	size_t len;
	const char *name = c->global.s.nftables;

	if (!is_wanted(c))
		return NULL;
	t.out = open_memstream(&text, &len);
	BUG_ON(!t.out);
	/* the first line makes the second one work where there is no such table */
	(void)fprintf(t.out, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", name,
		      name, name);
	put_set(&t, SET_V4);
	put_set(&t, SET_V6);
	put_set(&t, SET_LINK);
	put_vmacs(&t);
	put_chains(&t);
	(void)fprintf(t.out, "}\n");
	BUG_ON(fclose(t.out));
	return text;
}
