/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fibs.h.
 *
 * A router may have a million routes of others, in constant change. So a dump asks for our protocol
 * only where that is all that is wanted, and the event socket has a kernel filter that lets only events of
 * such protocols through.
 */
#include "vrrp/fibs.h"

#include "core/bug.h"
#include "vrrp/fib_log.h"
#include "vrrp/route.h"
#include "vrrp/rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENT_RCVBUF_LEN = 1024 * 1024,
	TYPE_OFF = offsetof(struct nlmsghdr, nlmsg_type),
	PROTO_OFF = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol),
	FILTER_PROTOS_N = 64, /* more of them: events of every protocol */
};

static bool has_proto(const struct fibs *f, uint8_t proto)
{
	return f->proto_bits[proto / 8] >> proto % 8 & 1;
}

static void put_proto(struct fibs *f, uint8_t proto)
{
	f->proto_bits[proto / 8] |= (uint8_t)(1 << proto % 8);
}

/* ---- events ---- */

static void shut(struct fibs *f)
{
	loop_del(f->loop, &f->event_fd);
	if (f->event_sock >= 0)
		(void)close(f->event_sock);
	f->event_sock = -1;
}

/* Routes of other protocols are dropped in the kernel. A filter on netlink sees one message with each
 * packet; numbers of it are in the machine's order, which BPF reads as the network's. */
static int set_filter(const struct fibs *f, int fd)
{
	struct sock_filter code[FILTER_PROTOS_N + 8];
	struct sock_fprog prog = { .filter = code };
	uint16_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_OFF);
	code[n++] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 2, 0);
	code[n++] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX); /* a rule */
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTO_OFF);
	for (unsigned proto = 0; proto < 256; proto++) {
		if (!has_proto(f, (uint8_t)proto))
			continue;
		if (n > FILTER_PROTOS_N)
			return 0;
		/* not this one: pass over the next instruction */
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, proto, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	prog.len = n;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

static int join_groups(int fd)
{
	static const int groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
				      RTNLGRP_IPV6_RULE };

	for (unsigned i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])))
			return -errno;
	return 0;
}

static int listen_to_events(struct fibs *f)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int len = EVENT_RCVBUF_LEN;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	f->event_sock = fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof(len)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof(len));
	err = set_filter(f, fd);
	if (!err && bind(fd, (struct sockaddr *)&self, sizeof(self)))
		err = -errno;
	if (!err)
		err = join_groups(fd);
	return err ? err : loop_add(f->loop, &f->event_fd, fd, EPOLLIN, f->on_event);
}

void fibs_init(struct fibs *f, struct loop *loop, loop_fn *fn)
{
	f->loop = loop;
	f->on_event = fn;
	f->event_sock = f->event_fd.fd = -1;
	f->rules.kind = FIB_RULE;
}

void fibs_fini(struct fibs *f)
{
	if (f->loop)
		shut(f);
	fib_set_fini(&f->routes);
	fib_set_fini(&f->rules);
	fib_pic_fini(&f->routes_pic);
	fib_pic_fini(&f->rules_pic);
	free(f->ops);
	f->ops = NULL;
}

/* ---- snapshots ---- */

static void make_room(struct fibs *f)
{
	uint32_t n = f->routes.n > f->rules.n ? f->routes.n : f->rules.n;

	free(f->ops);
	f->ops = reallocarray(NULL, 2 * (size_t)n + 1, sizeof(*f->ops));
	BUG_ON(!f->ops);
}

static struct fib *make_wants(uint32_t n)
{
	struct fib *wants = reallocarray(NULL, (size_t)n + 1, sizeof(*wants));

	BUG_ON(!wants);
	return wants;
}

static void adopt_routes(struct fibs *f, const struct conf *c)
{
	const struct inst_id statics = { FIB_STATIC };
	struct fib *wants = make_wants(c->route_n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct conf_vrrp *in = &c->vrrp[i];

		for (uint32_t k = 0; k < in->s.routes.n; k++)
			wants[n++] = route_want(c, &c->route[in->s.routes.first + k], in->id,
						in->s.name);
	}
	for (uint32_t k = 0; k < c->statics.s.routes.n; k++)
		wants[n++] =
			route_want(c, &c->route[c->statics.s.routes.first + k], statics, "static");
	fib_set_adopt(&f->routes, wants, n);
}

/* Rules without a priority are counted up in order of the file. */
static uint32_t put_rules(const struct conf *c, struct conf_range list, struct inst_id inst,
			  const char *name, uint32_t *priority, struct fib *wants)
{
	for (uint32_t k = 0; k < list.n; k++) {
		const struct conf_rule *r = &c->rule[list.first + k];

		wants[k] = rule_want(r, inst, name, *priority);
		*priority += !r->s.priority;
	}
	return list.n;
}

static void adopt_rules(struct fibs *f, const struct conf *c)
{
	const struct inst_id statics = { FIB_STATIC };
	struct fib *wants = make_wants(c->rule_n);
	uint32_t n, priority = FIB_FIRST_PRIORITY;

	n = put_rules(c, c->statics.s.rules, statics, "static", &priority, wants);
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		n += put_rules(c, c->vrrp[i].s.rules, c->vrrp[i].id, c->vrrp[i].s.name, &priority,
			       wants + n);
	fib_set_adopt(&f->rules, wants, n);
}

/* Those that what is in the sets bears; true when they are others than before. */
static bool note_protos(struct fibs *f)
{
	uint8_t was[sizeof(f->proto_bits)];

	memcpy(was, f->proto_bits, sizeof(was));
	memset(f->proto_bits, 0, sizeof(f->proto_bits));
	put_proto(f, FIB_PROTO);
	for (uint32_t i = 0; i < f->routes.n; i++)
		put_proto(f, f->routes.fib[i].proto);
	for (uint32_t i = 0; i < f->rules.n; i++)
		put_proto(f, f->rules.fib[i].proto);
	return memcmp(was, f->proto_bits, sizeof(was)) != 0;
}

int fibs_adopt(struct fibs *f, const struct conf *c)
{
	const struct inst_id statics = { FIB_STATIC };
	bool is_filter_old;

	adopt_routes(f, c);
	adopt_rules(f, c);
	fib_said(&f->routes, statics, true, true, false);
	fib_said(&f->rules, statics, true, true, false);
	make_room(f);
	is_filter_old = note_protos(f);
	if (!f->routes.n && !f->rules.n)
		shut(f);
	else if (f->event_sock < 0)
		return listen_to_events(f);
	else if (is_filter_old)
		return set_filter(f, f->event_sock);
	return 0;
}

void fibs_left_over(struct fibs *f, const struct view *v)
{
	fib_set_left_over(&f->routes, &f->routes_pic, v->links);
	fib_set_left_over(&f->rules, &f->rules_pic, v->links);
	make_room(f);
}

bool fibs_any(const struct fibs *f)
{
	return f->routes.n || f->rules.n;
}

void fibs_said(struct fibs *f, struct inst_id inst, bool is_known, bool is_wanted, bool is_new)
{
	fib_said(&f->routes, inst, is_known, is_wanted, is_new);
	fib_said(&f->rules, inst, is_known, is_wanted, is_new);
}

/* ---- looking ---- */

static int on_route(void *arg, struct nlmsghdr *hdr)
{
	struct fibs *f = arg;
	struct fib_have have;

	if (route_decode(hdr, &have) && has_proto(f, have.proto))
		fib_pic_put(&f->routes_pic, &have);
	return 0;
}

static int on_rule(void *arg, struct nlmsghdr *hdr)
{
	struct fibs *f = arg;
	struct fib_have have;

	if (rule_decode(hdr, &have) && has_proto(f, have.proto))
		fib_pic_put(&f->rules_pic, &have);
	return 0;
}

/* The one protocol that counts, or 0: several do. */
static uint8_t only_proto(const struct fibs *f)
{
	for (unsigned proto = 0; proto < 256; proto++)
		if (proto != FIB_PROTO && has_proto(f, (uint8_t)proto))
			return 0;
	return FIB_PROTO;
}

static int dump_routes(struct fibs *f, struct nl_chan *ch, uint8_t family)
{
	struct nl_msg *msg = nl_request(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg info = { .rtm_family = family, .rtm_protocol = only_proto(f) };

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	return nl_chan_dump(ch, msg, on_route, f);
}

static int dump_rules(struct fibs *f, struct nl_chan *ch, uint8_t family)
{
	struct nl_msg *msg = nl_request(RTM_GETRULE, NLM_F_DUMP);
	struct fib_rule_hdr info = { .family = family };

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	return nl_chan_dump(ch, msg, on_rule, f);
}

static int look_once(struct fibs *f, struct nl_chan *ch)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int err = 0;

	fib_pic_reset(&f->routes_pic);
	fib_pic_reset(&f->rules_pic);
	for (unsigned i = 0; !err && i < sizeof(families); i++) {
		err = dump_routes(f, ch, families[i]);
		if (!err)
			err = dump_rules(f, ch, families[i]);
	}
	/* a kernel without IPv6, or without rules */
	return err == -EAFNOSUPPORT || err == -EOPNOTSUPP ? 0 : err;
}

int fibs_look(struct fibs *f, struct nl_chan *ch)
{
	int err = -EINTR;

	for (unsigned tries = 0; err == -EINTR && tries < NL_DUMP_TRIES_N; tries++)
		err = look_once(f, ch);
	f->is_pic_good = !err;
	fib_pic_seal(&f->routes_pic, FIB_ROUTE);
	fib_pic_seal(&f->rules_pic, FIB_RULE);
	return err;
}

/* ---- carrying out ---- */

static void on_failed(void *arg, uint32_t index, int err)
{
	struct fib_op **batch = arg;

	batch[index]->err = err;
}

/* A batch that is being filled. */
struct batch {
	struct nl_chan *chan;
	struct fib_op *op[NL_BATCH_N];
	uint32_t n;
};

static void flush(struct batch *b)
{
	int err = nl_chan_flush(b->chan, on_failed, b->op);

	for (uint32_t i = 0; err && i < b->n; i++)
		b->op[i]->err = err;
	b->n = 0;
}

static void put_request(struct batch *b, struct fib_op *op, struct nl_msg *msg)
{
	if (nl_chan_add(b->chan, msg) < 0) {
		flush(b);
		BUG_ON(nl_chan_add(b->chan, msg) < 0);
	}
	b->op[b->n++] = op;
}

static void carry_out(struct fibs *f, struct fib_set *s, struct view *v, uint32_t n)
{
	struct batch b = { .chan = v->chan };

	for (uint32_t i = 0; i < n; i++) {
		struct fib_op *op = &f->ops[i];
		struct nl_msg *msg = NULL;

		op->err = 0;
		if (s->kind == FIB_RULE)
			msg = rule_request(op);
		else
			op->err = route_request(op, v->conf, v->links, &msg);
		if (msg)
			put_request(&b, op, msg);
	}
	flush(&b);
	for (uint32_t i = 0; i < n; i++) {
		if (!fib_done(&f->ops[i]))
			continue;
		fib_log_failure(s->kind, &f->ops[i]);
		v->has_failed = true;
	}
	fib_log_ops(s->kind, f->ops, n);
}

/* Of what was planned only operations of this kind; a renewal is both, and belongs to adding. */
static bool settle(struct fibs *f, struct fib_set *s, struct fib_pic *p, struct view *v,
		   bool is_removal)
{
	uint32_t n = fib_plan(s, p, v->links, v->is_torn || !f->is_pic_good, f->ops);
	uint32_t kept_n = 0;

	for (uint32_t i = 0; i < n; i++)
		if (is_removal == (f->ops[i].kind == FIB_DEL && !f->ops[i].is_renewal))
			f->ops[kept_n++] = f->ops[i];
	if (kept_n)
		carry_out(f, s, v, kept_n);
	fib_set_reap(s);
	return kept_n > 0;
}

bool fibs_remove(struct fibs *f, struct view *v)
{
	bool have_rules = settle(f, &f->rules, &f->rules_pic, v, true);

	return settle(f, &f->routes, &f->routes_pic, v, true) || have_rules;
}

bool fibs_add(struct fibs *f, struct view *v)
{
	bool have_routes = settle(f, &f->routes, &f->routes_pic, v, false);

	return settle(f, &f->rules, &f->rules_pic, v, false) || have_routes;
}

static void unwant(struct fib_set *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->fib[i].is_wanted = false;
}

void fibs_unwant(struct fibs *f)
{
	unwant(&f->routes);
	unwant(&f->rules);
}

static bool has_ours(const struct fib_set *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->fib[i].is_ours)
			return true;
	return false;
}

bool fibs_has_ours(const struct fibs *f)
{
	return has_ours(&f->routes) || has_ours(&f->rules);
}

void fibs_tell_left(const struct fibs *f)
{
	fib_log_left(&f->routes);
	fib_log_left(&f->rules);
}

void fibs_release(struct fibs *f, bool have_links_changed)
{
	fib_release(&f->routes, have_links_changed);
	fib_release(&f->rules, have_links_changed);
}
