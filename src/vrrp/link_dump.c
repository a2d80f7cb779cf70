/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See link_dump.h.
 */
#include "vrrp/link_dump.h"

#include "core/bug.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

static uint32_t u32_of(const struct nlattr *a, uint32_t dflt)
{
	return a && nla_len(a) >= (int)sizeof(uint32_t) ? nla_get_u32(a) : dflt;
}

/* IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_CONF: the interface's settings as an array of numbers } } */
static bool forwards_v6(struct nlattr *spec)
{
	struct nlattr *v6 = spec ? nla_find(nla_data(spec), nla_len(spec), AF_INET6) : NULL;
	struct nlattr *conf = v6 ? nla_find(nla_data(v6), nla_len(v6), IFLA_INET6_CONF) : NULL;

	return u32_of(conf, 0); /* the first one is forwarding */
}

static bool is_kind(const struct nlattr *kind, const char *name)
{
	return kind && (size_t)nla_len(kind) >= strlen(name) &&
	       !strncmp(nla_data(kind), name, (size_t)nla_len(kind));
}

static enum link_kind kind_of(struct nlattr *info)
{
	struct nlattr *kind = info ? nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND) : NULL;

	return is_kind(kind, "macvlan")  ? LINK_MACVLAN
	       : is_kind(kind, "ipvlan") ? LINK_IPVLAN
					 : LINK_OTHER;
}

/* A number of IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF: the interface's settings from 1 on } } */
static uint8_t v4_setting(struct nlattr *spec, unsigned number)
{
	struct nlattr *v4 = spec ? nla_find(nla_data(spec), nla_len(spec), AF_INET) : NULL;
	struct nlattr *conf = v4 ? nla_find(nla_data(v4), nla_len(v4), IFLA_INET_CONF) : NULL;
	uint32_t value = 0;

	if (conf && (size_t)nla_len(conf) >= number * sizeof(value))
		memcpy(&value, (const char *)nla_data(conf) + (number - 1) * sizeof(value),
		       sizeof(value));
	return (uint8_t)value;
}

/* "vipd IGNORE,FILTER NAME" */
static void take_alias(struct link *l, const struct nlattr *alias)
{
	char text[16] = { 0 };
	size_t len = (size_t)nla_len(alias) - (sizeof(LINK_ALIAS) - 1);

	memcpy(text, (const char *)nla_data(alias) + sizeof(LINK_ALIAS) - 1,
	       len < sizeof(text) - 1 ? len : sizeof(text) - 1);
	l->arp_ignore = text[0] >= '0' && text[0] <= '9' ? (uint8_t)(text[0] - '0') : 0;
	l->arp_filter = text[0] && text[1] == ',' && text[2] == '1';
}

/* IFLA_LINKINFO { IFLA_INFO_KIND "vrf", IFLA_INFO_DATA { IFLA_VRF_TABLE } } */
static uint32_t vrf_table(struct nlattr *info)
{
	struct nlattr *kind, *data;

	if (!info)
		return 0;
	kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);
	data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA);
	if (!data || !is_kind(kind, "vrf"))
		return 0;
	return u32_of(nla_find(nla_data(data), nla_len(data), IFLA_VRF_TABLE), 0);
}

/* IFLA_LINKINFO { IFLA_INFO_SLAVE_KIND "vrf" }: its master is a VRF */
static bool is_in_vrf(struct nlattr *info)
{
	return info &&
	       is_kind(nla_find(nla_data(info), nla_len(info), IFLA_INFO_SLAVE_KIND), "vrf");
}

static bool has_our_alias(const struct nlattr *alias)
{
	return alias && nla_len(alias) >= (int)sizeof(LINK_ALIAS) - 1 &&
	       !memcmp(nla_data(alias), LINK_ALIAS, sizeof(LINK_ALIAS) - 1);
}

int link_dump_link(void *arg, struct nlmsghdr *hdr)
{
	struct link_pic *p = arg;
	struct nlattr *a[IFLA_MAX + 1];

	if (hdr->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (!nlmsg_valid_hdr(hdr, sizeof(struct ifinfomsg)) ||
	    nlmsg_parse(hdr, sizeof(struct ifinfomsg), a, IFLA_MAX, NULL))
		return -EPROTO;

	const struct ifinfomsg *info = nlmsg_data(hdr);
	struct link l = {
		.ifindex = (uint32_t)info->ifi_index,
		.arp_type = info->ifi_type,
		.flags = info->ifi_flags,
		.mtu = u32_of(a[IFLA_MTU], 0),
		.is_router6 = forwards_v6(a[IFLA_AF_SPEC]),
		.is_made = has_our_alias(a[IFLA_IFALIAS]),
		.vrf_table = vrf_table(a[IFLA_LINKINFO]),
		.kind = kind_of(a[IFLA_LINKINFO]),
		.group = u32_of(a[IFLA_GROUP], 0),
		.arp_ignore = v4_setting(a[IFLA_AF_SPEC], IPV4_DEVCONF_ARP_IGNORE),
		.arp_filter = v4_setting(a[IFLA_AF_SPEC], IPV4_DEVCONF_ARPFILTER),
	};

	if (!a[IFLA_IFNAME])
		return -EPROTO;
	(void)nla_strlcpy(l.name, a[IFLA_IFNAME], sizeof(l.name));
	if (a[IFLA_ADDRESS] && nla_len(a[IFLA_ADDRESS]) == (int)sizeof(l.mac))
		memcpy(l.mac, nla_data(a[IFLA_ADDRESS]), sizeof(l.mac));
	if (l.is_made)
		take_alias(&l, a[IFLA_IFALIAS]);
	if (is_in_vrf(a[IFLA_LINKINFO]))
		l.vrf = u32_of(a[IFLA_MASTER], 0);
	if (!a[IFLA_LINK_NETNSID]) /* else the number is another namespace's */
		l.parent = u32_of(a[IFLA_LINK], 0);
	link_pic_put_link(p, &l);
	return 0;
}

/* IFA_ADDRESS is the other end, or the address itself once more. */
static void get_peer(struct link_addr *la, const struct nlattr *a)
{
	struct ip_addr peer = { .family = la->addr.family };

	if (!a || nla_len(a) != (int)addr_len(peer.family))
		return;
	memcpy(peer.byte, nla_data(a), addr_len(peer.family));
	if (!addr_eq(&peer, &la->addr))
		la->peer = peer;
}

int link_dump_addr(void *arg, struct nlmsghdr *hdr)
{
	struct link_pic *p = arg;
	struct nlattr *a[IFA_MAX + 1];

	if (hdr->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (!nlmsg_valid_hdr(hdr, sizeof(struct ifaddrmsg)) ||
	    nlmsg_parse(hdr, sizeof(struct ifaddrmsg), a, IFA_MAX, NULL))
		return -EPROTO;

	const struct ifaddrmsg *info = nlmsg_data(hdr);
	/* IPv6 names the address itself only where it has a peer */
	const struct nlattr *local = a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS];
	struct link_addr la = {
		.ifindex = info->ifa_index,
		.addr.family = info->ifa_family,
		.len = info->ifa_prefixlen,
		.flags = u32_of(a[IFA_FLAGS], info->ifa_flags),
	};

	if ((info->ifa_family != AF_INET && info->ifa_family != AF_INET6) || !local ||
	    nla_len(local) != (int)addr_len(info->ifa_family))
		return 0;
	memcpy(la.addr.byte, nla_data(local), addr_len(info->ifa_family));
	get_peer(&la, a[IFA_ADDRESS]);
	if (a[IFA_PROTO] && nla_len(a[IFA_PROTO]) >= 1)
		la.proto = nla_get_u8(a[IFA_PROTO]);
	link_pic_put_addr(p, &la);
	return 0;
}

static int dump_links(struct nl_chan *ch, struct link_pic *p)
{
	struct nl_msg *msg = nl_request(RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	/* counters are most of a link's answer, and nobody looks at them here */
	BUG_ON(nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS));
	return nl_chan_dump(ch, msg, link_dump_link, p);
}

static int dump_addrs(struct nl_chan *ch, struct link_pic *p)
{
	struct nl_msg *msg = nl_request(RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg info = { .ifa_family = AF_UNSPEC };

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	return nl_chan_dump(ch, msg, link_dump_addr, p);
}

int link_dump(struct nl_chan *ch, struct link_pic *p)
{
	int err = -EINTR;

	for (unsigned tries = 0; err == -EINTR && tries < NL_DUMP_TRIES_N; tries++) {
		link_pic_reset(p);
		err = dump_links(ch, p);
		if (!err)
			err = dump_addrs(ch, p);
	}
	link_pic_seal(p);
	return err;
}
