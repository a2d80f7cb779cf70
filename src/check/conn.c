/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conn.h.
 */
#include "check/conn.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int conn_open(const struct ip_addr *addr, uint16_t port, int *fd)
{
	struct sockaddr_storage to;
	socklen_t len = addr_sockaddr(addr, port, &to);

	*fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (*fd < 0)
		return -errno;
	if (!connect(*fd, (struct sockaddr *)&to, len))
		return 0;

	int err = -errno;

	if (err == -EINTR || err == -EINPROGRESS)
		return -EINPROGRESS;
	(void)close(*fd);
	*fd = -1;
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

void conn_close(int fd, bool is_connected)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (is_connected)
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
