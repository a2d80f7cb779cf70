/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The script helper: starts scripts, waits for their end, kills those whose time is up. See spawn.h.
 *
 *	WAITING ---> RUNNING ---> (result) gone
 *	                |
 *	                +--limit--> (result) DYING ---> gone
 *
 * It forks and does not posix_spawn(), which can't change the user: a small process with one thread may
 * fork, at the price of its few pages. It runs with all signals blocked: the end of vipd's socket is what
 * ends it, so that a service manager's TERM to the whole group does not take the helper from a director
 * that is still to run its last scripts.
 */
#include "core/ops/spawn_run.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/rights.h"
#include "core/ops/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct client {
	struct loop_fd lf;
	struct job *jobs; /* running, dying and waiting */
	bool is_gone;
};

struct job {
	struct client *client; /* NULL: gone; nobody wants the result */
	struct job *next, *prev; /* of the client */
	struct job *next_waiting;
	struct loop_fd pid_fd;
	struct timer timer; /* the limit, then the next kill */
	pid_t pid; /* 0: waiting */
	uint32_t id;
	bool stays; /* it does not count */
	int64_t start_us, limit_us;
	unsigned kill_n; /* DYING: signals sent */
	bool is_cancelled;
	uint32_t len;
	uint8_t msg[]; /* the request: a waiting job has to keep it */
};

struct queue {
	struct job *first, **last;
	unsigned n;
};

static struct {
	struct loop loop;
	struct loop_fd main_fd;
	struct queue early, other; /* waiting: all of the first before one of the second */
	unsigned running_n, staying_n, running_max_n;
	pid_t pid; /* of the helper */
	bool is_stopping;
} s;

static void tell(struct job *j, enum spawn_how how, int status)
{
	struct spawn_result res = { .id = j->id, .how = how, .status = status };
	int64_t took_us = j->start_us ? clock_now_us() - j->start_us : 0;

	res.duration_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	/* a client that does not read loses results, and takes them for "not made" at its own limit */
	if (j->client)
		(void)send(j->client->lf.fd, &res, sizeof(res), MSG_NOSIGNAL);
}

static void unlink_job(struct job *j)
{
	if (!j->client)
		return;
	if (j->prev)
		j->prev->next = j->next;
	else
		j->client->jobs = j->next;
	if (j->next)
		j->next->prev = j->prev;
	j->client = NULL;
}

static void drop(struct job *j)
{
	unlink_job(j);
	timer_disarm(&s.loop.timers, &j->timer);
	free(j);
}

/* ---- the child, up to its exec ---- */

/* Root, or a user with the capabilities for it. A script that could not be ended is not begun. */
static int change_user(const struct spawn_ask *ask)
{
	if (ask->uid != geteuid() && !rights_has(CAP_KILL))
		return EPERM;
	if (*ask->user ? initgroups(ask->user, ask->gid) : setgroups(0, NULL))
		return errno;
	if (setresgid(ask->gid, ask->gid, ask->gid) || setresuid(ask->uid, ask->uid, ask->uid))
		return errno;
	return 0;
}

/* vipd's own user keeps its groups: those of the service. */
static int become(const struct spawn_ask *ask)
{
	bool is_other = ask->uid != geteuid() || ask->gid != getegid();
	int err = geteuid() == 0 || is_other ? change_user(ask) : 0;

	return err ? err : rights_none_inherited();
}

/* vipd may be spared when memory is short (OOMScoreAdjust=); its scripts are not. */
static void be_killable(void)
{
	char first = 0;
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (pread(fd, &first, 1, 0) == 1 && first == '-')
		(void)!pwrite(fd, "0", 1, 0);
	(void)close(fd);
}

/* A script that does not say what runs it. Returns when there is no shell either. */
static void exec_by_shell(const struct spawn_ask *ask, char **argv)
{
	static char shell[] = "/bin/sh";
	char *sh_argv[SPAWN_ARGS_N + 2] = { shell };

	for (uint32_t i = 0; i <= ask->argc; i++)
		sh_argv[i + 1] = argv[i];
	(void)execv(shell, sh_argv);
}

static _Noreturn void child(const struct spawn_ask *ask, int err_fd)
{
	char *argv[SPAWN_ARGS_N + 1];
	int null_fd = open("/dev/null", O_RDWR), err = null_fd < 0 ? errno : 0;
	sigset_t none;

	(void)setpgid(0, 0);
	for (int fd = STDIN_FILENO; !err && fd <= STDERR_FILENO; fd++)
		if (dup2(null_fd, fd) < 0)
			err = errno;
	if (!err && dup2(err_fd, STDERR_FILENO + 1) < 0)
		err = errno;
	if (!err && fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC))
		err = errno;
	if (!err) {
		(void)close_range(STDERR_FILENO + 2, ~0U, 0);
		err_fd = STDERR_FILENO + 1;
		err = become(ask);
	}
	be_killable();
	if (!err && chdir("/"))
		err = errno;
	/* without the helper nobody would end it when its time is up; a change of user takes this off */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL))
		err = errno;
	if (getppid() != s.pid)
		_exit(127);
	/* execv() takes them without const and changes nothing */
	for (uint32_t i = 0; i <= ask->argc; i++)
		memcpy(&argv[i], &ask->argv[i], sizeof(argv[i]));
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (!err) {
		(void)execv(argv[0], argv);
		err = errno;
		if (err == ENOEXEC)
			exec_by_shell(ask, argv);
	}
	(void)!write(err_fd, &err, sizeof(err));
	_exit(127);
}

/* ---- a job's life ---- */

static void start_waiting(void);

static unsigned *counter_of(const struct job *j)
{
	return j->stays ? &s.staying_n : &s.running_n;
}

static void on_end(struct loop_fd *lf, uint32_t events)
{
	struct job *j = container_of(lf, struct job, pid_fd);
	siginfo_t si = { 0 };
	int fd = lf->fd;

	(void)events;
	/* what is left of its group, while its number can't be another's yet */
	if (j->kill_n || j->is_cancelled)
		(void)kill(-j->pid, SIGKILL);
	if (waitid(P_PID, (id_t)j->pid, &si, WEXITED | WNOHANG) || !si.si_pid)
		return;
	loop_del(&s.loop, lf);
	(void)close(fd);
	--*counter_of(j);
	if (!j->kill_n)
		tell(j, si.si_code == CLD_EXITED ? SPAWN_EXITED : SPAWN_KILLED, si.si_status);
	drop(j);
	start_waiting();
}

static bool has_ended(const struct job *j)
{
	siginfo_t si = { 0 };

	return !waitid(P_PID, (id_t)j->pid, &si, WEXITED | WNOHANG | WNOWAIT) && si.si_pid;
}

/* The limit, and then until it is dead: TERM, KILL after 2 s, again after 2 s and every 10 s. A helper
 * that was held up itself can't tell: whatever held it up may have held up the script too. */
static void on_time(struct timer *t, int64_t now_us)
{
	struct job *j = container_of(t, struct job, timer);
	int64_t late_us = now_us - t->at_us;

	if (!j->kill_n && has_ended(j)) {
		on_end(&j->pid_fd, EPOLLIN);
		return;
	}
	if (!j->kill_n && late_us > SPAWN_SLACK_US && late_us > j->limit_us / SPAWN_LATE_PART)
		tell(j, SPAWN_FAILED, ETIME);
	else if (!j->kill_n)
		tell(j, SPAWN_TIMEOUT, 0);
	(void)kill(-j->pid, j->kill_n ? SIGKILL : SIGTERM);
	j->kill_n++;
	timer_arm(&s.loop.timers, t, now_us + (j->kill_n > 2 ? 5 : 1) * SPAWN_KILL_US);
}

/* Forks, and waits for the exec, which is a moment. 0 or errno. */
static int launch(struct job *j, const struct spawn_ask *ask)
{
	int fd[2], err = 0;

	if (pipe2(fd, O_CLOEXEC))
		return errno;
	j->pid = fork();
	if (!j->pid)
		child(ask, fd[1]);
	if (j->pid < 0)
		err = errno;
	(void)close(fd[1]);
	if (!err) {
		(void)setpgid(j->pid, j->pid);
		if (read(fd[0], &err, sizeof(err)) != (ssize_t)sizeof(err))
			err = 0; /* closed by the exec */
		if (err)
			(void)waitpid(j->pid, NULL, 0);
	}
	(void)close(fd[0]);
	return err;
}

static int watch(struct job *j)
{
	int fd = pidfd_open(j->pid, 0);
	int err = fd < 0 ? errno : -loop_add(&s.loop, &j->pid_fd, fd, EPOLLIN, on_end);

	if (!err)
		return 0;
	if (fd >= 0)
		(void)close(fd);
	(void)kill(-j->pid, SIGKILL);
	(void)waitpid(j->pid, NULL, 0);
	return err;
}

static void start(struct job *j)
{
	struct spawn_ask ask;

	BUG_ON(!spawn_ask_read(j->msg, j->len, &ask));
	j->start_us = clock_now_us();

	int err = launch(j, &ask);

	if (!err)
		err = watch(j);
	if (err) {
		tell(j, SPAWN_FAILED, err);
		drop(j);
		return;
	}
	++*counter_of(j);
	if (j->limit_us)
		timer_arm(&s.loop.timers, &j->timer, j->start_us + j->limit_us);
}

static struct job *take_waiting(struct queue *q)
{
	struct job *j = q->first;

	q->first = j->next_waiting;
	if (!q->first)
		q->last = &q->first;
	q->n--;
	return j;
}

static void start_waiting(void)
{
	while ((s.early.first || s.other.first) && s.running_n < s.running_max_n) {
		struct job *j = take_waiting(s.early.first ? &s.early : &s.other);

		if (j->is_cancelled) {
			tell(j, SPAWN_FAILED, ECANCELED);
			drop(j);
		} else {
			start(j);
		}
	}
}

/* ---- requests ---- */

static void run(struct client *c, const struct spawn_ask *ask, const uint8_t *msg, uint32_t len)
{
	struct queue *q = ask->kind == SPAWN_RUN_FIRST ? &s.early : &s.other;
	struct job *j = calloc(1, sizeof(*j) + len);

	BUG_ON(!j);
	j->id = ask->id;
	j->stays = ask->kind == SPAWN_RUN_STAY;
	j->limit_us = MS(ask->limit_ms);
	j->len = len;
	j->pid_fd.fd = -1;
	j->client = c;
	j->next = c->jobs;
	if (j->next)
		j->next->prev = j;
	c->jobs = j;
	timer_init(&j->timer, on_time);
	memcpy(j->msg, msg, len);
	if (j->stays) {
		start(j);
		return;
	}
	if (q->n >= SPAWN_WAITING_N) {
		tell(j, SPAWN_FAILED, EAGAIN);
		drop(j);
		return;
	}
	*q->last = j;
	q->last = &j->next_waiting;
	q->n++;
	start_waiting();
}

static void cancel(struct job *j)
{
	if (j->is_cancelled)
		return;
	j->is_cancelled = true;
	if (j->pid && !j->kill_n) {
		tell(j, SPAWN_FAILED, ECANCELED);
		j->kill_n = 1;
		(void)kill(-j->pid, SIGTERM);
		timer_arm(&s.loop.timers, &j->timer, clock_now_us() + SPAWN_KILL_US);
	}
}

/* A client has closed its end: its scripts end too. */
static void client_gone(struct client *c)
{
	int fd = c->lf.fd;

	loop_del(&s.loop, &c->lf);
	(void)close(fd);
	while (c->jobs) {
		struct job *j = c->jobs;

		unlink_job(j);
		cancel(j);
	}
	free(c);
}

static void on_client(struct loop_fd *lf, uint32_t events)
{
	struct client *c = container_of(lf, struct client, lf);
	static uint8_t buf[SPAWN_MSG_LEN];
	struct spawn_ask ask;
	ssize_t n = recv(lf->fd, buf, sizeof(buf), 0);

	(void)events;
	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		client_gone(c);
		return;
	}
	if (n < 0 || !spawn_ask_read(buf, (uint32_t)n, &ask))
		return;
	if (spawn_is_run(ask.kind))
		run(c, &ask, buf, (uint32_t)n);
	for (struct job *j = c->jobs; ask.kind == SPAWN_CANCEL && j; j = j->next)
		if (j->id == ask.id)
			cancel(j);
}

static void client_new(int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	c->lf.fd = -1;
	if (!loop_add(&s.loop, &c->lf, fd, EPOLLIN, on_client))
		return;
	(void)close(fd);
	free(c);
}

static void on_main(struct loop_fd *lf, uint32_t events)
{
	uint8_t buf[64];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(lf->fd, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *cm = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	struct spawn_ask ask;
	int fd;

	(void)events;
	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
		s.is_stopping = true;
	if (n <= 0 || !spawn_ask_read(buf, (uint32_t)n, &ask))
		return;
	if (ask.kind == SPAWN_LIMIT && ask.limit_ms)
		s.running_max_n = ask.limit_ms;
	if (ask.kind == SPAWN_UMASK)
		(void)umask(ask.limit_ms & 0777);
	if (ask.kind == SPAWN_CLIENT && cm && cm->cmsg_type == SCM_RIGHTS) {
		memcpy(&fd, CMSG_DATA(cm), sizeof(fd));
		client_new(fd);
	}
	start_waiting();
}

static void turn(int64_t max_us)
{
	loop_wait(&s.loop, max_us);
	loop_run(&s.loop);
}

/* Clients see to the end of their scripts when their sockets close, which they do with vipd; what is
 * still there a while later is not waited for. */
bool spawn_run(int main_fd)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_NAME, "vipd-scripts");
	/* what could make a script another one; all else is inherited */
	(void)unsetenv("IFS");
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv("LD_LIBRARY_PATH");
	s.pid = getpid();
	s.early.last = &s.early.first;
	s.other.last = &s.other.first;
	s.running_max_n = SPAWN_AT_ONCE_N;
	s.main_fd.fd = -1;
	if (loop_init(&s.loop) || loop_add(&s.loop, &s.main_fd, main_fd, EPOLLIN, on_main))
		return false;
	while (!s.is_stopping)
		turn(SEC(1));
	loop_del(&s.loop, &s.main_fd);

	int64_t until_us = clock_now_us() + 2 * SPAWN_KILL_US;

	while (s.running_n + s.staying_n && clock_now_us() < until_us)
		turn(MS(100));
	return true;
}
