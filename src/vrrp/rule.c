/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See rule.h. A rule is all key: the kernel takes away the one that has every word it was made with.
 */
#include "vrrp/rule.h"

#include "core/bug.h"
#include "core/conf/rt_words.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#define UID_NONE UINT32_MAX /* as the last one of a range: there is no range */

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

static uint8_t action_of(const struct fields_rule *r)
{
	static const uint8_t actions[] = {
		[RULE_TABLE] = FR_ACT_TO_TBL,      [RULE_GOTO] = FR_ACT_GOTO,
		[RULE_NOP] = FR_ACT_NOP,           [RULE_BLACKHOLE] = FR_ACT_BLACKHOLE,
		[RULE_PROHIBIT] = FR_ACT_PROHIBIT, [RULE_UNREACHABLE] = FR_ACT_UNREACHABLE,
	};

	return r->action == RULE_TABLE && r->goto_n ? FR_ACT_GOTO : actions[r->action];
}

/* Texts of numbers; the configuration's check has seen to it that they are good. */
static void put_texts(struct rule_key *k, const struct fields_rule *r)
{
	uint32_t first = 0, last = 0;

	if (r->fwmark)
		(void)rt_mark(r->fwmark, &k->mark, &k->mask);
	if (r->realms)
		(void)rt_realms(r->realms, &k->realms);
	if (r->tunnel_id)
		(void)rt_u64(r->tunnel_id, &k->tun_id);
	if (r->uidrange)
		(void)rt_range(r->uidrange, UINT32_MAX - 1, &k->uid_first, &k->uid_last);
	if (r->sport && !rt_range(r->sport, UINT16_MAX, &first, &last)) {
		k->sport_first = (uint16_t)first;
		k->sport_last = (uint16_t)last;
	}
	if (r->dport && !rt_range(r->dport, UINT16_MAX, &first, &last)) {
		k->dport_first = (uint16_t)first;
		k->dport_last = (uint16_t)last;
	}
	if (r->ipproto)
		(void)rt_ipproto(r->ipproto, &k->ipproto);
}

struct fib rule_want(const struct conf_rule *r, struct inst_id inst, const char *inst_name,
		     uint32_t priority)
{
	const struct fields_rule *s = &r->s;
	struct fib f = { .inst = inst, .inst_name = inst_name, .cf = r };
	struct rule_key *k = &f.key.rule;

	k->family = s->family             ? s->family
		    : s->from.addr.family ? s->from.addr.family
		    : s->to.addr.family   ? s->to.addr.family
					  : AF_INET;
	k->src_len = put_prefix(k->src, &s->from);
	k->dst_len = put_prefix(k->dst, &s->to);
	k->tos = s->tos;
	k->action = action_of(s);
	k->table = s->table;
	k->priority = s->priority ? s->priority : priority;
	k->goto_n = s->goto_n;
	k->uid_last = UID_NONE;
	k->suppress_len = s->suppress_prefixlength;
	k->suppress_group = s->suppress_ifgroup;
	k->is_inverted = s->invert;
	k->is_l3mdev = s->l3mdev;
	copy_name(k->iif, s->iif);
	copy_name(k->oif, s->oif);
	put_texts(k, s);
	f.proto = s->protocol ? s->protocol : FIB_PROTO;
	f.is_no_track = s->no_track;
	f.group = r->group;
	return f;
}

/* ---- requests ---- */

static void put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	BUG_ON(nla_put_u32(msg, type, value));
}

static void put_ports(struct nl_msg *msg, int type, uint16_t first, uint16_t last)
{
	const struct fib_rule_port_range range = { .start = first, .end = last };

	if (first || last)
		BUG_ON(nla_put(msg, type, sizeof(range), &range));
}

/* What a packet must be like. */
static void put_matches(struct nl_msg *msg, const struct rule_key *k)
{
	int len = (int)addr_len(k->family);

	if (k->dst_len)
		BUG_ON(nla_put(msg, FRA_DST, len, k->dst));
	if (k->src_len)
		BUG_ON(nla_put(msg, FRA_SRC, len, k->src));
	if (k->iif[0])
		BUG_ON(nla_put_string(msg, FRA_IIFNAME, k->iif));
	if (k->oif[0])
		BUG_ON(nla_put_string(msg, FRA_OIFNAME, k->oif));
	if (k->mask) {
		put_u32(msg, FRA_FWMARK, k->mark);
		put_u32(msg, FRA_FWMASK, k->mask);
	}
	if (k->tun_id) {
		uint32_t be[2] = { htonl((uint32_t)(k->tun_id >> 32)), htonl((uint32_t)k->tun_id) };

		BUG_ON(nla_put(msg, FRA_TUN_ID, sizeof(be), be));
	}
	if (k->uid_last != UID_NONE) {
		const struct fib_rule_uid_range range = { .start = k->uid_first,
							  .end = k->uid_last };

		BUG_ON(nla_put(msg, FRA_UID_RANGE, sizeof(range), &range));
	}
	if (k->ipproto)
		BUG_ON(nla_put_u8(msg, FRA_IP_PROTO, k->ipproto));
	put_ports(msg, FRA_SPORT_RANGE, k->sport_first, k->sport_last);
	put_ports(msg, FRA_DPORT_RANGE, k->dport_first, k->dport_last);
}

/* What happens to it. */
static void put_actions(struct nl_msg *msg, const struct rule_key *k)
{
	put_u32(msg, FRA_PRIORITY, k->priority);
	if (k->table)
		put_u32(msg, FRA_TABLE, k->table);
	if (k->goto_n)
		put_u32(msg, FRA_GOTO, k->goto_n);
	if (k->realms)
		put_u32(msg, FRA_FLOW, k->realms);
	if (k->suppress_len >= 0)
		put_u32(msg, FRA_SUPPRESS_PREFIXLEN, (uint32_t)k->suppress_len);
	if (k->suppress_group >= 0)
		put_u32(msg, FRA_SUPPRESS_IFGROUP, (uint32_t)k->suppress_group);
	if (k->is_l3mdev)
		BUG_ON(nla_put_u8(msg, FRA_L3MDEV, 1));
}

struct nl_msg *rule_request(const struct fib_op *op)
{
	const struct rule_key *k = &op->fib->at.rule;
	bool is_add = op->kind == FIB_ADD;
	struct nl_msg *msg = nl_request(is_add ? RTM_NEWRULE : RTM_DELRULE,
					is_add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct fib_rule_hdr info = {
		.family = k->family,
		.dst_len = k->dst_len,
		.src_len = k->src_len,
		.tos = k->tos,
		.table = k->table < 256 ? (uint8_t)k->table : RT_TABLE_UNSPEC,
		.action = k->action,
		.flags = k->is_inverted ? FIB_RULE_INVERT : 0,
	};

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	put_matches(msg, k);
	put_actions(msg, k);
	BUG_ON(nla_put_u8(msg, FRA_PROTOCOL, op->fib->proto));
	return msg;
}

/* ---- what the kernel has ---- */

static void get_bytes(void *out, const struct nlattr *a, size_t len)
{
	if (a && (size_t)nla_len(a) >= len)
		memcpy(out, nla_data(a), len);
}

static void get_name(char out[static IFNAMSIZ], const struct nlattr *a)
{
	if (a && nla_len(a) > 0)
		memcpy(out, nla_data(a),
		       strnlen(nla_data(a),
			       nla_len(a) < IFNAMSIZ ? (size_t)nla_len(a) : IFNAMSIZ - 1));
}

static void get_ports(uint16_t *first, uint16_t *last, const struct nlattr *a)
{
	struct fib_rule_port_range range = { 0 };

	get_bytes(&range, a, sizeof(range));
	*first = range.start;
	*last = range.end;
}

static void get_matches(struct rule_key *k, struct nlattr *const *a)
{
	struct fib_rule_uid_range uids = { .end = UID_NONE };
	uint32_t be[2] = { 0 };

	get_bytes(k->dst, a[FRA_DST], addr_len(k->family));
	get_bytes(k->src, a[FRA_SRC], addr_len(k->family));
	get_name(k->iif, a[FRA_IIFNAME]);
	get_name(k->oif, a[FRA_OIFNAME]);
	get_bytes(&k->mark, a[FRA_FWMARK], sizeof(k->mark));
	get_bytes(&k->mask, a[FRA_FWMASK], sizeof(k->mask));
	get_bytes(be, a[FRA_TUN_ID], sizeof(be));
	k->tun_id = (uint64_t)ntohl(be[0]) << 32 | ntohl(be[1]);
	get_bytes(&uids, a[FRA_UID_RANGE], sizeof(uids));
	k->uid_first = uids.start;
	k->uid_last = uids.end;
	get_bytes(&k->ipproto, a[FRA_IP_PROTO], sizeof(k->ipproto));
	get_ports(&k->sport_first, &k->sport_last, a[FRA_SPORT_RANGE]);
	get_ports(&k->dport_first, &k->dport_last, a[FRA_DPORT_RANGE]);
}

bool rule_decode(struct nlmsghdr *hdr, struct fib_have *out)
{
	struct nlattr *a[FRA_MAX + 1];
	struct rule_key *k = &out->key.rule;
	uint8_t l3mdev = 0;

	if (hdr->nlmsg_type != RTM_NEWRULE || !nlmsg_valid_hdr(hdr, sizeof(struct fib_rule_hdr)) ||
	    nlmsg_parse(hdr, sizeof(struct fib_rule_hdr), a, FRA_MAX, NULL))
		return false;

	const struct fib_rule_hdr *info = nlmsg_data(hdr);

	if (info->family != AF_INET && info->family != AF_INET6)
		return false;
	*out = (struct fib_have){ 0 };
	get_bytes(&out->proto, a[FRA_PROTOCOL], sizeof(out->proto));
	k->family = info->family;
	k->dst_len = info->dst_len;
	k->src_len = info->src_len;
	k->tos = info->tos;
	k->action = info->action;
	k->table = info->table;
	k->is_inverted = info->flags & FIB_RULE_INVERT;
	k->suppress_len = k->suppress_group = -1;
	get_matches(k, a);
	get_bytes(&k->table, a[FRA_TABLE], sizeof(k->table));
	get_bytes(&k->priority, a[FRA_PRIORITY], sizeof(k->priority));
	get_bytes(&k->goto_n, a[FRA_GOTO], sizeof(k->goto_n));
	get_bytes(&k->realms, a[FRA_FLOW], sizeof(k->realms));
	get_bytes(&k->suppress_len, a[FRA_SUPPRESS_PREFIXLEN], sizeof(k->suppress_len));
	get_bytes(&k->suppress_group, a[FRA_SUPPRESS_IFGROUP], sizeof(k->suppress_group));
	get_bytes(&l3mdev, a[FRA_L3MDEV], sizeof(l3mdev));
	k->is_l3mdev = l3mdev;
	return true;
}
