/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vmacs.h.
 */
#include "vrrp/vmacs.h"

#include "core/bug.h"
#include "core/log.h"
#include "vrrp/link_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REQUESTS_N = 3, /* most of one operation */
	IPVLAN_MODE_L2_ = 0, /* the header has it as an enum of its own */
	GEN_MODE_NONE = 1, /* IN6_ADDR_GEN_MODE_NONE */
};

/* ---- requests ---- */

static struct nl_msg *link_request(uint32_t ifindex, const char *name, int flags, bool is_up)
{
	struct nl_msg *msg = nl_request(RTM_NEWLINK, flags);
	struct ifinfomsg info = {
		.ifi_index = (int)ifindex,
		.ifi_flags = is_up ? IFF_UP : 0,
		.ifi_change = is_up ? IFF_UP : 0,
	};

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	if (name)
		BUG_ON(nla_put_string(msg, IFLA_IFNAME, name));
	return msg;
}

static struct nlattr *nest(struct nl_msg *msg, int type)
{
	struct nlattr *n = nla_nest_start(msg, type);

	BUG_ON(!n);
	return n;
}

static void end(struct nl_msg *msg, struct nlattr *n)
{
	BUG_ON(nla_nest_end(msg, n));
}

static void put_u32(struct nl_msg *msg, int type, uint32_t value)
{
	BUG_ON(nla_put_u32(msg, type, value));
}

/* It answers ARP for its own addresses only, takes packets from addresses of this host's other
 * interfaces, and has no addresses of IPv6 that nobody asked for (V107). */
static void put_own_settings(struct nl_msg *msg)
{
	struct nlattr *spec = nest(msg, IFLA_AF_SPEC), *family, *conf;

	family = nest(msg, AF_INET);
	conf = nest(msg, IFLA_INET_CONF);
	put_u32(msg, IPV4_DEVCONF_ARP_IGNORE, 1);
	put_u32(msg, IPV4_DEVCONF_ACCEPT_LOCAL, 1);
	put_u32(msg, IPV4_DEVCONF_RP_FILTER, 0);
	put_u32(msg, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
	end(msg, conf);
	end(msg, family);
	family = nest(msg, AF_INET6);
	BUG_ON(nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, GEN_MODE_NONE));
	end(msg, family);
	end(msg, spec);
}

static void put_parent_settings(struct nl_msg *msg, const struct vmac_op *op)
{
	struct nlattr *spec = nest(msg, IFLA_AF_SPEC), *family = nest(msg, AF_INET);
	struct nlattr *conf = nest(msg, IFLA_INET_CONF);

	put_u32(msg, IPV4_DEVCONF_ARP_IGNORE, op->arp_ignore);
	put_u32(msg, IPV4_DEVCONF_ARPFILTER, op->arp_filter);
	end(msg, conf);
	end(msg, family);
	end(msg, spec);
}

static struct nl_msg *create_request(const struct vmac_op *op)
{
	const struct vmac *v = op->vmac;
	bool is_ipvlan = v->kind == LINK_IPVLAN;
	struct nl_msg *msg = link_request(0, v->name, NLM_F_CREATE | NLM_F_EXCL, false);
	struct nlattr *info, *data;

	put_u32(msg, IFLA_LINK, op->ifindex);
	if (v->group)
		put_u32(msg, IFLA_GROUP, v->group);
	if (op->vrf)
		put_u32(msg, IFLA_MASTER, op->vrf);
	if (!is_ipvlan)
		BUG_ON(nla_put(msg, IFLA_ADDRESS, sizeof(v->mac), v->mac));
	info = nest(msg, IFLA_LINKINFO);
	BUG_ON(nla_put_string(msg, IFLA_INFO_KIND, is_ipvlan ? "ipvlan" : "macvlan"));
	data = nest(msg, IFLA_INFO_DATA);
	if (is_ipvlan) {
		BUG_ON(nla_put_u16(msg, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2_));
		BUG_ON(nla_put_u16(msg, IFLA_IPVLAN_FLAGS, v->ipvlan_flags));
	} else {
		/* any other mode drops frames that bear its own address as source */
		put_u32(msg, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
	}
	end(msg, data);
	end(msg, info);
	return msg;
}

static struct nl_msg *name_request(const struct vmac_op *op)
{
	struct nl_msg *msg = link_request(0, op->vmac->name, 0, false);
	char alias[VMAC_ALIAS_LEN];

	(void)snprintf(alias, sizeof(alias), LINK_ALIAS "%u,%u %s", op->arp_ignore, op->arp_filter,
		       op->vmac->inst_name);
	BUG_ON(nla_put(msg, IFLA_IFALIAS, (int)strlen(alias), alias));
	put_own_settings(msg);
	return msg;
}

static struct nl_msg *addr_request(const struct vmac_op *op)
{
	struct nl_msg *msg = nl_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg info = { .ifa_family = op->addr.addr.family,
				  .ifa_prefixlen = op->addr.len,
				  .ifa_index = op->ifindex };
	struct ifa_cacheinfo life = { .ifa_valid = UINT32_MAX };

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	BUG_ON(nla_put(msg, IFA_LOCAL, (int)addr_len(op->addr.addr.family), op->addr.addr.byte));
	if (op->addr.addr.family == AF_INET6) {
		put_u32(msg, IFA_FLAGS, IFA_F_NODAD);
		BUG_ON(nla_put(msg, IFA_CACHEINFO, sizeof(life), &life)); /* for adverts only */
	}
	return msg;
}

static struct nl_msg *delete_request(const struct vmac_op *op)
{
	struct nl_msg *msg = nl_request(RTM_DELLINK, 0);
	struct ifinfomsg info = { .ifi_index = (int)op->ifindex };

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	return msg;
}

/* The requests of an operation, in order; their number. What can't be said while an interface is made
 * is said after it: the kernel passes over it in the first one. */
static uint32_t requests_of(const struct vmac_op *op, struct nl_msg *out[static REQUESTS_N])
{
	switch (op->kind) {
	case VMAC_DEL:
		out[0] = delete_request(op);
		return 1;
	case VMAC_RESTORE:
	case VMAC_PREPARE:
		out[0] = link_request(op->ifindex, NULL, 0, false);
		put_parent_settings(out[0], op);
		return 1;
	case VMAC_ADD:
		out[0] = create_request(op);
		out[1] = name_request(op);
		out[2] = link_request(0, op->vmac->name, 0, true);
		return 3;
	case VMAC_UP:
		out[0] = link_request(op->ifindex, NULL, 0, true);
		return 1;
	case VMAC_ADDR:
		out[0] = addr_request(op);
		return 1;
	}
	BUG("unknown operation");
}

/* ---- carrying out ---- */

struct batch {
	struct nl_chan *chan;
	struct vmac_op *op[NL_BATCH_N]; /* of each request */
	uint32_t n;
};

static void on_failed(void *arg, uint32_t index, int err)
{
	struct batch *b = arg;

	if (!b->op[index]->err)
		b->op[index]->err = err; /* the first one says why the others failed */
}

static void flush(struct batch *b)
{
	int err = nl_chan_flush(b->chan, on_failed, b);

	for (uint32_t i = 0; err && i < b->n; i++)
		b->op[i]->err = err;
	b->n = 0;
}

static void send_all(struct nl_chan *ch, struct vmac_op *ops, uint32_t n)
{
	struct batch b = { .chan = ch };

	for (uint32_t i = 0; i < n; i++) {
		struct nl_msg *msg[REQUESTS_N];
		uint32_t msg_n = requests_of(&ops[i], msg);

		ops[i].err = 0;
		for (uint32_t k = 0; k < msg_n; k++) {
			if (nl_chan_add(ch, msg[k]) < 0) {
				flush(&b);
				BUG_ON(nl_chan_add(ch, msg[k]) < 0);
			}
			b.op[b.n++] = &ops[i];
		}
	}
	flush(&b);
}

static void tell_failure(struct vmac_op *op)
{
	struct vmac *v = op->vmac;

	if (v && v->is_fail_told)
		return;
	if (v)
		v->is_fail_told = true;
	log_event(LOG_VMAC_FAIL, "inst=%s iface=%s parent=%s error=\"%s\"", v ? v->inst_name : "-",
		  v             ? v->name
		  : op->name[0] ? op->name
				: "-",
		  v            ? v->parent
		  : op->parent ? op->parent->name
			       : "-",
		  strerrordesc_np(-op->err));
}

static void tell(struct vmac_op *op)
{
	const struct vmac *v = op->vmac;

	if (op->kind == VMAC_ADD)
		log_event(LOG_VMAC_ADD, "inst=%s iface=%s parent=%s", v->inst_name, v->name,
			  v->parent);
	if (op->kind == VMAC_DEL)
		log_event(LOG_VMAC_DEL, "iface=%.*s", IFNAMSIZ, op->name);
}

static void tell_conflicts(struct vmacs *m, const struct view *v)
{
	uint32_t from = 0;

	for (struct vmac *c = vmac_conflict(&m->set, v->links, &from); c;
	     c = vmac_conflict(&m->set, v->links, &from)) {
		if (c->is_fail_told)
			continue;
		c->is_fail_told = true;
		log_event(LOG_VMAC_FAIL, "inst=%s iface=%s parent=%s why=name_is_taken",
			  c->inst_name, c->name, c->parent);
	}
}

/* The larger one of "all" and the interface counts: what is set on the interface can't make it less. */
static void tell_filter(struct vmacs *m)
{
	char value = '0';
	int fd;

	if (m->is_filter_told || !m->set.n)
		return;
	m->is_filter_told = true;
	fd = open("/proc/sys/net/ipv4/conf/all/rp_filter", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, &value, 1) == 1 && value == '1')
			log_event(LOG_VMAC_FILTER, "rp_filter=%c", value);
		(void)close(fd);
	}
}

bool vmacs_settle(struct vmacs *m, struct view *v)
{
	struct vmac_op *ops;
	uint32_t n;

	if (v->is_torn)
		return false;
	tell_filter(m);
	tell_conflicts(m, v);
	ops = reallocarray(NULL, (size_t)vmac_ops_max(&m->set, v->links) + 1, sizeof(*ops));
	BUG_ON(!ops);
	n = vmac_plan(&m->set, v->links, v->pic, ops);
	send_all(v->chan, ops, n);
	for (uint32_t i = 0; i < n; i++) {
		if (vmac_done(&ops[i])) {
			tell_failure(&ops[i]);
			v->has_failed = true;
		} else {
			tell(&ops[i]);
		}
	}
	free(ops);
	return n > 0;
}

void vmacs_adopt(struct vmacs *m, const struct conf *c)
{
	vmac_adopt(&m->set, c);
}

void vmacs_fini(struct vmacs *m)
{
	vmac_fini(&m->set);
}

void vmacs_unwant(struct vmacs *m)
{
	vmac_unwant(&m->set);
}

void vmacs_release(struct vmacs *m)
{
	vmac_release(&m->set);
}
