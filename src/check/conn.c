/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conn.h; socket(7), ip(7), ipv6(7), icmp(7) (ping sockets), raw(7).
 */
#include "check/conn.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int ping_socket(int family, bool *is_raw)
{
	int protocol = family == AF_INET ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	/* the sysctl net.ipv4.ping_group_range does not have our group */
	if (fd >= 0 || errno != EACCES)
		return fd < 0 ? -errno : fd;
	fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	*is_raw = fd >= 0;
	if (fd >= 0 && family == AF_INET6) {
		struct icmp6_filter filter;

		ICMP6_FILTER_SETBLOCKALL(&filter);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
		ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &filter);
		(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
	}
	return fd < 0 ? -errno : fd;
}

static int open_socket(const struct conn_want *want, bool *is_raw)
{
	int family = want->to.family;
	int fd;

	*is_raw = false;
	if (want->kind == CONN_PING) {
		fd = ping_socket(family, is_raw);
	} else {
		fd = socket(family,
			    (want->kind == CONN_STREAM ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK |
				    SOCK_CLOEXEC,
			    0);
		if (fd < 0)
			fd = -errno;
	}
	/* every ICMP error is told, not only those that end a connection */
	if (fd >= 0 && want->kind != CONN_STREAM) {
		if (family == AF_INET)
			(void)set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
		else
			(void)set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	}
	return fd;
}

static socklen_t socket_address(const struct conn_want *want, const struct ip_addr *addr,
				uint16_t port, struct sockaddr_storage *out)
{
	socklen_t len = addr_sockaddr(addr, port, out);

	/* a link-local address is one of an interface */
	if (addr->family == AF_INET6 && want->dev && IN6_IS_ADDR_LINKLOCAL(&addr->v6)) {
		struct sockaddr_in6 sa;

		memcpy(&sa, out, sizeof(sa));
		sa.sin6_scope_id = if_nametoindex(want->dev);
		memcpy(out, &sa, sizeof(sa));
	}
	return len;
}

static int set_source(const struct conn_want *want, int fd)
{
	struct ip_addr any = { .family = want->to.family };
	const struct ip_addr *from = want->from.family ? &want->from : &any;
	struct sockaddr_storage sa;
	socklen_t len = socket_address(want, from, want->from_port, &sa);
	int err = 0;

	/* with a port of our own, the last check's may still be there; without, it is chosen when we
	 * connect, by both ends, so that one source has more than 28,000 connections */
	if (want->from_port)
		err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	else if (want->kind == CONN_STREAM)
		err = set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (!err && bind(fd, (struct sockaddr *)&sa, len))
		err = -errno;
	return err;
}

static int set_options(const struct conn_want *want, int fd)
{
	int err = 0;

	if (want->mark)
		err = set_int(fd, SOL_SOCKET, SO_MARK, (int)want->mark);
	if (!err && want->dev &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, want->dev, (socklen_t)strlen(want->dev)))
		err = -errno;
	if (!err && (want->from.family || want->from_port))
		err = set_source(want, fd);
	/* "refused" is what a server says; nothing here may be taken for it */
	return err == -ECONNREFUSED || err == -ETIMEDOUT ? -EINVAL : err;
}

int conn_open(const struct conn_want *want, int *fd, bool *is_raw)
{
	struct sockaddr_storage to;
	socklen_t len =
		socket_address(want, &want->to, want->kind == CONN_PING ? 0 : want->port, &to);
	int err;

	*fd = open_socket(want, is_raw);
	if (*fd < 0) {
		err = *fd;
		*fd = -1;
		return err;
	}
	err = set_options(want, *fd);
	if (!err && connect(*fd, (struct sockaddr *)&to, len))
		err = -errno;
	if (err == -EINTR || err == -EINPROGRESS)
		return -EINPROGRESS;
	if (err) {
		(void)close(*fd);
		*fd = -1;
	}
	return err;
}

int conn_result(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (poll(&p, 1, 0) <= 0)
		return -EINPROGRESS;
	if (!(p.revents & (POLLERR | POLLHUP)))
		return 0;

	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return -err; /* 0: connected, and closed by the other side already */
}

void conn_close(int fd, bool with_reset)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (with_reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	(void)close(fd);
}

bool conn_is_local_start(int err)
{
	return err != -ECONNREFUSED && err != -ECONNRESET && err != -ETIMEDOUT;
}

bool conn_is_local_later(int err)
{
	return err == -ENOBUFS || err == -ENOMEM;
}
