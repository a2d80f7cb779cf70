/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kern_genl.h. Requests go in batches through one channel (core/nl.h); dumps have a channel of
 * their own. The attributes are those of <linux/ip_vs.h>; ports and IPv4 masks are in network order
 * there, everything else in the host's.
 */
#include "ipvs/kern_genl.h"

#include "core/bug.h"
#include "core/nl.h"

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
	MSG_LEN = 1024, /* the library's are a page */
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
	int family;
};

/* Attributes by hand: the library's functions for this took longer than all else of a request that vipd
 * does. No request of ours comes near the size of a message; one that did would be a bug. */
static struct nlattr *begin(struct nl_msg *msg, int type, uint32_t len)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *a = (void *)((char *)hdr + hdr->nlmsg_len);
	uint32_t all_len = (uint32_t)sizeof(*a) + len;

	BUG_ON(hdr->nlmsg_len + all_len > MSG_LEN);
	*a = (struct nlattr){ .nla_len = (uint16_t)all_len, .nla_type = (uint16_t)type };
	hdr->nlmsg_len += NLMSG_ALIGN(all_len); /* to four bytes, as attributes are */
	return a;
}

static void put(struct nl_msg *msg, int type, const void *data, uint32_t len)
{
	char *to = (char *)(begin(msg, type, len) + 1);

	memcpy(to, data, len);
	memset(to + len, 0, NLMSG_ALIGN(len) - len);
}

static void put_u8(struct nl_msg *msg, int type, uint8_t v)
{
	put(msg, type, &v, sizeof(v));
}

static void put_u16(struct nl_msg *msg, int type, uint16_t v)
{
	put(msg, type, &v, sizeof(v));
}

static void put_u32(struct nl_msg *msg, int type, uint32_t v)
{
	put(msg, type, &v, sizeof(v));
}

static struct nlattr *nest(struct nl_msg *msg, int type)
{
	return begin(msg, type | NLA_F_NESTED, 0);
}

static void nest_end(struct nl_msg *msg, struct nlattr *a)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);

	a->nla_len = (uint16_t)((const char *)hdr + hdr->nlmsg_len - (const char *)a);
}

static void put_svc(struct nl_msg *msg, const struct ipvs_svc *s, bool has_settings)
{
	struct nlattr *a = nest(msg, IPVS_CMD_ATTR_SERVICE);

	put_u16(msg, IPVS_SVC_ATTR_AF, s->addr.family);
	if (s->fwmark) {
		put_u32(msg, IPVS_SVC_ATTR_FWMARK, s->fwmark);
	} else {
		put_u16(msg, IPVS_SVC_ATTR_PROTOCOL, s->protocol);
		put(msg, IPVS_SVC_ATTR_ADDR, s->addr.byte, ADDR_ATTR_LEN);
		put_u16(msg, IPVS_SVC_ATTR_PORT, htons(s->port));
	}
	if (has_settings) {
		struct ip_vs_flags flags = { .flags = s->flags, .mask = ~0u };

		put(msg, IPVS_SVC_ATTR_SCHED_NAME, s->sched, (uint32_t)strlen(s->sched) + 1);
		put(msg, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
		put_u32(msg, IPVS_SVC_ATTR_TIMEOUT, s->timeout_s);
		put_u32(msg, IPVS_SVC_ATTR_NETMASK, s->netmask);
		/* a change without the attribute takes the engine away */
		if (s->pe[0])
			put(msg, IPVS_SVC_ATTR_PE_NAME, s->pe, (uint32_t)strlen(s->pe) + 1);
	}
	nest_end(msg, a);
}

static void put_dest(struct nl_msg *msg, const struct ipvs_dest *d, bool has_settings)
{
	struct nlattr *a = nest(msg, IPVS_CMD_ATTR_DEST);

	put_u16(msg, IPVS_DEST_ATTR_ADDR_FAMILY, d->addr.family);
	put(msg, IPVS_DEST_ATTR_ADDR, d->addr.byte, ADDR_ATTR_LEN);
	put_u16(msg, IPVS_DEST_ATTR_PORT, htons(d->port));
	if (has_settings) {
		put_u32(msg, IPVS_DEST_ATTR_FWD_METHOD, d->method);
		put_u32(msg, IPVS_DEST_ATTR_WEIGHT, d->weight);
		put_u32(msg, IPVS_DEST_ATTR_U_THRESH, d->u_thresh);
		put_u32(msg, IPVS_DEST_ATTR_L_THRESH, d->l_thresh);
	}
	/* a change without these three makes it ipip */
	if (has_settings && d->tun_type) {
		put_u8(msg, IPVS_DEST_ATTR_TUN_TYPE, d->tun_type);
		put_u16(msg, IPVS_DEST_ATTR_TUN_PORT, htons(d->tun_port));
		put_u16(msg, IPVS_DEST_ATTR_TUN_FLAGS, d->tun_flags);
	}
	nest_end(msg, a);
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

static struct nl_msg *encode(const struct kern_genl *g, const struct kern_op *op)
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

	struct nl_msg *msg = again(g, rows[op->what].cmd);

	put_svc(msg, op->svc, rows[op->what].has_svc);
	if (rows[op->what].has_dest || op->what == KERN_DEL_DEST)
		put_dest(msg, op->dest, rows[op->what].has_dest);
	return msg;
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
		struct nlmsghdr *hdr = nlmsg_hdr(encode(g, &op[i]));

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

/* An attribute of the kernel's, or 0 when it is missing or short. */
static uint8_t get_u8(struct nlattr *const *a, int type)
{
	return a[type] && nla_len(a[type]) >= (int)sizeof(uint8_t) ? nla_get_u8(a[type]) : 0;
}

static uint32_t get_u32(struct nlattr *const *a, int type)
{
	return a[type] && nla_len(a[type]) >= (int)sizeof(uint32_t) ? nla_get_u32(a[type]) : 0;
}

static uint16_t get_u16(struct nlattr *const *a, int type)
{
	return a[type] && nla_len(a[type]) >= (int)sizeof(uint16_t) ? nla_get_u16(a[type]) : 0;
}

static int get_addr(struct nlattr *a, uint16_t family, struct ip_addr *out)
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

static void get_name(struct nlattr *a, char out[static IPVS_NAME_LEN])
{
	out[0] = '\0';
	if (a)
		(void)nla_strlcpy(out, a, IPVS_NAME_LEN);
}

/* The attributes of the nest `top` of one message of a dump. */
static int open_nest(struct nlmsghdr *hdr, int top, struct nlattr **a, int max)
{
	struct nlattr *cmd[IPVS_CMD_ATTR_MAX + 1];

	if (!genlmsg_valid_hdr(hdr, 0) || genlmsg_parse(hdr, 0, cmd, IPVS_CMD_ATTR_MAX, NULL) ||
	    !cmd[top] || nla_parse_nested(a, max, cmd[top], NULL))
		return -EPROTO;
	return 0;
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
	uint16_t family = get_u16(a, IPVS_SVC_ATTR_AF);

	s->fwmark = get_u32(a, IPVS_SVC_ATTR_FWMARK);
	if (s->fwmark) {
		s->addr.family = (uint8_t)family;
		return family == AF_INET || family == AF_INET6 ? 0 : -EPROTO;
	}
	s->port = ntohs(get_u16(a, IPVS_SVC_ATTR_PORT));
	s->protocol = (uint8_t)get_u16(a, IPVS_SVC_ATTR_PROTOCOL);
	return get_addr(a[IPVS_SVC_ATTR_ADDR], family, &s->addr);
}

static int take_svc(void *arg, struct nlmsghdr *hdr)
{
	struct nlattr *a[IPVS_SVC_ATTR_MAX + 1];
	struct ipvs_svc s = { .presence = IPVS_IN, .ref = IPVS_NONE };
	int err = open_nest(hdr, IPVS_CMD_ATTR_SERVICE, a, IPVS_SVC_ATTR_MAX);

	if (!err)
		err = take_svc_key(a, &s);
	if (err)
		return err;
	get_name(a[IPVS_SVC_ATTR_SCHED_NAME], s.sched);
	get_name(a[IPVS_SVC_ATTR_PE_NAME], s.pe);
	take_flags(a[IPVS_SVC_ATTR_FLAGS], &s.flags);
	s.timeout_s = get_u32(a, IPVS_SVC_ATTR_TIMEOUT);
	s.netmask = get_u32(a, IPVS_SVC_ATTR_NETMASK);
	table_add_svc(arg, &s);
	return 0;
}

struct dest_dump {
	struct ipvs_table *out;
	uint16_t svc_family;
};

static int take_dest(void *arg, struct nlmsghdr *hdr)
{
	struct dest_dump *dd = arg;
	struct nlattr *a[IPVS_DEST_ATTR_MAX + 1];
	struct ipvs_dest d = { .presence = IPVS_IN, .ref = IPVS_NONE };
	int err = open_nest(hdr, IPVS_CMD_ATTR_DEST, a, IPVS_DEST_ATTR_MAX);

	if (err)
		return err;

	uint16_t family = get_u16(a, IPVS_DEST_ATTR_ADDR_FAMILY);

	err = get_addr(a[IPVS_DEST_ATTR_ADDR], family ? family : dd->svc_family, &d.addr);
	d.port = ntohs(get_u16(a, IPVS_DEST_ATTR_PORT));
	d.method = (uint8_t)(get_u32(a, IPVS_DEST_ATTR_FWD_METHOD) & METHOD_MASK);
	d.weight = get_u32(a, IPVS_DEST_ATTR_WEIGHT);
	d.u_thresh = get_u32(a, IPVS_DEST_ATTR_U_THRESH);
	d.l_thresh = get_u32(a, IPVS_DEST_ATTR_L_THRESH);
	d.tun_type = get_u8(a, IPVS_DEST_ATTR_TUN_TYPE);
	d.tun_port = ntohs(get_u16(a, IPVS_DEST_ATTR_TUN_PORT));
	d.tun_flags = (uint8_t)get_u16(a, IPVS_DEST_ATTR_TUN_FLAGS);
	d.conns_n =
		get_u32(a, IPVS_DEST_ATTR_ACTIVE_CONNS) + get_u32(a, IPVS_DEST_ATTR_INACT_CONNS);
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
	t->tcp_s = get_u32(a, IPVS_CMD_ATTR_TIMEOUT_TCP);
	t->tcp_fin_s = get_u32(a, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN);
	t->udp_s = get_u32(a, IPVS_CMD_ATTR_TIMEOUT_UDP);
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

	put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP, t->tcp_s);
	put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, t->tcp_fin_s);
	put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_UDP, t->udp_s);
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
	int err = open_nest(hdr, IPVS_CMD_ATTR_DAEMON, a, IPVS_DAEMON_ATTR_MAX);

	if (err || dd->n == IPVS_SYNC_N)
		return err;

	struct ipvs_daemon *d = &dd->out[dd->n++];

	*d = (struct ipvs_daemon){
		.state = (uint8_t)get_u32(a, IPVS_DAEMON_ATTR_STATE),
		.syncid = (uint8_t)get_u32(a, IPVS_DAEMON_ATTR_SYNC_ID),
		.ttl = get_u8(a, IPVS_DAEMON_ATTR_MCAST_TTL),
		.maxlen = get_u16(a, IPVS_DAEMON_ATTR_SYNC_MAXLEN),
		.port = get_u16(a, IPVS_DAEMON_ATTR_MCAST_PORT),
	};
	if (a[IPVS_DAEMON_ATTR_MCAST_IFN])
		(void)nla_strlcpy(d->interface, a[IPVS_DAEMON_ATTR_MCAST_IFN],
				  sizeof(d->interface));
	if (a[IPVS_DAEMON_ATTR_MCAST_GROUP6])
		return get_addr(a[IPVS_DAEMON_ATTR_MCAST_GROUP6], AF_INET6, &d->group);
	return get_addr(a[IPVS_DAEMON_ATTR_MCAST_GROUP], AF_INET, &d->group);
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
	struct nlattr *a = nest(msg, IPVS_CMD_ATTR_DAEMON);

	put_u32(msg, IPVS_DAEMON_ATTR_STATE, d->state);
	put(msg, IPVS_DAEMON_ATTR_MCAST_IFN, d->interface, (uint32_t)strlen(d->interface) + 1);
	put_u32(msg, IPVS_DAEMON_ATTR_SYNC_ID, d->syncid);
	if (d->maxlen)
		put_u16(msg, IPVS_DAEMON_ATTR_SYNC_MAXLEN, d->maxlen);
	if (d->group.family)
		put(msg,
		    d->group.family == AF_INET6 ? IPVS_DAEMON_ATTR_MCAST_GROUP6
						: IPVS_DAEMON_ATTR_MCAST_GROUP,
		    d->group.byte, addr_len(d->group.family));
	if (d->port)
		put_u16(msg, IPVS_DAEMON_ATTR_MCAST_PORT, d->port);
	if (d->ttl)
		put_u8(msg, IPVS_DAEMON_ATTR_MCAST_TTL, d->ttl);
	nest_end(msg, a);
	return one(g, msg);
}

static int del_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	struct kern_genl *g = container_of(k, struct kern_genl, kern);
	struct nl_msg *msg = request(g, IPVS_CMD_DEL_DAEMON, 0);
	struct nlattr *a = nest(msg, IPVS_CMD_ATTR_DAEMON);

	put_u32(msg, IPVS_DAEMON_ATTR_STATE, d->state);
	put(msg, IPVS_DAEMON_ATTR_MCAST_IFN, d->interface, (uint32_t)strlen(d->interface) + 1);
	put_u32(msg, IPVS_DAEMON_ATTR_SYNC_ID, d->syncid);
	nest_end(msg, a);
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

int kern_genl_open(struct ipvs_kern **out)
{
	static const struct ipvs_kern_ops genl_ops = {
		.dump = dump,
		.dump_dests = dump_dests,
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

	int err = nl_chan_open(&g->write, NETLINK_GENERIC);

	if (!err)
		err = nl_chan_open(&g->read, NETLINK_GENERIC);
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
