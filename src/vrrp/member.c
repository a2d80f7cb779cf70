/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See member.h.
 */
#include "vrrp/member.h"

#include "core/bug.h"
#include "core/log.h"
#include "vrrp/opts.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- sockets ---- */

static int change_v4(int fd, const struct ip_addr *group, bool is_join, uint32_t ifindex)
{
	struct ip_mreqn m = { .imr_multiaddr = group->v4, .imr_ifindex = (int)ifindex };

	return setsockopt(fd, IPPROTO_IP, is_join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &m,
			  sizeof(m));
}

static int change_v6(int fd, const struct ip_addr *group, bool is_join, uint32_t ifindex)
{
	struct ipv6_mreq m = { .ipv6mr_multiaddr = group->v6, .ipv6mr_interface = ifindex };

	return setsockopt(fd, IPPROTO_IPV6, is_join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &m,
			  sizeof(m));
}

/* -ENOBUFS: the socket is full. */
static int change_membership(int fd, const struct ip_addr *group, bool is_join, uint32_t ifindex)
{
	int err = group->family == AF_INET ? change_v4(fd, group, is_join, ifindex)
					   : change_v6(fd, group, is_join, ifindex);

	if (!err)
		return 0;
	return errno == ENOMEM ? -ENOBUFS : -errno;
}

static void close_sock(struct member_sock *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	*s = (struct member_sock){ .fd = -1 };
}

/* Opens the socket if it is not open. -ENOBUFS: it is full, or of the other family. */
static int join_in(struct members *m, uint32_t slot, const struct ip_addr *group, uint32_t ifindex)
{
	struct member_sock *s = &m->sock[slot];

	if (s->fd < 0) {
		/* a datagram socket without a port: it receives nothing, whatever it has joined */
		s->fd = socket(group->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		s->family = group->family;
		if (s->fd < 0)
			return -errno;
	}
	if (s->family != group->family)
		return -ENOBUFS;

	int err = change_membership(s->fd, group, true, ifindex);

	if (!err) {
		s->n++;
		m->hint = slot;
	} else if (!s->n) {
		close_sock(s);
	}
	return err;
}

/* In the socket that was used last; else in a new one; else in any. */
static int join_anywhere(struct members *m, const struct ip_addr *group, uint32_t ifindex,
			 uint32_t *slot)
{
	int err = join_in(m, *slot = m->hint, group, ifindex);

	for (uint32_t i = 0; err == -ENOBUFS && i < MEMBER_SOCKS_N; i++)
		if (m->sock[i].fd < 0)
			return join_in(m, *slot = i, group, ifindex);
	for (uint32_t i = 0; err == -ENOBUFS && i < MEMBER_SOCKS_N; i++)
		err = join_in(m, *slot = i, group, ifindex);
	return err;
}

static void leave(struct members *m, struct member *me)
{
	if (!me->ifindex)
		return;

	struct member_sock *s = &m->sock[me->slot];

	/* fails when the interface is gone and the kernel has cleared up after it: as good */
	(void)change_membership(s->fd, &me->group, false, me->ifindex);
	if (!--s->n)
		close_sock(s);
	m->hint = me->slot;
	me->ifindex = 0;
}

static bool join(struct members *m, struct member *me, uint32_t ifindex)
{
	int err = join_anywhere(m, &me->group, ifindex, &me->slot);

	if (!err)
		me->ifindex = ifindex;
	else if (!me->is_fail_told)
		log_event(LOG_VRRP_SOCKET, "op=join iface=%s error=\"%s\"", me->name,
			  strerrordesc_np(-err));
	me->is_fail_told = err;
	return !err;
}

/* ---- interfaces ---- */

void members_init(struct members *m)
{
	*m = (struct members){ 0 };
	for (uint32_t i = 0; i < MEMBER_SOCKS_N; i++)
		m->sock[i].fd = -1;
}

void members_fini(struct members *m)
{
	for (uint32_t i = 0; i < MEMBER_SOCKS_N; i++)
		close_sock(&m->sock[i]);
	free(m->member);
	members_init(m);
}

static int cmp_members(const void *va, const void *vb)
{
	const struct member *a = va, *b = vb;
	int cmp = strncmp(a->name, b->name, sizeof(a->name));

	return cmp ? cmp : addr_cmp(&a->group, &b->group);
}

/* What all instances that speak to a group listen to, sorted, without doubles. Returns their number. */
static uint32_t wanted_of(const struct conf *c, struct member *out)
{
	uint32_t n = 0, kept_n = 0;

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const char *name = conf_tx_dev(&c->vrrp[i]);
		struct inst_opts o;

		opts_make(&o, c, &c->vrrp[i]);
		if (o.is_unicast || !name)
			continue;
		memcpy(out[n].name, name, strnlen(name, IFNAMSIZ - 1)); /* zeroed before */
		out[n++].group = o.group;
	}
	if (n > 1)
		qsort(out, n, sizeof(*out), cmp_members);
	for (uint32_t i = 0; i < n; i++)
		if (!kept_n || cmp_members(&out[kept_n - 1], &out[i]))
			out[kept_n++] = out[i];
	return kept_n;
}

/* Both sides are sorted: a merge. */
void members_adopt(struct members *m, const struct conf *c)
{
	struct member *all = calloc((size_t)c->vrrp_n + 1, sizeof(*all));
	uint32_t n, o = 0, k = 0;

	BUG_ON(!all);
	n = wanted_of(c, all);
	while (o < m->n) {
		int cmp = k == n ? -1 : cmp_members(&m->member[o], &all[k]);

		if (cmp < 0)
			leave(m, &m->member[o]);
		if (!cmp)
			all[k] = m->member[o];
		o += cmp <= 0;
		k += cmp >= 0;
	}
	free(m->member);
	m->member = all;
	m->n = n;
}

/* It is joined in all groups of its family that anybody there listens to. */
static void put_joined(struct link *l, const struct member *me, bool is_first)
{
	bool *is_joined = me->group.family == AF_INET ? &l->is_joined : &l->is_joined_v6;

	*is_joined = (is_first || *is_joined) && me->ifindex;
}

bool members_update(struct members *m, struct link_table *t)
{
	bool is_all = true;

	for (uint32_t i = 0; i < m->n; i++) {
		struct member *me = &m->member[i];
		const struct link *l = link_by_name(t, me->name);
		/* sorted: those of one interface and family are neighbours */
		bool is_first = !i || strncmp(m->member[i - 1].name, me->name, IFNAMSIZ) != 0 ||
				m->member[i - 1].group.family != me->group.family;

		if (!l || l->ifindex != me->ifindex)
			leave(m, me);
		if (!l)
			continue;
		if (!me->ifindex && !join(m, me, l->ifindex))
			is_all = false;
		put_joined(&t->link[l - t->link], me, is_first);
	}
	return is_all;
}
