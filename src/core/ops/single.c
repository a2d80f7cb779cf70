/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See single.h.
 */
#include "core/ops/single.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char name[] = "\0vipd"; /* abstract: begins with a zero byte */

static socklen_t address(struct sockaddr_un *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	memcpy(sa->sun_path, name, sizeof(name) - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1);
}

static pid_t holder(void)
{
	struct sockaddr_un sa;
	socklen_t len = address(&sa);
	struct ucred cred = { 0 };
	socklen_t cred_len = sizeof(cred);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&sa, len) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len))
		cred.pid = 0;
	(void)close(fd);
	return cred.pid;
}

int single_take(pid_t *pid)
{
	struct sockaddr_un sa;
	socklen_t len = address(&sa);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*pid = 0;
	if (fd < 0)
		return -errno;
	/* open from here on; nobody accepts, the backlog of one answers who holds it */
	if (!bind(fd, (struct sockaddr *)&sa, len) && !listen(fd, 1))
		return 0;

	int err = -errno;

	(void)close(fd);
	if (err == -EADDRINUSE)
		*pid = holder();
	return err;
}

bool single_is_alone(void)
{
	pid_t pid = 0;
	int err = single_take(&pid);

	if (err == -EADDRINUSE && !pid)
		(void)fprintf(stderr,
			      "vipd: another vipd runs in this network namespace: stop it first\n");
	else if (err == -EADDRINUSE)
		(void)fprintf(
			stderr,
			"vipd: another vipd runs in this network namespace (process %d): stop "
			"it first, or send it SIGHUP to reload\n",
			(int)pid);
	else if (err)
		(void)fprintf(stderr, "vipd: can't take the lock of this network namespace: %s\n",
			      strerrordesc_np(-err));
	return !err;
}
