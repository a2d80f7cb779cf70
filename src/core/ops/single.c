/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See single.h.
 */
#include "core/ops/single.h"

#include <errno.h>
#include <pwd.h>
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

static struct ucred holder(void)
{
	struct sockaddr_un sa;
	socklen_t len = address(&sa);
	struct ucred cred = { 0 };
	socklen_t cred_len = sizeof(cred);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return cred;
	if (connect(fd, (struct sockaddr *)&sa, len) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len))
		cred.pid = 0;
	(void)close(fd);
	return cred;
}

/* Any program of the namespace can take the name. Only one of root, of this user or of the package's could be
 * a vipd that works. */
static bool may_be_vipd(const struct ucred *cred)
{
	const struct passwd *pw;

	if (!cred->pid || !cred->uid || cred->uid == geteuid())
		return true;
	pw = getpwnam("vipd");
	return pw && pw->pw_uid == cred->uid;
}

static int take_name(struct ucred *who)
{
	struct sockaddr_un sa;
	socklen_t len = address(&sa);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*who = (struct ucred){ .pid = 0 };
	if (fd < 0)
		return -errno;
	/* open from here on; nobody accepts, the backlog of one answers who holds it */
	if (!bind(fd, (struct sockaddr *)&sa, len) && !listen(fd, 1))
		return 0;

	int err = -errno;

	(void)close(fd);
	if (err == -EADDRINUSE)
		*who = holder();
	return err;
}

bool single_is_alone(void)
{
	struct ucred who;
	int err = take_name(&who);
	pid_t pid = who.pid;

	if (err == -EADDRINUSE && !may_be_vipd(&who)) {
		(void)fprintf(stderr,
			      "vipd: process %d of user %u holds vipd's lock of this network "
			      "namespace and can't be a vipd: going on without the lock\n",
			      (int)who.pid, (unsigned)who.uid);
		return true;
	}
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
