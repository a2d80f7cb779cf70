/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The side of vipd's threads; see spawn.h. The helper itself is in spawn_run.c, its parent in
 * spawn_keep.c. The socket to them outlives a helper: what is sent while there is none is read by the
 * next one. So a client that has lost its helper can put itself there at once.
 */
#include "core/ops/spawn.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/spawn_keep.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	UMASK_SAID = 01000,
	TOLD_US = 1000000
}; /* the clients of one helper lose it together: it is told once */

/* fd and pid are main's, and frozen while there are threads. */
static struct {
	int fd; /* to the helper; 0: none */
	pid_t pid; /* of its keeper */
	atomic_uint limit; /* 0: not said yet */
	unsigned umask; /* with UMASK_SAID, when it was said; frozen as pid is */
	atomic_int_fast64_t told_us; /* when its death was told; 0: never */
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
		spawn_keep(fd[1]);
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
	atomic_store(&helper.limit, n);
	if (helper.fd && n)
		(void)tell((struct spawn_ask){ .kind = SPAWN_LIMIT, .limit_ms = n }, -1);
}

void spawn_umask(unsigned mask)
{
	helper.umask = mask | UMASK_SAID;
	if (helper.fd)
		(void)tell((struct spawn_ask){ .kind = SPAWN_UMASK, .limit_ms = mask }, -1);
}

void spawn_stop(void)
{
	if (!helper.fd)
		return;
	(void)close(helper.fd);
	(void)waitpid(helper.pid, NULL, 0);
	helper.fd = 0;
}

/* A socket to the helper in c->fd. */
static int join(struct spawn_client *c)
{
	int fd[2], err;

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

int spawn_client_open(struct spawn_client *c)
{
	*c = (struct spawn_client){ .fd = -1, .lf = { .fd = -1 } };
	return join(c);
}

static void leave(struct spawn_client *c)
{
	if (c->loop)
		loop_del(c->loop, &c->lf);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

/* The helper's end of the socket is closed: it is dead, or was never there. */
static void lose(struct spawn_client *c)
{
	int64_t now_us = clock_now_us(), told_us = atomic_load(&helper.told_us);

	leave(c);
	if ((!told_us || now_us - told_us > TOLD_US) &&
	    atomic_compare_exchange_strong(&helper.told_us, &told_us, now_us))
		log_event(LOG_SCRIPTS_LOST, "%s", "");
	timer_arm(&c->loop->timers, &c->again, now_us + SPAWN_AGAIN_US);
	if (c->lost)
		c->lost(c->arg);
}

static void on_result(struct loop_fd *lf, uint32_t events)
{
	struct spawn_client *c = container_of(lf, struct spawn_client, lf);
	struct spawn_result res;
	uint8_t buf[sizeof(res) + 1];

	(void)events;
	while (c->fd >= 0) {
		ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

		if (!n || (n < 0 && errno == ECONNRESET)) {
			lose(c);
			return;
		}
		if (n < 0)
			return;
		if (spawn_result_read(buf, (uint32_t)n, &res))
			c->done(c->arg, &res);
	}
}

/* edge: what is there is read to its end */
static int listen_to(struct spawn_client *c)
{
	int err = loop_add(c->loop, &c->lf, c->fd, EPOLLIN | EPOLLET, on_result);

	if (err)
		leave(c);
	return err;
}

static void on_again(struct timer *t, int64_t now_us)
{
	struct spawn_client *c = container_of(t, struct spawn_client, again);
	unsigned limit = atomic_load(&helper.limit);

	if (limit)
		(void)tell((struct spawn_ask){ .kind = SPAWN_LIMIT, .limit_ms = limit }, -1);
	if (helper.umask)
		(void)tell((struct spawn_ask){ .kind = SPAWN_UMASK,
					       .limit_ms = helper.umask % UMASK_SAID },
			   -1);
	if (join(c) || listen_to(c))
		timer_arm(&c->loop->timers, t, now_us + TOLD_US);
}

int spawn_client_listen(struct spawn_client *c, struct loop *loop,
			void (*done)(void *arg, const struct spawn_result *res), void *arg)
{
	c->done = done;
	c->arg = arg;
	c->loop = loop;
	timer_init(&c->again, on_again);

	int err = c->fd < 0 ? -EPIPE : listen_to(c);

	if (err && helper.fd)
		timer_arm(&loop->timers, &c->again, clock_now_us() + SPAWN_AGAIN_US);
	return err;
}

void spawn_client_close(struct spawn_client *c, struct loop *loop)
{
	if (loop && c->loop)
		timer_disarm(&loop->timers, &c->again);
	leave(c);
	c->loop = NULL;
}

/* A helper that has died with unread requests is told in another way, and once. */
static int ask_errno(int err)
{
	return err == ECONNRESET || err == ECONNREFUSED || err == ENOTCONN ? EPIPE : err;
}

int spawn_ask(struct spawn_client *c, const struct spawn_ask *ask)
{
	uint8_t buf[SPAWN_MSG_LEN / 8]; /* the settings are no longer than this */
	uint32_t len = spawn_ask_write(ask, buf, sizeof(buf));

	if (spawn_is_run(ask->kind) && (!ask->argc || ask->argv[0][0] != '/'))
		return -ENOENT; /* the helper would not even answer */
	if (c->fd < 0)
		return -EPIPE;
	if (!len)
		return -E2BIG;
	return send(c->fd, buf, len, MSG_NOSIGNAL) < 0 ? -ask_errno(errno) : 0;
}
