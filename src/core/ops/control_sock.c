/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_sock.h. The socket is bound under a name of its own beside path, gets its mode and owner,
 * listens, and is renamed to path: so what stands at path always answers while its vipd lives, nobody can
 * open it before it has its mode, and whoever finds one that does not answer may take its place.
 */
#include "core/ops/control_sock.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG_N = 64, GROUP_BUF_LEN = 8192 };

static int address(const char *path, struct sockaddr_un *sa)
{
	size_t len = strlen(path);

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(sa->sun_path))
		return -ENAMETOOLONG;
	memcpy(sa->sun_path, path, len);
	return 0;
}

/* 0: path is free or a socket that nobody listens on. */
static int look(const char *path)
{
	struct sockaddr_un sa;
	struct stat st;
	int err = address(path, &sa);

	if (err)
		return err;
	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* EAGAIN: its backlog is full, so it listens */
	if (!connect(fd, (struct sockaddr *)&sa, sizeof(sa)) || errno == EAGAIN)
		err = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		err = -errno;
	(void)close(fd);
	return err;
}

static int make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(folder))
		return 0;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	if (mkdir(folder, 0755))
		return errno == EEXIST ? 0 : -errno;
	return chmod(folder, 0755) ? -errno : 0; /* whatever the umask is */
}

/* Without the group, or the right to give the socket to it (group_err), it is the group's of this process:
 * fewer may open it, never more. */
static int set_owner(struct control_sock *s, const char *path, const struct control_place *where)
{
	struct group entry, *found = NULL;
	char buf[GROUP_BUF_LEN];

	(void)getgrnam_r(where->group, &entry, buf, sizeof(buf), &found);
	s->group_err = !found ? -ENOENT : chown(path, (uid_t)-1, found->gr_gid) ? -errno : 0;
	s->gid = s->group_err ? CONTROL_NO_GROUP : found->gr_gid;
	if (s->group_err && s->group_err != -EPERM && s->group_err != -ENOENT)
		return s->group_err;
	return chmod(path, where->mode & 0777) ? -errno : 0;
}

static int bind_beside(struct control_sock *s, const char *beside,
		       const struct control_place *where)
{
	struct sockaddr_un sa;
	int err = address(beside, &sa);

	if (err)
		return err;
	(void)unlink(beside); /* left by a process of the same number, or not there */
	if (bind(s->fd, (struct sockaddr *)&sa, sizeof(sa)))
		return -errno;
	err = set_owner(s, beside, where);
	if (!err &&
	    (listen(s->fd, BACKLOG_N) || rename(beside, where->path) || lstat(where->path, &s->id)))
		err = -errno;
	if (err)
		(void)unlink(beside);
	return err;
}

int control_sock_open(const struct control_place *where, struct control_sock *s)
{
	const char *path = where->path;
	char beside[sizeof(((struct sockaddr_un *)0)->sun_path) + 16];
	int err = make_folder(path);

	s->fd = -1;
	s->gid = CONTROL_NO_GROUP;
	if (!err)
		err = look(path);
	if (err)
		return err;
	(void)snprintf(beside, sizeof(beside), "%s.%d", path, (int)getpid());
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = s->fd < 0 ? -errno : bind_beside(s, beside, where);
	if (err && s->fd >= 0) {
		(void)close(s->fd);
		s->fd = -1;
	}
	return err;
}

void control_sock_close(const char *path, struct control_sock *s)
{
	struct stat st;

	if (s->fd < 0)
		return;
	if (!lstat(path, &st) && st.st_dev == s->id.st_dev && st.st_ino == s->id.st_ino)
		(void)unlink(path);
	(void)close(s->fd);
	s->fd = -1;
}
