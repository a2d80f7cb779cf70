/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See attr.h.
 */
#include "ipvs/attr.h"

#include "core/bug.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

/* By hand: the library's functions for this took longer than all else of a request that vipd does. No
 * request of ours comes near the size of a message; one that did would be a bug. */
static struct nlattr *begin(struct nl_msg *msg, int type, uint32_t len)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *a = (void *)((char *)hdr + hdr->nlmsg_len);
	uint32_t all_len = (uint32_t)sizeof(*a) + len;

	BUG_ON(hdr->nlmsg_len + NLMSG_ALIGN(all_len) > ATTR_MSG_LEN);
	*a = (struct nlattr){ .nla_len = (uint16_t)all_len, .nla_type = (uint16_t)type };
	hdr->nlmsg_len += NLMSG_ALIGN(all_len); /* to four bytes, as attributes are */
	return a;
}

void attr_put(struct nl_msg *msg, int type, const void *data, uint32_t len)
{
	char *to = (char *)(begin(msg, type, len) + 1);

	memcpy(to, data, len);
	memset(to + len, 0, NLMSG_ALIGN(len) - len);
}

/* Numbers fill up to four bytes, whatever their size: most of what a request is made of. */
static void put_small(struct nl_msg *msg, int type, uint32_t padded, uint32_t len)
{
	memcpy(begin(msg, type, len) + 1, &padded, sizeof(padded));
}

void attr_put_u8(struct nl_msg *msg, int type, uint8_t v)
{
	uint32_t padded = 0;

	memcpy(&padded, &v, sizeof(v));
	put_small(msg, type, padded, sizeof(v));
}

void attr_put_u16(struct nl_msg *msg, int type, uint16_t v)
{
	uint32_t padded = 0;

	memcpy(&padded, &v, sizeof(v));
	put_small(msg, type, padded, sizeof(v));
}

void attr_put_u32(struct nl_msg *msg, int type, uint32_t v)
{
	put_small(msg, type, v, sizeof(v));
}

struct nlattr *attr_nest(struct nl_msg *msg, int type)
{
	return begin(msg, type | NLA_F_NESTED, 0);
}

void attr_nest_end(struct nl_msg *msg, struct nlattr *a)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);

	a->nla_len = (uint16_t)((const char *)hdr + hdr->nlmsg_len - (const char *)a);
}

uint8_t attr_u8(struct nlattr *const *a, int type)
{
	return a[type] && nla_len(a[type]) >= (int)sizeof(uint8_t) ? nla_get_u8(a[type]) : 0;
}

uint32_t attr_u32(struct nlattr *const *a, int type)
{
	return a[type] && nla_len(a[type]) >= (int)sizeof(uint32_t) ? nla_get_u32(a[type]) : 0;
}

uint16_t attr_u16(struct nlattr *const *a, int type)
{
	return a[type] && nla_len(a[type]) >= (int)sizeof(uint16_t) ? nla_get_u16(a[type]) : 0;
}

int attr_addr(struct nlattr *a, uint16_t family, struct ip_addr *out)
{
	if (family != AF_INET && family != AF_INET6)
		return -EPROTO;

	unsigned len = addr_len((uint8_t)family);

	if (!a || nla_len(a) < (int)len)
		return -EPROTO;
	*out = (struct ip_addr){ .family = (uint8_t)family };
	memcpy(out->byte, nla_data(a), len);
	return 0;
}

int attr_open(struct nlmsghdr *hdr, int top, struct nlattr **a, int max)
{
	struct nlattr *cmd[IPVS_CMD_ATTR_MAX + 1];

	if (!genlmsg_valid_hdr(hdr, 0) || genlmsg_parse(hdr, 0, cmd, IPVS_CMD_ATTR_MAX, NULL) ||
	    !cmd[top] || nla_parse_nested(a, max, cmd[top], NULL))
		return -EPROTO;
	return 0;
}

uint64_t attr_u64(struct nlattr *const *a, int type)
{
	if (!a[type])
		return 0;
	if (nla_len(a[type]) >= (int)sizeof(uint64_t))
		return nla_get_u64(a[type]);
	return attr_u32(a, type);
}

void attr_counts(struct nlattr *new, struct nlattr *old, struct counts *out)
{
	struct nlattr *a[IPVS_STATS_ATTR_MAX + 1], *nest = new ? new : old;

	*out = (struct counts){ 0 };
	if (!nest || nla_parse_nested(a, IPVS_STATS_ATTR_MAX, nest, NULL))
		return;
	*out = (struct counts){
		.conns = attr_u64(a, IPVS_STATS_ATTR_CONNS),
		.in_packets = attr_u64(a, IPVS_STATS_ATTR_INPKTS),
		.out_packets = attr_u64(a, IPVS_STATS_ATTR_OUTPKTS),
		.in_bytes = attr_u64(a, IPVS_STATS_ATTR_INBYTES),
		.out_bytes = attr_u64(a, IPVS_STATS_ATTR_OUTBYTES),
		.conns_s = attr_u64(a, IPVS_STATS_ATTR_CPS),
		.in_packets_s = attr_u64(a, IPVS_STATS_ATTR_INPPS),
		.out_packets_s = attr_u64(a, IPVS_STATS_ATTR_OUTPPS),
		.in_bytes_s = attr_u64(a, IPVS_STATS_ATTR_INBPS),
		.out_bytes_s = attr_u64(a, IPVS_STATS_ATTR_OUTBPS),
	};
}
