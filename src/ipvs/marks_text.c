/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See marks.h: the table's text. A map for each family, from address, protocol and port to the mark.
 */
#include "ipvs/marks.h"

#include "core/bug.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUT_PRIORITY = -150 }; /* before the output hook of IPVS, which is at -98 */

static const char *protocol_name(uint8_t protocol)
{
	switch ((enum words_PROTOCOL)protocol) {
	case VS_TCP:
		return "tcp";
	case VS_UDP:
		return "udp";
	case VS_SCTP:
		return "sctp";
	}
	BUG("PROTOCOL");
}

/* Without the bits behind the prefix, which nft(8) would refuse. */
static struct ip_prefix network(const struct ip_prefix *p)
{
	struct ip_prefix out = *p;
	unsigned len = addr_len(p->addr.family);

	for (unsigned i = 0; i < len; i++) {
		unsigned kept = p->len > 8 * i ? p->len - 8 * i : 0;

		if (kept < 8)
			out.addr.byte[i] &= (uint8_t) ~(0xff >> kept);
	}
	return out;
}

static void put_addresses(FILE *out, const struct conf *c, const struct conf_vs *vs,
			  unsigned family, bool *is_first)
{
	struct conf_range r = vs->where;
	char text[PREFIX_TEXT_LEN];

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct fields_vsaddr *a = &c->vsaddr[i].s;

		if (a->fwmark || (a->prefix.addr.family == AF_INET6) != (family == CONF_MARK_V6))
			continue;

		struct ip_prefix p = network(&a->prefix);

		(void)fprintf(out, "%s%s . %s . %u : %u", *is_first ? " elements = {" : ",\n  ",
			      prefix_text(&p, text), protocol_name(vs->s.protocol),
			      (unsigned)(a->port ? a->port : vs->s.port), vs->mark[family]);
		*is_first = false;
	}
}

static void put_map(FILE *out, const struct conf *c, unsigned family)
{
	bool is_first = true;

	(void)fprintf(out, " map v%c { type %s . inet_proto . inet_service : mark; flags interval;",
		      family == CONF_MARK_V6 ? '6' : '4',
		      family == CONF_MARK_V6 ? "ipv6_addr" : "ipv4_addr");
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].mark[family])
			put_addresses(out, c, &c->vs[i], family, &is_first);
	(void)fprintf(out, "%s }\n", is_first ? "" : " };");
}

static void put_chain(FILE *out, const struct conf *c, const char *hook, int priority)
{
	const char *count = c->global.s.nftables_counters ? "counter " : "";

	(void)fprintf(out,
		      " chain %s { type filter hook %s priority %d; policy accept;\n"
		      "  %smeta mark set ip daddr . meta l4proto . th dport map @v4\n"
		      "  %smeta mark set ip6 daddr . meta l4proto . th dport map @v6\n }\n",
		      hook, hook, priority, count, count);
}

static bool is_wanted(const struct conf *c)
{
	for (uint32_t i = 0; i < c->vs_n; i++)
		if (c->vs[i].mark[CONF_MARK_V4] || c->vs[i].mark[CONF_MARK_V6])
			return true;
	return false;
}

char *marks_text(const struct conf *c)
{
	const char *name = c->global.s.nft_ipvs;
	int priority = c->global.s.nft_ipvs_priority;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!name || !is_wanted(c))
		return NULL;
	out = open_memstream(&text, &len);
	BUG_ON(!out);
	/* the first line makes the second one work where there is no such table */
	(void)fprintf(out, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", name, name,
		      name);
	put_map(out, c, CONF_MARK_V4);
	put_map(out, c, CONF_MARK_V6);
	put_chain(out, c, "input", priority);
	put_chain(out, c, "output", priority < OUT_PRIORITY ? priority : OUT_PRIORITY);
	(void)fprintf(out, "}\n");
	BUG_ON(fclose(out));
	return text;
}
