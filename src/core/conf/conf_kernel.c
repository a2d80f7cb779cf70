/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_kernel.h.
 */
#include "core/conf/conf_kernel.h"

#include "core/bug.h"
#include "core/conf/rt_words.h"
#include "core/netns.h"

#include <stdlib.h>
#include <string.h>

#define FAIL(loc_, ...) err_add(errs, ERR_ERROR, (loc_).file, (loc_).line, __VA_ARGS__)
#define WARN(loc_, ...) err_add(errs, ERR_WARNING, (loc_).file, (loc_).line, __VA_ARGS__)

enum { HOPS_MAX = 255 };

/* ------------------------------------------------------------------ addresses */

static const char *name_of(const char *dev)
{
	return dev ? dev : "-";
}

static int cmp_vips(const void *va, const void *vb)
{
	const struct conf_vip *const *a = va, *const *b = vb;
	int d = addr_cmp(&(*a)->s.prefix.addr, &(*b)->s.prefix.addr);

	if (!d)
		d = strcmp(name_of((*a)->s.dev), name_of((*b)->s.dev));
	return d ? d : (*a > *b) - (*a < *b); /* equal ones stay in order of the file */
}

/* In one list or in two, of one instance or of two: the kernel has it once on an interface. */
static void vip_twice(const struct conf *c, struct err_list *errs)
{
	const struct conf_vip **all = calloc((size_t)c->vip_n + 1, sizeof(*all));

	BUG_ON(!all);
	for (uint32_t i = 0; i < c->vip_n; i++)
		all[i] = &c->vip[i];
	qsort(all, c->vip_n, sizeof(*all), cmp_vips);
	for (uint32_t i = 1; i < c->vip_n; i++) {
		const struct conf_vip *a = all[i - 1], *b = all[i];
		char text[ADDR_TEXT_LEN], there[CONF_PLACE_LEN];

		if (!addr_eq(&a->s.prefix.addr, &b->s.prefix.addr) ||
		    strcmp(name_of(a->s.dev), name_of(b->s.dev)) != 0)
			continue;
		FAIL(b->loc, "virtual_ipaddress %s on %s: is listed in %s already",
		     addr_text(&b->s.prefix.addr, text), name_of(b->s.dev),
		     conf_place(a->loc, b->loc, there));
	}
	free(all);
}

static bool is_host(const struct fields_vip *v)
{
	const struct ip_addr *a = &v->prefix.addr;

	if (addr_is_multicast(a))
		return v->autojoin;
	if (a->family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&a->v6);
	return a->v4.s_addr != INADDR_ANY && a->v4.s_addr != INADDR_BROADCAST;
}

static bool is_brd(const char *text)
{
	struct ip_addr a;

	return !strcmp(text, "+") || !strcmp(text, "-") ||
	       (!addr_parse(text, &a) && a.family == AF_INET);
}

/* What is wrong with an address, or NULL. */
static const char *fault_of(const struct fields_vip *v)
{
	bool is_v6 = v->prefix.addr.family == AF_INET6;

	if (!is_host(v))
		return "must be the address of a host (a group needs 'autojoin')";
	if (is_v6 && (v->label || v->brd))
		return "'label' and 'brd' are of IPv4";
	if (!is_v6 && (v->home || v->dad || v->mngtmpaddr))
		return "'home', 'dad' and 'mngtmpaddr' are of IPv6";
	if (v->brd && !is_brd(v->brd))
		return "'brd' must be an IPv4 address, \"+\" or \"-\"";
	if (v->peer.addr.family && v->peer.addr.family != v->prefix.addr.family)
		return "'peer' must be of the same family";
	return NULL;
}

static void check_vips(const struct conf *c, struct err_list *errs)
{
	char text[ADDR_TEXT_LEN];

	vip_twice(c, errs);
	for (uint32_t i = 0; i < c->vip_n; i++) {
		const struct conf_vip *v = &c->vip[i];
		const char *fault = fault_of(&v->s);

		if (fault)
			FAIL(v->loc, "virtual_ipaddress %s: %s", addr_text(&v->s.prefix.addr, text),
			     fault);
	}
}

/* ------------------------------------------------------------------ routes */

/* Remembers the family when nothing has said one before. False: it is another. */
static bool same_family(uint8_t *family, uint8_t other)
{
	if (!other)
		return true;
	if (!*family)
		*family = other;
	return *family == other;
}

static bool is_metric(const char *name)
{
	static const char *const names[] = { "mtu",        "advmss",   "rtt",      "rttvar",
					     "reordering", "cwnd",     "ssthresh", "rto_min",
					     "window",     "hoplimit", "initcwnd", "initrwnd",
					     "congctl" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static bool are_texts(const struct conf_strs *s, bool (*fn)(const char *text))
{
	for (uint32_t i = 0; i < s->n; i++)
		if (!fn(s->v[i]))
			return false;
	return true;
}

static bool is_feature(const char *name)
{
	return !strcmp(name, "ecn");
}

static const char *fault_of_words(const char *realms, const char *encap)
{
	struct rt_encap e;
	uint32_t n;

	if (realms && rt_realms(realms, &n))
		return "'realms' must be \"[SOURCE/]DESTINATION\", numbers up to 65535";
	if (encap && rt_encap(encap, &e))
		return "'encap' must be as in ip-route(8), of kind mpls, ip, ip6 or ila";
	return NULL;
}

static const char *fault_of_hops(const struct conf *c, const struct fields_route *r, uint8_t family)
{
	for (uint32_t i = 0; i < r->nexthops.n; i++) {
		const struct fields_nexthop *h = &c->nexthop[r->nexthops.first + i].s;
		const char *fault = fault_of_words(h->realms, h->encap);

		if (fault)
			return fault;
		if (!h->via.family && !h->dev)
			return "each of 'nexthops' needs 'via' or 'dev'";
		if (family == AF_INET6 && h->via.family == AF_INET)
			return "a gateway of IPv4 has no way for IPv6";
	}
	return NULL;
}

static const char *fault_of_route(const struct conf *c, const struct fields_route *r)
{
	uint8_t family = r->family;
	const char *fault;

	if (!same_family(&family, r->dst.addr.family) ||
	    !same_family(&family, r->from.addr.family) || !same_family(&family, r->src.family))
		return "destination, 'from' and 'src' must be of one family";
	if (r->from.addr.family == AF_INET)
		return "'from' is of IPv6";
	if (family == AF_INET6 && r->via.family == AF_INET)
		return "a gateway of IPv4 has no way for IPv6";
	if (r->nexthops.n && r->via.family)
		return "has 'via' and 'nexthops'";
	if (r->nexthops.n > HOPS_MAX)
		return "has more than 255 'nexthops'";
	if (r->vrf && r->table)
		return "has 'vrf' and 'table'";
	if (!are_texts(&r->locks, is_metric))
		return "'lock' must name metrics, such as \"mtu\"";
	if (!are_texts(&r->features, is_feature))
		return "'features' may be \"ecn\"";
	fault = fault_of_words(r->realms, r->encap);
	return fault ? fault : fault_of_hops(c, r, family);
}

static void check_routes(const struct conf *c, struct err_list *errs)
{
	char text[PREFIX_TEXT_LEN];

	for (uint32_t i = 0; i < c->route_n; i++) {
		const struct conf_route *r = &c->route[i];
		const char *fault = fault_of_route(c, &r->s);

		if (fault)
			FAIL(r->loc, "route to %s: %s",
			     r->s.dst.addr.family ? prefix_text(&r->s.dst, text) : "default",
			     fault);
	}
}

/* ------------------------------------------------------------------ rules */

static const char *fault_of_texts(const struct fields_rule *r)
{
	uint32_t a, b;
	uint64_t n;
	uint8_t proto;

	if (r->fwmark && rt_mark(r->fwmark, &a, &b))
		return "'fwmark' must be \"MARK[/MASK]\"";
	if (r->realms && rt_realms(r->realms, &a))
		return "'realms' must be \"[SOURCE/]DESTINATION\", numbers up to 65535";
	if (r->tunnel_id && rt_u64(r->tunnel_id, &n))
		return "'tunnel-id' must be a number";
	if (r->uidrange && rt_range(r->uidrange, UINT32_MAX - 1, &a, &b))
		return "'uidrange' must be \"A-B\"";
	if (r->sport && rt_range(r->sport, UINT16_MAX, &a, &b))
		return "'sport' must be \"A\" or \"A-B\"";
	if (r->dport && rt_range(r->dport, UINT16_MAX, &a, &b))
		return "'dport' must be \"A\" or \"A-B\"";
	if (r->ipproto && rt_ipproto(r->ipproto, &proto))
		return "'ipproto' must be a number up to 255 or a usual name such as \"tcp\"";
	return NULL;
}

static const char *fault_of_rule(const struct fields_rule *r)
{
	uint8_t family = r->family;

	if (!same_family(&family, r->from.addr.family) || !same_family(&family, r->to.addr.family))
		return "'from' and 'to' must be of one family";
	if (r->l3mdev && r->table)
		return "has 'l3mdev' and 'table'";
	if (r->action == RULE_TABLE && !r->table && !r->l3mdev && !r->goto_n)
		return "needs 'table', 'l3mdev', 'goto' or an action";
	if (r->action != RULE_TABLE && r->table)
		return "has 'table' and an action";
	if (r->goto_n && r->priority && r->goto_n <= r->priority)
		return "'goto' must lead to a rule behind it, of a larger priority";
	return fault_of_texts(r);
}

static void check_rules(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->rule_n; i++) {
		const struct conf_rule *r = &c->rule[i];
		const char *fault = fault_of_rule(&r->s);

		if (fault)
			FAIL(r->loc, "routing rule: %s", fault);
		else if (!r->s.priority)
			WARN(r->loc, "routing rule: has no 'priority'; it gets one from 16384 on, "
				     "in order");
	}
}

static void check_netns(const struct conf *c, struct err_list *errs)
{
	const char *name = c->global.s.net_namespace_ipvs;

	if (name && !netns_is_name(name))
		FAIL(c->global.loc,
		     "global_defs: 'net_namespace_ipvs' must be a name as ip-netns(8) has it");
}

/* The name goes into a text for nft(8). */
static void check_table(const struct conf *c, struct err_list *errs)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *names[] = { c->global.s.nftables, c->global.s.nft_ipvs };

	for (unsigned i = 0; i < 2; i++) {
		const char *name = names[i];

		if (name && (!name[0] || !strchr(letters, name[0]) || name[strspn(name, others)]))
			FAIL(c->global.loc,
			     "global_defs: '%s' must be a letter with letters, digits and "
			     "'_' behind it",
			     i ? "nftables_ipvs" : "nftables");
	}
	if (names[0] && names[1] && !strcmp(names[0], names[1]))
		FAIL(c->global.loc,
		     "global_defs: 'nftables_ipvs' needs another name than 'nftables': each is a "
		     "table of its own");
}

void conf_check_kernel(const struct conf *c, struct err_list *errs)
{
	check_vips(c, errs);
	check_routes(c, errs);
	check_rules(c, errs);
	check_table(c, errs);
	check_netns(c, errs);
}
