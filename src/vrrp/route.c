/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See route.h. What the words mean is iproute2's business (ip-route(8)); what they become is in
 * linux/rtnetlink.h.
 */
#include "vrrp/route.h"

#include "core/bug.h"
#include "core/conf/rt_words.h"
#include "vrrp/route_attr.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

enum {
	METRIC6_DEFAULT = 1024, /* IP6_RT_PRIO_USER: IPv6 has no metric 0 */
};

static uint8_t type_of(const struct conf_route *r)
{
	static const uint8_t types[] = {
		[ROUTE_UNICAST] = RTN_UNICAST,
		[ROUTE_LOCAL] = RTN_LOCAL,
		[ROUTE_BROADCAST] = RTN_BROADCAST,
		[ROUTE_ANYCAST] = RTN_ANYCAST,
		[ROUTE_MULTICAST] = RTN_MULTICAST,
		[ROUTE_THROW] = RTN_THROW,
		[ROUTE_NAT] = RTN_NAT,
		[ROUTE_PROHIBIT] = RTN_PROHIBIT,
		[ROUTE_UNREACHABLE] = RTN_UNREACHABLE,
		[ROUTE_BLACKHOLE] = RTN_BLACKHOLE,
	};

	return types[r->s.type];
}

/* The first one that says it: what was given, the destination, what else has an address. */
static uint8_t family_of(const struct conf *c, const struct conf_route *r)
{
	if (r->s.family)
		return r->s.family;
	if (r->s.dst.addr.family)
		return r->s.dst.addr.family;
	if (r->s.from.addr.family)
		return r->s.from.addr.family;
	if (r->s.src.family)
		return r->s.src.family;
	if (r->s.via.family)
		return r->s.via.family;
	return r->s.nexthops.n && c->nexthop[r->s.nexthops.first].s.via.family
		       ? c->nexthop[r->s.nexthops.first].s.via.family
		       : AF_INET;
}

static uint32_t table_of(const struct conf_route *r, uint8_t type)
{
	if (r->s.vrf)
		return 0; /* that one's */
	if (r->s.table)
		return r->s.table;
	return type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_ANYCAST || type == RTN_NAT
		       ? RT_TABLE_LOCAL
		       : RT_TABLE_MAIN;
}

/* The address with the bits beyond the prefix cleared, as the kernel keeps it. */
static uint8_t put_prefix(uint8_t out[static 16], const struct ip_prefix *p)
{
	if (!p->addr.family)
		return 0;
	memcpy(out, p->addr.byte, 16);
	for (unsigned bit = p->len; bit < addr_len(p->addr.family) * 8; bit++)
		out[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return p->len;
}

static void copy_name(char out[static IFNAMSIZ], const char *name)
{
	if (name)
		memcpy(out, name, strnlen(name, IFNAMSIZ - 1)); /* zeroed before */
}

/* One way only: the kernel keeps such a route as a plain one. */
static const struct conf_nexthop *only_hop(const struct conf *c, const struct conf_route *r)
{
	return r->s.nexthops.n == 1 ? &c->nexthop[r->s.nexthops.first] : NULL;
}

static uint32_t hash_words(const struct conf *c, const struct conf_route *r, struct fib *f)
{
	const struct fib_op op = { .fib = f, .kind = FIB_ADD };
	struct nl_msg *msg;
	uint32_t hash;

	f->cf = r;
	BUG_ON(route_request(&op, c, NULL, &msg));
	hash = hash_bytes(HASH_SEED, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
	nlmsg_free(msg);
	for (uint32_t i = 0; i < r->s.nexthops.n; i++) {
		const char *dev = c->nexthop[r->s.nexthops.first + i].s.dev;

		if (dev)
			hash = hash_bytes(hash, dev, (uint32_t)strlen(dev) + 1);
	}
	return hash;
}

struct fib route_want(const struct conf *c, const struct conf_route *r, struct inst_id inst,
		      const char *inst_name)
{
	const struct conf_nexthop *hop = only_hop(c, r);
	const char *dev = r->s.dev ? r->s.dev : hop ? hop->s.dev : NULL;
	struct fib f = { .inst = inst, .inst_name = inst_name };
	struct route_key *k = &f.key.route;

	k->family = family_of(c, r);
	k->type = type_of(r);
	k->table = table_of(r, k->type);
	k->metric = k->family == AF_INET6 && !r->s.metric ? METRIC6_DEFAULT : r->s.metric;
	k->tos = k->family == AF_INET ? r->s.tos : 0;
	k->dst_len = put_prefix(k->dst, &r->s.dst);
	k->src_len = put_prefix(k->src, &r->s.from);
	k->hops_n = (uint8_t)(r->s.nexthops.n > 1 ? r->s.nexthops.n : 0);
	k->via = hop ? hop->s.via : r->s.via;
	copy_name(f.dev, dev);
	copy_name(f.vrf, r->s.vrf);
	f.proto = r->s.protocol ? r->s.protocol : FIB_PROTO;
	/* what has a lifetime ends by itself */
	f.is_no_track = r->s.no_track || r->s.expires_us;
	f.group = r->group;
	f.words = hash_words(c, r, &f);
	f.cf = r;
	return f;
}

/* ---- requests ---- */

static void put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	BUG_ON(nla_put_u32(msg, type, value));
}

/* The gateway of the family, or of the other one. */
static void put_via(struct nl_msg *msg, const struct ip_addr *via, uint8_t family)
{
	uint8_t other[2 + 16] = { 0 }; /* struct rtvia: family, address */
	uint16_t via_family = via->family;
	unsigned len = addr_len(via->family);

	if (!via->family)
		return;
	if (via->family == family) {
		BUG_ON(nla_put(msg, RTA_GATEWAY, (int)len, via->byte));
		return;
	}
	memcpy(other, &via_family, sizeof(via_family));
	memcpy(other + 2, via->byte, len);
	BUG_ON(nla_put(msg, RTA_VIA, (int)(2 + len), other));
}

static uint32_t index_of(const struct link_table *links, const char *dev)
{
	const struct link *l = dev ? link_by_name(links, dev) : NULL;

	return l ? l->ifindex : 0;
}

/* One way of a multipath route: struct rtnexthop with attributes behind it, in the nest. */
static int put_hop(struct nl_msg *msg, const struct conf_nexthop *h, uint8_t family,
		   const struct link_table *links)
{
	struct rtnexthop nh = { .rtnh_hops = (uint8_t)(h->s.weight - 1),
				.rtnh_flags = h->s.onlink ? RTNH_F_ONLINK : 0,
				.rtnh_ifindex = (int)index_of(links, h->s.dev) };
	uint32_t at = nlmsg_hdr(msg)->nlmsg_len;
	uint32_t realms;

	if (links && h->s.dev && !nh.rtnh_ifindex)
		return -ENODEV;
	BUG_ON(nlmsg_append(msg, &nh, sizeof(nh), NLMSG_ALIGNTO));
	put_via(msg, &h->s.via, family);
	if (h->s.realms && !rt_realms(h->s.realms, &realms))
		put_u32(msg, RTA_FLOW, realms);
	route_put_encap(msg, h->s.encap);
	nh.rtnh_len = (uint16_t)(nlmsg_hdr(msg)->nlmsg_len - at);
	memcpy((char *)nlmsg_hdr(msg) + at, &nh, sizeof(nh));
	return 0;
}

static int put_hops(struct nl_msg *msg, const struct conf *c, const struct conf_route *r,
		    uint8_t family, const struct link_table *links)
{
	struct nlattr *nest = nla_nest_start(msg, RTA_MULTIPATH);

	BUG_ON(!nest);
	for (uint32_t i = 0; i < r->s.nexthops.n; i++) {
		int err = put_hop(msg, &c->nexthop[r->s.nexthops.first + i], family, links);

		if (err)
			return err;
	}
	BUG_ON(nla_nest_end(msg, nest));
	return 0;
}

/* As keepalived: by the kind of route alone. */
static uint8_t scope_of(const struct conf_route *r, const struct route_key *k)
{
	if (r->s.scope != CONF_SCOPE_NONE)
		return (uint8_t)r->s.scope;
	if (k->family == AF_INET6)
		return RT_SCOPE_UNIVERSE;
	if (k->type == RTN_LOCAL || k->type == RTN_NAT)
		return RT_SCOPE_HOST;
	if (k->type == RTN_BROADCAST || k->type == RTN_MULTICAST || k->type == RTN_ANYCAST)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static struct nl_msg *start_request(const struct fib_op *op, const struct conf_route *r)
{
	static const int flags[] = {
		[ROUTE_PREPEND] = NLM_F_CREATE,
		[ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
		[ROUTE_APPEND] = NLM_F_CREATE | NLM_F_APPEND,
	};
	const struct route_key *k = &op->fib->at.route;
	bool is_add = op->kind == FIB_ADD;
	struct nl_msg *msg =
		nl_request(is_add ? RTM_NEWROUTE : RTM_DELROUTE, is_add ? flags[r->s.place] : 0);
	struct rtmsg info = {
		.rtm_family = k->family,
		.rtm_dst_len = k->dst_len,
		.rtm_src_len = k->src_len,
		.rtm_tos = k->tos,
		.rtm_table = k->table < 256 ? (uint8_t)k->table : RT_TABLE_UNSPEC,
		.rtm_protocol = op->fib->proto,
		.rtm_scope = is_add ? scope_of(r, k) : RT_SCOPE_NOWHERE,
		.rtm_type = k->type,
		.rtm_flags = is_add && r->s.onlink ? RTNH_F_ONLINK : 0,
	};
	int len = (int)addr_len(k->family);

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	if (k->dst_len)
		BUG_ON(nla_put(msg, RTA_DST, len, k->dst));
	if (k->src_len)
		BUG_ON(nla_put(msg, RTA_SRC, len, k->src));
	put_u32(msg, RTA_TABLE, k->table);
	if (k->metric)
		put_u32(msg, RTA_PRIORITY, k->metric);
	if (k->oif)
		put_u32(msg, RTA_OIF, k->oif);
	put_via(msg, &k->via, k->family);
	return msg;
}

int route_request(const struct fib_op *op, const struct conf *c, const struct link_table *links,
		  struct nl_msg **out)
{
	const struct conf_route *r = op->fib->cf;
	struct fib_op own = *op;
	struct fib unseen = *op->fib;

	/* before it was planned once: for hash_words() */
	if (!links) {
		unseen.at = unseen.key;
		own.fib = &unseen;
	}

	struct nl_msg *msg = start_request(&own, r);
	int err = 0;

	if (own.kind == FIB_ADD) {
		const struct conf_nexthop *hop = only_hop(c, r);

		route_put_words(msg, r, own.fib->at.route.family);
		route_put_encap(msg, hop && hop->s.encap ? hop->s.encap : r->s.encap);
		if (r->s.nexthops.n > 1)
			err = put_hops(msg, c, r, own.fib->at.route.family, links);
	}
	if (err) {
		nlmsg_free(msg);
		msg = NULL;
	}
	*out = msg;
	return err;
}

/* ---- what the kernel has ---- */

static void get_bytes(void *out, const struct nlattr *a, size_t len)
{
	if (a && (size_t)nla_len(a) >= len)
		memcpy(out, nla_data(a), len);
}

static void get_via(struct ip_addr *out, struct nlattr *const *a, uint8_t family)
{
	const struct nlattr *via = a[RTA_VIA];
	uint16_t other = 0;

	if (a[RTA_GATEWAY] && nla_len(a[RTA_GATEWAY]) == (int)addr_len(family)) {
		out->family = family;
		get_bytes(out->byte, a[RTA_GATEWAY], addr_len(family));
	}
	get_bytes(&other, via, sizeof(other));
	if (other != AF_INET && other != AF_INET6)
		return;

	unsigned len = addr_len((uint8_t)other);

	if (nla_len(via) != 2 + (int)len)
		return;
	out->family = (uint8_t)other;
	memcpy(out->byte, (const char *)nla_data(via) + 2, len);
}

bool route_decode(struct nlmsghdr *hdr, struct fib_have *out)
{
	struct nlattr *a[RTA_MAX + 1];
	struct route_key *k = &out->key.route;

	if (hdr->nlmsg_type != RTM_NEWROUTE || !nlmsg_valid_hdr(hdr, sizeof(struct rtmsg)) ||
	    nlmsg_parse(hdr, sizeof(struct rtmsg), a, RTA_MAX, NULL))
		return false;

	const struct rtmsg *info = nlmsg_data(hdr);

	if ((info->rtm_family != AF_INET && info->rtm_family != AF_INET6) ||
	    (info->rtm_flags & RTM_F_CLONED))
		return false;
	*out = (struct fib_have){ .proto = info->rtm_protocol };
	k->family = info->rtm_family;
	k->dst_len = info->rtm_dst_len;
	k->src_len = info->rtm_src_len;
	k->tos = info->rtm_tos;
	k->type = info->rtm_type;
	k->table = info->rtm_table;
	get_bytes(&k->table, a[RTA_TABLE], sizeof(k->table));
	get_bytes(&k->metric, a[RTA_PRIORITY], sizeof(k->metric));
	get_bytes(&k->oif, a[RTA_OIF], sizeof(k->oif));
	get_bytes(k->dst, a[RTA_DST], addr_len(k->family));
	get_bytes(k->src, a[RTA_SRC], addr_len(k->family));
	get_via(&k->via, a, k->family);
	out->print = route_print(info, a, &k->hops_n);
	return true;
}
