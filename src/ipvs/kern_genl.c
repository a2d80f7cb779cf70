/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kern_genl.h. Requests go in batches through one channel (core/nl.h); dumps have a channel of
 * their own. The attributes are those of <linux/ip_vs.h>; ports and IPv4 masks are in network order
 * there, everything else in the host's.
 */
#include "ipvs/kern_genl.h"

#include "core/bug.h"
#include "core/netns.h"
#include "core/nl.h"
#include "ipvs/attr.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	GENL_VERSION = 1,
	METHOD_MASK = IP_VS_CONN_F_FWD_MASK,
	ADDR_ATTR_LEN = 16, /* of either family */
};

_Static_assert(IPVS_FLAG_PERSISTENT == IP_VS_SVC_F_PERSISTENT, "as in the kernel's interface");
_Static_assert(IPVS_FLAG_HASHED == IP_VS_SVC_F_HASHED, "as in the kernel's interface");
_Static_assert(IPVS_METHOD_NAT == IP_VS_CONN_F_MASQ, "as in the kernel's interface");
_Static_assert(IPVS_METHOD_TUN == IP_VS_CONN_F_TUNNEL, "as in the kernel's interface");
_Static_assert(IPVS_METHOD_DR == IP_VS_CONN_F_DROUTE, "as in the kernel's interface");
_Static_assert((int)IPVS_NAME_LEN >= (int)IP_VS_SCHEDNAME_MAXLEN, "names fit");
_Static_assert((int)IPVS_NAME_LEN >= (int)IP_VS_PENAME_MAXLEN, "names fit");

struct kern_genl {
	struct ipvs_kern kern; /* first */
	struct nl_chan write, read;
	struct nl_msg *msg; /* the requests of apply() are made in it, one after the other */
	uint32_t head_len; /* of the last of them, up to its service */
	int family;
};

static void put_svc(struct nl_msg *msg, const struct ipvs_svc *s, bool has_settings)
{
	struct nlattr *a = attr_nest(msg, IPVS_CMD_ATTR_SERVICE);

	attr_put_u16(msg, IPVS_SVC_ATTR_AF, s->addr.family);
	if (s->fwmark) {
		attr_put_u32(msg, IPVS_SVC_ATTR_FWMARK, s->fwmark);
	} else {
		attr_put_u16(msg, IPVS_SVC_ATTR_PROTOCOL, s->protocol);
		attr_put(msg, IPVS_SVC_ATTR_ADDR, s->addr.byte, ADDR_ATTR_LEN);
		attr_put_u16(msg, IPVS_SVC_ATTR_PORT, htons(s->port));
	}
	if (has_settings) {
		struct ip_vs_flags flags = { .flags = s->flags, .mask = ~0u };

		attr_put(msg, IPVS_SVC_ATTR_SCHED_NAME, s->sched, (uint32_t)strlen(s->sched) + 1);
		attr_put(msg, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
		attr_put_u32(msg, IPVS_SVC_ATTR_TIMEOUT, s->timeout_s);
		attr_put_u32(msg, IPVS_SVC_ATTR_NETMASK, s->netmask);
		/* a change without the attribute takes the engine away */
		if (s->pe[0])
			attr_put(msg, IPVS_SVC_ATTR_PE_NAME, s->pe, (uint32_t)strlen(s->pe) + 1);
	}
	attr_nest_end(msg, a);
}

/* Without a family of its own it has that of its service. */
static void put_dest(struct nl_msg *msg, const struct ipvs_dest *d, uint8_t svc_family,
		     bool has_settings)
{
	struct nlattr *a = attr_nest(msg, IPVS_CMD_ATTR_DEST);

	if (d->addr.family != svc_family)
		attr_put_u16(msg, IPVS_DEST_ATTR_ADDR_FAMILY, d->addr.family);
	attr_put(msg, IPVS_DEST_ATTR_ADDR, d->addr.byte, ADDR_ATTR_LEN);
	attr_put_u16(msg, IPVS_DEST_ATTR_PORT, htons(d->port));
	if (has_settings) {
		attr_put_u32(msg, IPVS_DEST_ATTR_FWD_METHOD, d->method);
		attr_put_u32(msg, IPVS_DEST_ATTR_WEIGHT, d->weight);
		attr_put_u32(msg, IPVS_DEST_ATTR_U_THRESH, d->u_thresh);
		attr_put_u32(msg, IPVS_DEST_ATTR_L_THRESH, d->l_thresh);
	}
	/* a change without these three makes it ipip */
	if (has_settings && d->tun_type) {
		attr_put_u8(msg, IPVS_DEST_ATTR_TUN_TYPE, d->tun_type);
		attr_put_u16(msg, IPVS_DEST_ATTR_TUN_PORT, htons(d->tun_port));
		attr_put_u16(msg, IPVS_DEST_ATTR_TUN_FLAGS, d->tun_flags);
	}
	attr_nest_end(msg, a);
}

static struct nl_msg *request(const struct kern_genl *g, uint8_t cmd, int flags)
{
	return nl_genl_request(g->family, cmd, GENL_VERSION, flags);
}

/* An empty request in g->msg. */
static struct nl_msg *again(const struct kern_genl *g, uint8_t cmd)
{
	nlmsg_hdr(g->msg)->nlmsg_len = NLMSG_HDRLEN;
	BUG_ON(!genlmsg_put(g->msg, 0, 0, g->family, 0, NLM_F_REQUEST, cmd, GENL_VERSION));
	return g->msg;
}

/* before: the request that was made last, or NULL; what both begin with stays in the message. */
static struct nl_msg *encode(struct kern_genl *g, const struct kern_op *op,
			     const struct kern_op *before)
{
	static const struct {
		uint8_t cmd;
		bool has_svc, has_dest; /* with settings */
	} rows[] = {
		[KERN_NEW_SVC] = { IPVS_CMD_NEW_SERVICE, true, false },
		[KERN_SET_SVC] = { IPVS_CMD_SET_SERVICE, true, false },
		[KERN_DEL_SVC] = { IPVS_CMD_DEL_SERVICE, false, false },
		[KERN_NEW_DEST] = { IPVS_CMD_NEW_DEST, false, true },
		[KERN_SET_DEST] = { IPVS_CMD_SET_DEST, false, true },
		[KERN_DEL_DEST] = { IPVS_CMD_DEL_DEST, false, false },
	};

	BUG_ON(op->what == KERN_NONE);

	if (before && before->what == op->what && before->svc == op->svc) {
		nlmsg_hdr(g->msg)->nlmsg_len = g->head_len;
	} else {
		put_svc(again(g, rows[op->what].cmd), op->svc, rows[op->what].has_svc);
		g->head_len = nlmsg_hdr(g->msg)->nlmsg_len;
	}
	if (rows[op->what].has_dest || op->what == KERN_DEL_DEST)
		put_dest(g->msg, op->dest, op->svc->addr.family, rows[op->what].has_dest);
	return g->msg;
}

static void on_failed(void *arg, uint32_t index, int err)
{
	struct kern_op *op = arg;

	op[index].err = err;
}

static int apply(struct ipvs_kern *k, struct kern_op *op, uint32_t n)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	uint32_t first = 0; /* of the batch being filled */
	int err;

	for (uint32_t i = 0; i < n; i++) {
		struct nlmsghdr *hdr = nlmsg_hdr(encode(g, &op[i], i ? &op[i - 1] : NULL));

		op[i].err = 0;
		if (nl_chan_put(&g->write, hdr) >= 0)
			continue;
		err = nl_chan_flush(&g->write, on_failed, op + first);
		if (err)
			return err;
		first = i;
		BUG_ON(nl_chan_put(&g->write, hdr) < 0);
	}
	return nl_chan_flush(&g->write, on_failed, op + first);
}

/* A request by itself, outside the batches. */
static int one(struct kern_genl *g, struct nl_msg *msg)
{
	struct kern_op op = { 0 };

	BUG_ON(nl_chan_add(&g->write, msg) < 0);

	int err = nl_chan_flush(&g->write, on_failed, &op);

	return err ? err : op.err;
}

static void get_name(struct nlattr *a, char out[static IPVS_NAME_LEN])
{
	out[0] = '\0';
	if (a)
		(void)nla_strlcpy(out, a, IPVS_NAME_LEN);
}

static void take_flags(struct nlattr *a, uint32_t *out)
{
	struct ip_vs_flags flags;

	if (!a || nla_len(a) < (int)sizeof(flags))
		return;
	memcpy(&flags, nla_data(a), sizeof(flags));
	*out = flags.flags & ~(uint32_t)IPVS_FLAG_HASHED;
}

/* A service by firewall mark has a family, but no address. */
static int take_svc_key(struct nlattr *const *a, struct ipvs_svc *s)
{
	uint16_t family = attr_u16(a, IPVS_SVC_ATTR_AF);

	s->fwmark = attr_u32(a, IPVS_SVC_ATTR_FWMARK);
	if (s->fwmark) {
		s->addr.family = (uint8_t)family;
		return family == AF_INET || family == AF_INET6 ? 0 : -EPROTO;
	}
	s->port = ntohs(attr_u16(a, IPVS_SVC_ATTR_PORT));
	s->protocol = (uint8_t)attr_u16(a, IPVS_SVC_ATTR_PROTOCOL);
	return attr_addr(a[IPVS_SVC_ATTR_ADDR], family, &s->addr);
}

static int read_svc(struct nlattr *const *a, struct ipvs_svc *s)
{
	*s = (struct ipvs_svc){ .presence = IPVS_IN, .ref = IPVS_NONE };

	int err = take_svc_key(a, s);

	get_name(a[IPVS_SVC_ATTR_SCHED_NAME], s->sched);
	get_name(a[IPVS_SVC_ATTR_PE_NAME], s->pe);
	take_flags(a[IPVS_SVC_ATTR_FLAGS], &s->flags);
	s->timeout_s = attr_u32(a, IPVS_SVC_ATTR_TIMEOUT);
	s->netmask = attr_u32(a, IPVS_SVC_ATTR_NETMASK);
	return err;
}

static int take_svc(void *arg, struct nlmsghdr *hdr)
{
	struct nlattr *a[IPVS_SVC_ATTR_MAX + 1];
	struct ipvs_svc s;
	int err = attr_open(hdr, IPVS_CMD_ATTR_SERVICE, a, IPVS_SVC_ATTR_MAX);

	if (!err)
		err = read_svc(a, &s);
	if (!err)
		table_add_svc(arg, &s);
	return err;
}

struct dest_dump {
	struct ipvs_table *out;
	uint16_t svc_family;
};

static int read_dest(struct nlattr *const *a, uint16_t svc_family, struct ipvs_dest *d)
{
	uint16_t family = attr_u16(a, IPVS_DEST_ATTR_ADDR_FAMILY);

	*d = (struct ipvs_dest){ .presence = IPVS_IN, .ref = IPVS_NONE };

	int err = attr_addr(a[IPVS_DEST_ATTR_ADDR], family ? family : svc_family, &d->addr);

	d->port = ntohs(attr_u16(a, IPVS_DEST_ATTR_PORT));
	d->method = (uint8_t)(attr_u32(a, IPVS_DEST_ATTR_FWD_METHOD) & METHOD_MASK);
	d->weight = attr_u32(a, IPVS_DEST_ATTR_WEIGHT);
	d->u_thresh = attr_u32(a, IPVS_DEST_ATTR_U_THRESH);
	d->l_thresh = attr_u32(a, IPVS_DEST_ATTR_L_THRESH);
	d->tun_type = attr_u8(a, IPVS_DEST_ATTR_TUN_TYPE);
	d->tun_port = ntohs(attr_u16(a, IPVS_DEST_ATTR_TUN_PORT));
	d->tun_flags = (uint8_t)attr_u16(a, IPVS_DEST_ATTR_TUN_FLAGS);
	d->conns_n =
		attr_u32(a, IPVS_DEST_ATTR_ACTIVE_CONNS) + attr_u32(a, IPVS_DEST_ATTR_INACT_CONNS);
	return err;
}

static int take_dest(void *arg, struct nlmsghdr *hdr)
{
	struct dest_dump *dd = arg;
	struct nlattr *a[IPVS_DEST_ATTR_MAX + 1];
	struct ipvs_dest d;
	int err = attr_open(hdr, IPVS_CMD_ATTR_DEST, a, IPVS_DEST_ATTR_MAX);

	if (!err)
		err = read_dest(a, dd->svc_family, &d);
	if (!err)
		table_add_dest(dd->out, &d);
	return err;
}

static int dump_svc(struct kern_genl *g, const struct ipvs_svc *svc, struct ipvs_table *out)
{
	struct dest_dump dd = { .out = out, .svc_family = svc->addr.family };
	struct nl_msg *msg = request(g, IPVS_CMD_GET_DEST, NLM_F_DUMP);

	table_add_svc(out, svc);
	put_svc(msg, svc, false);
	return nl_chan_dump(&g->read, msg, take_dest, &dd);
}

static int dump_dests(struct ipvs_kern *k, const struct ipvs_svc *svc, struct ipvs_table *out)
{
	return dump_svc(container_of(k, struct kern_genl, kern), svc, out);
}

static int dump_once(struct kern_genl *g, struct ipvs_table *out)
{
	struct ipvs_table svcs = { 0 };
	struct nl_msg *msg = request(g, IPVS_CMD_GET_SERVICE, NLM_F_DUMP);
	int err = nl_chan_dump(&g->read, msg, take_svc, &svcs);

	for (uint32_t i = 0; !err && i < svcs.svc_n; i++)
		err = dump_svc(g, &svcs.svc[i], out);
	table_fini(&svcs);
	return err;
}

/* A module that was unloaded and loaded again has another number. */
static int find_family(struct kern_genl *g)
{
	int family = nl_genl_family(&g->read, IPVS_GENL_NAME);

	if (family < 0)
		return family == -ENOENT ? -ENODEV : family;
	if (family == g->family)
		return -ENODEV; /* it answers to its name, but not to its commands */
	g->family = family;
	return 0;
}

static int dump(struct ipvs_kern *k, struct ipvs_table *out)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	int err = -EINTR;

	for (unsigned i = 0; err == -EINTR && i < NL_DUMP_TRIES_N; i++) {
		table_fini(out);
		err = dump_once(g, out);
		if (err == -ENOENT) {
			err = find_family(g);
			err = err ? err : -EINTR;
		}
	}
	return err;
}

/* ------------------------------------------------------------------ counters */

struct count_dump {
	const struct ipvs_svc *svc; /* NULL: of services */
	ipvs_count_fn *fn;
	void *arg;
};

static int count_svc(void *arg, struct nlmsghdr *hdr)
{
	struct count_dump *cd = arg;
	struct nlattr *a[IPVS_SVC_ATTR_MAX + 1];
	struct ipvs_count n = { 0 };
	struct ipvs_svc s;
	int err = attr_open(hdr, IPVS_CMD_ATTR_SERVICE, a, IPVS_SVC_ATTR_MAX);

	if (!err)
		err = read_svc(a, &s);
	if (err)
		return err;
	attr_counts(a[IPVS_SVC_ATTR_STATS64], a[IPVS_SVC_ATTR_STATS], &n.sum);
	cd->fn(cd->arg, &s, NULL, &n);
	return 0;
}

static int count_dest(void *arg, struct nlmsghdr *hdr)
{
	struct count_dump *cd = arg;
	struct nlattr *a[IPVS_DEST_ATTR_MAX + 1];
	struct ipvs_count n = { 0 };
	struct ipvs_dest d;
	int err = attr_open(hdr, IPVS_CMD_ATTR_DEST, a, IPVS_DEST_ATTR_MAX);

	if (!err)
		err = read_dest(a, cd->svc->addr.family, &d);
	if (err)
		return err;
	attr_counts(a[IPVS_DEST_ATTR_STATS64], a[IPVS_DEST_ATTR_STATS], &n.sum);
	n.active_n = attr_u32(a, IPVS_DEST_ATTR_ACTIVE_CONNS);
	n.inactive_n = attr_u32(a, IPVS_DEST_ATTR_INACT_CONNS);
	n.persist_n = attr_u32(a, IPVS_DEST_ATTR_PERSIST_CONNS);
	cd->fn(cd->arg, cd->svc, &d, &n);
	return 0;
}

/* A stale number of the family shows at the next dump of the table. */
static int count(struct ipvs_kern *k, const struct ipvs_svc *svc, ipvs_count_fn *fn, void *arg)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	struct count_dump cd = { .svc = svc, .fn = fn, .arg = arg };
	struct nl_msg *msg = request(g, svc ? IPVS_CMD_GET_DEST : IPVS_CMD_GET_SERVICE, NLM_F_DUMP);

	if (svc)
		put_svc(msg, svc, false);
	return nl_chan_dump(&g->read, msg, svc ? count_dest : count_svc, &cd);
}

static int flush(struct ipvs_kern *k)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);

	return one(g, request(g, IPVS_CMD_FLUSH, 0));
}

static int take_timeouts(void *arg, struct nlmsghdr *hdr)
{
	struct ipvs_timeouts *t = arg;
	struct nlattr *a[IPVS_CMD_ATTR_MAX + 1];

	if (!genlmsg_valid_hdr(hdr, 0) || genlmsg_parse(hdr, 0, a, IPVS_CMD_ATTR_MAX, NULL))
		return -EPROTO;
	t->tcp_s = attr_u32(a, IPVS_CMD_ATTR_TIMEOUT_TCP);
	t->tcp_fin_s = attr_u32(a, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN);
	t->udp_s = attr_u32(a, IPVS_CMD_ATTR_TIMEOUT_UDP);
	return 0;
}

static int get_timeouts(struct ipvs_kern *k, struct ipvs_timeouts *out)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);

	return nl_chan_ask(&g->read, request(g, IPVS_CMD_GET_CONFIG, 0), take_timeouts, out);
}

static int set_timeouts(struct ipvs_kern *k, const struct ipvs_timeouts *t)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	struct nl_msg *msg = request(g, IPVS_CMD_SET_CONFIG, 0);

	attr_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP, t->tcp_s);
	attr_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, t->tcp_fin_s);
	attr_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_UDP, t->udp_s);
	return one(g, msg);
}

struct daemon_dump {
	struct ipvs_daemon *out;
	uint32_t n;
};

static int take_daemon(void *arg, struct nlmsghdr *hdr)
{
	struct daemon_dump *dd = arg;
	struct nlattr *a[IPVS_DAEMON_ATTR_MAX + 1];
	int err = attr_open(hdr, IPVS_CMD_ATTR_DAEMON, a, IPVS_DAEMON_ATTR_MAX);

	if (err || dd->n == IPVS_SYNC_N)
		return err;

	struct ipvs_daemon *d = &dd->out[dd->n++];

	*d = (struct ipvs_daemon){
		.state = (uint8_t)attr_u32(a, IPVS_DAEMON_ATTR_STATE),
		.syncid = (uint8_t)attr_u32(a, IPVS_DAEMON_ATTR_SYNC_ID),
		.ttl = attr_u8(a, IPVS_DAEMON_ATTR_MCAST_TTL),
		.maxlen = attr_u16(a, IPVS_DAEMON_ATTR_SYNC_MAXLEN),
		.port = attr_u16(a, IPVS_DAEMON_ATTR_MCAST_PORT),
	};
	if (a[IPVS_DAEMON_ATTR_MCAST_IFN])
		(void)nla_strlcpy(d->interface, a[IPVS_DAEMON_ATTR_MCAST_IFN],
				  sizeof(d->interface));
	if (a[IPVS_DAEMON_ATTR_MCAST_GROUP6])
		return attr_addr(a[IPVS_DAEMON_ATTR_MCAST_GROUP6], AF_INET6, &d->group);
	return attr_addr(a[IPVS_DAEMON_ATTR_MCAST_GROUP], AF_INET, &d->group);
}

static int get_daemons(struct ipvs_kern *k, struct ipvs_daemon out[static IPVS_SYNC_N], uint32_t *n)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	struct daemon_dump dd = { .out = out };
	int err = nl_chan_dump(&g->read, request(g, IPVS_CMD_GET_DAEMON, NLM_F_DUMP), take_daemon,
			       &dd);

	*n = dd.n;
	return err;
}

static int new_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	struct nl_msg *msg = request(g, IPVS_CMD_NEW_DAEMON, 0);
	struct nlattr *a = attr_nest(msg, IPVS_CMD_ATTR_DAEMON);

	attr_put_u32(msg, IPVS_DAEMON_ATTR_STATE, d->state);
	attr_put(msg, IPVS_DAEMON_ATTR_MCAST_IFN, d->interface, (uint32_t)strlen(d->interface) + 1);
	attr_put_u32(msg, IPVS_DAEMON_ATTR_SYNC_ID, d->syncid);
	if (d->maxlen)
		attr_put_u16(msg, IPVS_DAEMON_ATTR_SYNC_MAXLEN, d->maxlen);
	if (d->group.family)
		attr_put(msg,
			 d->group.family == AF_INET6 ? IPVS_DAEMON_ATTR_MCAST_GROUP6
						     : IPVS_DAEMON_ATTR_MCAST_GROUP,
			 d->group.byte, addr_len(d->group.family));
	if (d->port)
		attr_put_u16(msg, IPVS_DAEMON_ATTR_MCAST_PORT, d->port);
	if (d->ttl)
		attr_put_u8(msg, IPVS_DAEMON_ATTR_MCAST_TTL, d->ttl);
	attr_nest_end(msg, a);
	return one(g, msg);
}

static int del_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	struct nl_msg *msg = request(g, IPVS_CMD_DEL_DAEMON, 0);
	struct nlattr *a = attr_nest(msg, IPVS_CMD_ATTR_DAEMON);

	attr_put_u32(msg, IPVS_DAEMON_ATTR_STATE, d->state);
	attr_put(msg, IPVS_DAEMON_ATTR_MCAST_IFN, d->interface, (uint32_t)strlen(d->interface) + 1);
	attr_put_u32(msg, IPVS_DAEMON_ATTR_SYNC_ID, d->syncid);
	attr_nest_end(msg, a);
	return one(g, msg);
}

static void close_genl(struct ipvs_kern *k)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);

	nl_chan_close(&g->write);
	nl_chan_close(&g->read);
	nlmsg_free(g->msg);
	free(g);
}

static int ignore(void *arg, struct nlmsghdr *hdr)
{
	(void)arg;
	(void)hdr;
	return 0;
}

/* The family's name may be asked for by anybody; its commands may not. */
static int probe(struct kern_genl *g)
{
	g->family = nl_genl_family(&g->read, IPVS_GENL_NAME);
	if (g->family < 0)
		return g->family;
	return nl_chan_ask(&g->read, request(g, IPVS_CMD_GET_INFO, 0), ignore, NULL);
}

int kern_genl_open(const char *netns, struct ipvs_kern **out, bool *in_netns)
{
	static const struct ipvs_kern_ops genl_ops = {
		.dump = dump,
		.dump_dests = dump_dests,
		.count = count,
		.apply = apply,
		.flush = flush,
		.get_timeouts = get_timeouts,
		.set_timeouts = set_timeouts,
		.get_daemons = get_daemons,
		.new_daemon = new_daemon,
		.del_daemon = del_daemon,
		.close = close_genl,
	};
	struct kern_genl *g = calloc(1, sizeof(*g));

	BUG_ON(!g);
	g->kern.ops = &genl_ops;
	g->msg = nlmsg_alloc();
	BUG_ON(!g->msg);

	int back, err = netns_enter(netns, &back);

	*in_netns = err;
	if (!err) {
		err = nl_chan_open(&g->write, NETLINK_GENERIC);
		if (!err)
			err = nl_chan_open(&g->read, NETLINK_GENERIC);
		netns_leave(back);
	}
	if (!err)
		err = probe(g);
	if (err)
		close_genl(&g->kern);
	else
		*out = &g->kern;
	return err;
}

const char *kern_genl_why(int err)
{
	switch (err) {
	case -ENOENT:
		return "this kernel has no IPVS: load its module (modprobe ip_vs), or run with "
		       "--dataplane=memory to try vipd without it";
	case -EPERM:
	case -EACCES:
		return "no permission to change the kernel's IPVS table: run as root or with "
		       "CAP_NET_ADMIN, or run with --dataplane=memory to try vipd without it";
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
		return "this kernel has no generic netlink, which IPVS is configured through: use "
		       "another kernel, or run with --dataplane=memory to try vipd without IPVS";
	default:
		return "the kernel's IPVS table can't be reached through generic netlink: look "
		       "into "
		       "the kernel's log, or run with --dataplane=memory to try vipd without it";
	}
}
