/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See route_attr.h.
 */
#include "vrrp/route_attr.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/rt_words.h"

#include <arpa/inet.h>
#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls_iptunnel.h>
#include <netlink/attr.h>
#include <string.h>

static void put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	BUG_ON(nla_put_u32(msg, type, value));
}

static void put_u8(struct nl_msg *msg, int type, uint8_t value)
{
	BUG_ON(nla_put_u8(msg, type, value));
}

/* A metric that is a number; 0 means that it was not given. */
static void put_metric(struct nl_msg *msg, int type, int64_t value)
{
	if (value)
		put_u32(msg, type, (uint32_t)value);
}

static int metric_type(const char *name)
{
	static const struct {
		const char *name;
		int type;
	} names[] = {
		{ "mtu", RTAX_MTU },
		{ "advmss", RTAX_ADVMSS },
		{ "rtt", RTAX_RTT },
		{ "rttvar", RTAX_RTTVAR },
		{ "reordering", RTAX_REORDERING },
		{ "cwnd", RTAX_CWND },
		{ "ssthresh", RTAX_SSTHRESH },
		{ "rto_min", RTAX_RTO_MIN },
		{ "window", RTAX_WINDOW },
		{ "hoplimit", RTAX_HOPLIMIT },
		{ "initcwnd", RTAX_INITCWND },
		{ "initrwnd", RTAX_INITRWND },
		{ "congctl", RTAX_CC_ALGO },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i].name, name))
			return names[i].type;
	return 0;
}

static uint32_t locks_of(const struct conf_route *r)
{
	uint32_t locks = r->s.mtu_lock ? 1u << RTAX_MTU : 0;

	for (uint32_t i = 0; i < r->s.locks.n; i++) {
		int type = metric_type(r->s.locks.v[i]);

		if (type)
			locks |= 1u << type;
	}
	return locks;
}

static void put_metrics(struct nl_msg *msg, const struct conf_route *r)
{
	struct nlattr *nest = nla_nest_start(msg, RTA_METRICS);
	uint32_t empty_len = nlmsg_hdr(msg)->nlmsg_len;

	BUG_ON(!nest);
	put_metric(msg, RTAX_LOCK, locks_of(r));
	put_metric(msg, RTAX_MTU, r->s.mtu);
	put_metric(msg, RTAX_ADVMSS, r->s.advmss);
	/* in eighths and quarters of a millisecond */
	put_metric(msg, RTAX_RTT, r->s.rtt_us * 8 / MS(1));
	put_metric(msg, RTAX_RTTVAR, r->s.rttvar_us * 4 / MS(1));
	put_metric(msg, RTAX_RTO_MIN, r->s.rto_min_us / MS(1));
	put_metric(msg, RTAX_REORDERING, r->s.reordering);
	put_metric(msg, RTAX_CWND, r->s.cwnd);
	put_metric(msg, RTAX_SSTHRESH, r->s.ssthresh);
	put_metric(msg, RTAX_HOPLIMIT, r->s.hoplimit);
	put_metric(msg, RTAX_WINDOW, r->s.window);
	put_metric(msg, RTAX_INITCWND, r->s.initcwnd);
	put_metric(msg, RTAX_INITRWND, r->s.initrwnd);
	put_metric(msg, RTAX_FEATURES, r->s.features.n ? RTAX_FEATURE_ECN : 0);
	put_metric(msg, RTAX_QUICKACK, r->s.quickack);
	put_metric(msg, RTAX_FASTOPEN_NO_COOKIE, r->s.fastopen_no_cookie);
	if (r->s.congctl)
		BUG_ON(nla_put_string(msg, RTAX_CC_ALGO, r->s.congctl));
	if (nlmsg_hdr(msg)->nlmsg_len > empty_len)
		BUG_ON(nla_nest_end(msg, nest));
	else
		nla_nest_cancel(msg, nest);
}

void route_put_words(struct nl_msg *msg, const struct conf_route *r, uint8_t family)
{
	static const uint8_t prefs[] = {
		[ROUTE_PREF_LOW] = 3, [ROUTE_PREF_MEDIUM] = 0, [ROUTE_PREF_HIGH] = 1
	}; /* RFC 4191 */
	uint32_t realms;

	if (r->s.src.family)
		BUG_ON(nla_put(msg, RTA_PREFSRC, (int)addr_len(r->s.src.family), r->s.src.byte));
	if (r->s.realms && !rt_realms(r->s.realms, &realms))
		put_u32(msg, RTA_FLOW, realms);
	if (r->s.expires_us && family == AF_INET6)
		put_u32(msg, RTA_EXPIRES, (uint32_t)(r->s.expires_us / SEC(1)));
	if (r->s.pref != ROUTE_PREF_NONE && family == AF_INET6)
		put_u8(msg, RTA_PREF, prefs[r->s.pref]);
	if (r->s.ttl_propagate != TTL_PROPAGATE_NONE)
		put_u8(msg, RTA_TTL_PROPAGATE, r->s.ttl_propagate == TTL_PROPAGATE_ON);
	put_metrics(msg, r);
}

/* ---- encapsulation ---- */

enum { BOTTOM = 0x100 }; /* bit of the last label of a stack */

static void put_mpls(struct nl_msg *msg, const struct rt_encap *e)
{
	uint32_t label[RT_LABELS_MAX];

	/* label, traffic class 0, bottom of stack, TTL 0 */
	for (uint32_t i = 0; i < e->label_n; i++)
		label[i] = htonl(e->label[i] << 12 | (i == e->label_n - 1 ? BOTTOM : 0));
	BUG_ON(nla_put(msg, MPLS_IPTUNNEL_DST, (int)(e->label_n * sizeof(*label)), label));
	if (e->has_ttl)
		put_u8(msg, MPLS_IPTUNNEL_TTL, e->ttl);
}

static void put_u64_be(struct nl_msg *msg, int type, uint64_t value)
{
	uint32_t be[2] = { htonl((uint32_t)(value >> 32)), htonl((uint32_t)value) };

	BUG_ON(nla_put(msg, type, sizeof(be), be));
}

/* The numbers of LWTUNNEL_IP6_* are the same but for names. */
static void put_tunnel(struct nl_msg *msg, const struct rt_encap *e)
{
	if (e->has_id)
		put_u64_be(msg, LWTUNNEL_IP_ID, e->id);
	if (e->dst.family)
		BUG_ON(nla_put(msg, LWTUNNEL_IP_DST, (int)addr_len(e->dst.family), e->dst.byte));
	if (e->src.family)
		BUG_ON(nla_put(msg, LWTUNNEL_IP_SRC, (int)addr_len(e->src.family), e->src.byte));
	if (e->tos)
		put_u8(msg, LWTUNNEL_IP_TOS, e->tos);
	if (e->has_ttl)
		put_u8(msg, LWTUNNEL_IP_TTL, e->ttl);
}

_Static_assert(LWTUNNEL_IP_ID == (int)LWTUNNEL_IP6_ID && LWTUNNEL_IP_DST == (int)LWTUNNEL_IP6_DST &&
		       LWTUNNEL_IP_SRC == (int)LWTUNNEL_IP6_SRC,
	       "one function for both");
_Static_assert(LWTUNNEL_IP_TTL == (int)LWTUNNEL_IP6_HOPLIMIT &&
		       LWTUNNEL_IP_TOS == (int)LWTUNNEL_IP6_TC,
	       "one function for both");

static void put_ila(struct nl_msg *msg, const struct rt_encap *e)
{
	put_u64_be(msg, ILA_ATTR_LOCATOR, e->locator);
	if (e->has_csum_mode)
		put_u8(msg, ILA_ATTR_CSUM_MODE, e->csum_mode);
}

void route_put_encap(struct nl_msg *msg, const char *text)
{
	static const uint16_t types[] = {
		[RT_ENCAP_MPLS] = LWTUNNEL_ENCAP_MPLS,
		[RT_ENCAP_IP] = LWTUNNEL_ENCAP_IP,
		[RT_ENCAP_IP6] = LWTUNNEL_ENCAP_IP6,
		[RT_ENCAP_ILA] = LWTUNNEL_ENCAP_ILA,
	};
	struct rt_encap e;

	if (!text || rt_encap(text, &e))
		return; /* the configuration's check has told of a bad one */

	struct nlattr *nest = nla_nest_start(msg, RTA_ENCAP);

	BUG_ON(!nest);
	if (e.type == RT_ENCAP_MPLS)
		put_mpls(msg, &e);
	else if (e.type == RT_ENCAP_ILA)
		put_ila(msg, &e);
	else
		put_tunnel(msg, &e);
	BUG_ON(nla_nest_end(msg, nest));
	BUG_ON(nla_put_u16(msg, RTA_ENCAP_TYPE, types[e.type]));
}

/* ---- print ---- */

/* The ways without the kernel's notes on whether they work just now. */
static uint32_t hash_hops(uint32_t hash, const struct nlattr *a, uint8_t *n)
{
	const uint8_t *at = nla_data(a);
	size_t left = (size_t)nla_len(a);

	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop nh;

		memcpy(&nh, at, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > left)
			break;
		nh.rtnh_flags &= RTNH_F_ONLINK;
		hash = hash_bytes(hash, &nh, sizeof(nh));
		hash = hash_bytes(hash, at + sizeof(nh), (uint32_t)(nh.rtnh_len - sizeof(nh)));
		*n = (uint8_t)(*n < UINT8_MAX ? *n + 1 : *n);

		size_t step =
			(nh.rtnh_len + (size_t)RTNH_ALIGNTO - 1) & ~((size_t)RTNH_ALIGNTO - 1);

		at += step < left ? step : left;
		left -= step < left ? step : left;
	}
	return hash;
}

uint32_t route_print(const struct rtmsg *info, struct nlattr *const *a, uint8_t *hops_n)
{
	const uint8_t fixed[] = { info->rtm_scope, info->rtm_type,
				  (uint8_t)(info->rtm_flags & RTNH_F_ONLINK) };
	uint32_t hash = hash_bytes(HASH_SEED, fixed, sizeof(fixed));

	*hops_n = 0;
	for (uint16_t i = 1; i <= RTA_MAX; i++) {
		if (!a[i] || i == RTA_CACHEINFO || i == RTA_EXPIRES)
			continue;
		hash = hash_bytes(hash, &i, sizeof(i));
		if (i == RTA_MULTIPATH)
			hash = hash_hops(hash, a[i], hops_n);
		else
			hash = hash_bytes(hash, nla_data(a[i]), (uint32_t)nla_len(a[i]));
	}
	return hash;
}
