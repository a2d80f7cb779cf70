/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The side of vipd's threads; see spawn.h. The helper itself is in spawn_run.c.
 */
#include "core/ops/spawn.h"

#include "core/bug.h"
#include "core/ops/spawn_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* main's own */
static struct {
	int fd; /* to the helper; 0: none */
	pid_t pid;
} helper;

static int pair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) ? -errno
											 : 0;
}

int spawn_start(void)
{
	int fd[2], err = pair(fd);

	if (err)
		return err;

	pid_t pid = fork();

	if (!pid) {
		(void)close(fd[0]);
		spawn_run(fd[1]);
		_exit(0);
	}
	err = -errno;
	(void)close(fd[1]);
	if (pid < 0) {
		(void)close(fd[0]);
		return err;
	}
	helper.fd = fd[0];
	helper.pid = pid;
	return 0;
}

/* pass_fd: -1 = none */
static int tell(struct spawn_ask ask, int pass_fd)
{
	uint8_t buf[64];
	struct iovec iov = { .iov_base = buf, .iov_len = spawn_ask_write(&ask, buf, sizeof(buf)) };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (pass_fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control.room);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &pass_fd, sizeof(int));
	}
	return sendmsg(helper.fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void spawn_limit(unsigned n)
{
	if (helper.fd)
		(void)tell((struct spawn_ask){ .kind = SPAWN_LIMIT, .limit_ms = n }, -1);
}

void spawn_stop(void)
{
	if (!helper.fd)
		return;
	(void)close(helper.fd);
	(void)waitpid(helper.pid, NULL, 0);
	helper.fd = 0;
}

int spawn_client_open(struct spawn_client *c)
{
	int fd[2], err;

	*c = (struct spawn_client){ .fd = -1, .lf = { .fd = -1 } };
	if (!helper.fd)
		return -EPIPE;
	err = pair(fd);
	if (err)
		return err;
	err = tell((struct spawn_ask){ .kind = SPAWN_CLIENT }, fd[1]);
	(void)close(fd[1]);
	if (err)
		(void)close(fd[0]);
	else
		c->fd = fd[0];
	return err;
}

static void on_result(struct loop_fd *lf, uint32_t events)
{
	struct spawn_client *c = container_of(lf, struct spawn_client, lf);
	struct spawn_result res;
	uint8_t buf[sizeof(res) + 1];

	(void)events;
	for (;;) {
		ssize_t n = recv(lf->fd, buf, sizeof(buf), 0);

		if (n <= 0)
			return;
		if (spawn_result_read(buf, (uint32_t)n, &res))
			c->done(c->arg, &res);
	}
}

int spawn_client_listen(struct spawn_client *c, struct loop *loop,
			void (*done)(void *arg, const struct spawn_result *res), void *arg)
{
	c->done = done;
	c->arg = arg;
	if (c->fd < 0)
		return -EPIPE;
	/* edge: the end of the helper is told once */
	return loop_add(loop, &c->lf, c->fd, EPOLLIN | EPOLLET, on_result);
}

void spawn_client_close(struct spawn_client *c, struct loop *loop)
{
	if (loop)
		loop_del(loop, &c->lf);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

int spawn_ask(struct spawn_client *c, const struct spawn_ask *ask)
{
	uint8_t buf[SPAWN_MSG_LEN / 8]; /* the settings are no longer than this */
	uint32_t len = spawn_ask_write(ask, buf, sizeof(buf));

	if (c->fd < 0)
		return -EPIPE;
	if (!len)
		return -E2BIG;
	return send(c->fd, buf, len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
