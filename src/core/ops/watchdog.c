/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See watchdog.h. One thread, one poll(): signals (a signalfd), the director's pokes (an eventfd, life.h),
 * and a look at the roles four times a second.
 *
 * The director is a fork without exec: it has the shared memory, and its program lies at the same addresses,
 * so that the watchdog can name the frames of its stacks. What the director leaves (the helper that runs
 * scripts, and scripts) becomes the watchdog's: it is their subreaper, and nothing stays as a zombie.
 */
#include "core/ops/watchdog.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/pidfile.h"
#include "core/ops/record_file.h"
#include "core/ops/sd.h"
#include "core/ops/watch.h"
#include "core/ops/watchdog_stacks.h"
#include "core/ops/watchdog_tell.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum { ARGS_MAX_N = 64 };

#define UPGRADE_ENV "VIPD_UPGRADE" /* from the program before an upgrade to the one after it */

struct watchdog {
	const struct watchdog_ask *ask;
	struct watchdog_share share;
	int signal_fd;
	char program[PATH_MAX]; /* of this process, as it was at its start */

	pid_t pid; /* of the director; 0: none runs */
	pid_t check_pid; /* of an upgrade's look at the file; 0: none */
	int64_t started_us, start_at_us; /* of the director; of the next one */
	int64_t looked_us, fed_us;
	bool any_ready, was_ready, was_asked, was_stuck, must_exec;
	bool is_upgrade_asked; /* too early: when the director works */
	bool is_tidying, is_tidy_asked; /* a director that only cleans up */
	bool is_child; /* this is a director now */
	unsigned quick_n, status_n, reloads_n;
	bool is_reloading;
	struct watch_pulse pulse[LIFE_PULSES_N];
};

static enum life_phase phase_of(const struct watchdog *w)
{
	return (enum life_phase)atomic_load(&w->share.life->phase);
}

/* ------------------------------------------------------------------ systemd */

static void say_status(struct watchdog *w)
{
	struct life *l = w->share.life;
	unsigned n = atomic_load(&l->status_n);
	char text[LIFE_STATUS_LEN];

	if (n == w->status_n)
		return;
	w->status_n = n;
	memcpy(text, l->status[n % 2], sizeof(text));
	text[sizeof(text) - 1] = '\0';
	text[strcspn(text, "\n")] = '\0';
	sd_say("STATUS=%s", text);
}

static void say_reload(struct watchdog *w)
{
	unsigned n = atomic_load(&w->share.life->reloads_n);
	bool is_on = atomic_load(&w->share.life->reload_us) != 0;

	if (n != w->reloads_n) {
		w->reloads_n = n;
		w->is_reloading = true;
		sd_say("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_now_us());
	}
	if (w->is_reloading && !is_on) {
		w->is_reloading = false;
		sd_say("READY=1");
	}
}

static void say_phase(struct watchdog *w)
{
	if (phase_of(w) != LIFE_READY || w->was_ready)
		return;
	w->was_ready = w->any_ready = true;
	sd_say("READY=1\nMAINPID=%d", (int)getpid());
}

static void feed(struct watchdog *w, int64_t now_us)
{
	int64_t every_us = sd_watchdog_us() / 4;

	if (!every_us || now_us - w->fed_us < every_us)
		return;
	w->fed_us = now_us;
	sd_say("WATCHDOG=1");
}

/* ------------------------------------------------------------------ the director */

static void forget(struct watchdog *w)
{
	struct life *l = w->share.life;
	int poke_fd = l->poke_fd;

	memset(l, 0, sizeof(*l));
	l->poke_fd = poke_fd;
	memset(w->pulse, 0, sizeof(w->pulse));
	w->status_n = w->reloads_n = 0;
	w->was_ready = w->was_stuck = w->is_reloading = false;
	w->started_us = w->looked_us = clock_now_us();
	w->start_at_us = 0;
}

/* In the child: what is the watchdog's alone goes; its end is a signal from now on. */
static int be_director(struct watchdog *w, pid_t parent)
{
	w->is_child = true;
	(void)prctl(PR_SET_NAME, "vipd");
	(void)close(w->signal_fd);
	(void)prctl(PR_SET_PDEATHSIG, WATCHDOG_GONE_SIGNAL);
	if (getppid() != parent)
		(void)raise(WATCHDOG_GONE_SIGNAL);
	record_file_hold();
	return w->ask->run(w->ask->arg, &w->share);
}

/* In the director it returns its exit status, else -1. */
static int start(struct watchdog *w)
{
	pid_t parent = getpid(), pid;

	forget(w);
	w->share.is_again |= w->any_ready;
	pid = fork();
	if (!pid)
		return be_director(w, parent);
	if (pid < 0) {
		WATCHDOG_TELL(LOG_DIED, "error=\"fork: %s\" again_ms=%lld", strerrordesc_np(errno),
			      (long long)WATCH_WAIT_MAX_US / 1000);
		w->start_at_us = clock_now_us() + WATCH_WAIT_MAX_US;
		return -1;
	}
	w->pid = pid;
	if (w->any_ready)
		WATCHDOG_TELL(LOG_AGAIN, "pid=%d", (int)pid);
	return -1;
}

static void tell_end(const struct watchdog *w, int status, const struct watch_next *next)
{
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
	long long lived_ms = (clock_now_us() - w->started_us) / 1000,
		  again_ms = next->wait_us / 1000;

	if (!WIFSIGNALED(status))
		WATCHDOG_TELL(LOG_DIED, "pid=%d status=%d lived_ms=%lld again_ms=%lld", (int)w->pid,
			      WEXITSTATUS(status), lived_ms, again_ms);
	else
		WATCHDOG_TELL(LOG_DIED, "pid=%d signal=%s lived_ms=%lld again_ms=%lld", (int)w->pid,
			      name ? name : "?", lived_ms, again_ms);
}

static void upgrade_exec(struct watchdog *w)
{
	pidfile_remove(w->ask->pid_file);
	sd_say("STATUS=upgrading");
	sd_restore();
	(void)setenv(UPGRADE_ENV, "1", 1);
	(void)execv(w->program, w->ask->argv);
	WATCHDOG_TELL(LOG_UPGRADE, "program=%s error=\"%s\"", w->program, strerrordesc_np(errno));
	(void)unsetenv(UPGRADE_ENV);
	sd_init();
	pidfile_write(w->ask->pid_file);
}

/* It is to end, and the last director had no time to clean up: another one takes over what it has left, and
 * is told to end when it has. */
static void tidy(struct watchdog *w)
{
	w->is_tidying = true;
	w->start_at_us = clock_now_us();
}

static void ask_tidy(struct watchdog *w)
{
	if (!w->is_tidying || w->is_tidy_asked || !w->pid || phase_of(w) != LIFE_READY)
		return;
	w->is_tidy_asked = true;
	(void)kill(w->pid, SIGTERM);
}

static bool must_tidy(const struct watchdog *w)
{
	return w->any_ready && !w->is_tidying;
}

/* True: the watchdog ends, with *exit_status. */
static bool on_end(struct watchdog *w, int status, int *exit_status)
{
	struct watch_end e = {
		.status = status,
		.lived_us = clock_now_us() - w->started_us,
		.was_ready = w->was_ready,
		.any_ready = w->any_ready,
		.was_asked = w->was_asked,
		.was_stuck = w->was_stuck,
		.quick_n = w->quick_n,
	};
	struct watch_next next = watch_next(&e);

	*exit_status = next.status;
	if (w->must_exec && !w->was_asked) {
		w->must_exec = false;
		upgrade_exec(
			w); /* returns when there is no such program: the director that was goes on */
		next = (struct watch_next){ .must_start = true };
	} else if (next.must_start) {
		tell_end(w, status, &next);
	}
	w->pid = 0;
	if (w->was_asked && WIFSIGNALED(status) && must_tidy(w)) {
		tidy(w);
		return false;
	}
	if (!next.must_start)
		return true;
	w->quick_n = next.quick_n;
	w->start_at_us = clock_now_us() + next.wait_us;
	sd_say("STATUS=the director has ended; the next one starts in %lld ms",
	       (long long)next.wait_us / 1000);
	return false;
}

/* ------------------------------------------------------------------ upgrade */

static void quote_upgrade(struct watchdog *w, char **argv)
{
	unsigned n = 0;

	argv[n++] = w->program;
	argv[n++] = (char[]){ "--check" };
	for (unsigned i = 1; w->ask->argv[i] && n + 1 < ARGS_MAX_N; i++)
		argv[n++] = w->ask->argv[i];
	argv[n] = NULL;
}

/* The new program first says whether it takes the file. */
static void upgrade_check(struct watchdog *w)
{
	char *argv[ARGS_MAX_N];
	sigset_t none;

	if (!w->ask->record || w->share.not_file) { /* the record would not outlive this process */
		WATCHDOG_TELL(LOG_UPGRADE,
			      "program=%s error=\"there is no file for the hand-over\"",
			      w->program);
		return;
	}
	w->is_upgrade_asked = !w->was_ready;
	if (!w->was_ready || w->check_pid || w->was_asked)
		return;
	w->check_pid = fork();
	if (w->check_pid < 0) {
		WATCHDOG_TELL(LOG_UPGRADE, "program=%s error=\"%s\"", w->program,
			      strerrordesc_np(errno));
		w->check_pid = 0;
	}
	if (w->check_pid)
		return;
	quote_upgrade(w, argv);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv(w->program, argv);
	_exit(127);
}

static void upgrade_end(struct watchdog *w, int status)
{
	bool is_good = WIFEXITED(status) && !WEXITSTATUS(status);

	w->check_pid = 0;
	WATCHDOG_TELL(LOG_UPGRADE, "program=%s check=%s", w->program, is_good ? "good" : "refused");
	if (!is_good || !w->pid)
		return;
	w->must_exec = true;
	(void)kill(w->pid, SIGKILL);
}

/* ------------------------------------------------------------------ news */

/* True: it ends. */
static bool reap(struct watchdog *w, int *exit_status)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == w->check_pid)
			upgrade_end(w, status);
		else if (pid == w->pid && on_end(w, status, exit_status))
			return true;
	}
	return false;
}

/* True: it ends. */
static bool on_signal(struct watchdog *w, int number, int *exit_status)
{
	bool is_stop = number == SIGTERM || number == SIGINT;

	if (number == SIGCHLD)
		return reap(w, exit_status);
	if (is_stop) {
		w->was_asked = true;
		sd_say("STOPPING=1\nSTATUS=stopping");
	}
	if (number == SIGUSR2)
		upgrade_check(w);
	else if (w->pid)
		(void)kill(w->pid, number);
	if (!is_stop || w->pid)
		return false;
	/* none runs: it waited to start one */
	*exit_status = EXIT_SUCCESS;
	if (!must_tidy(w))
		return !w->is_tidying;
	tidy(w);
	return false;
}

static bool take_signals(struct watchdog *w, int *exit_status)
{
	struct signalfd_siginfo si;

	while (read(w->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		if (on_signal(w, (int)si.ssi_signo, exit_status))
			return true;
	return false;
}

static void kill_stuck(struct watchdog *w, const struct life_pulse *p, int64_t still_us)
{
	char name[LIFE_NAME_LEN];

	memcpy(name, p->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	WATCHDOG_TELL(LOG_ROLE_STALLED, "role=%s still_ms=%lld pid=%d", name,
		      (long long)still_us / 1000, (int)w->pid);
	watchdog_stacks(w->pid, w->share.life);
	w->was_stuck = true;
	(void)kill(w->pid, SIGKILL);
}

/* Does every role move? */
static void look(struct watchdog *w, int64_t now_us)
{
	int64_t tick_us = now_us - w->looked_us;

	if (tick_us < WATCH_TICK_US)
		return;
	w->looked_us = now_us;
	if (!w->pid || w->was_stuck || phase_of(w) == LIFE_STOPPING || w->was_asked)
		return;
	for (unsigned i = 0; i < LIFE_PULSES_N; i++) {
		struct life_pulse *p = &w->share.life->pulse[i];
		int64_t limit_us = w->ask->stall_us * (i ? 1 : WATCH_MAIN_TIMES);

		if (!atomic_load(&p->is_on))
			w->pulse[i] = (struct watch_pulse){ .still_us = 0 };
		else if (watch_is_stuck(&w->pulse[i], atomic_load(&p->turns), tick_us, limit_us)) {
			kill_stuck(w, p, w->pulse[i].still_us);
			return;
		}
	}
	feed(w, now_us);
}

static void take_pokes(struct watchdog *w)
{
	uint64_t junk;
	ssize_t n = read(w->share.life->poke_fd, &junk, sizeof(junk));

	(void)n;
	say_phase(w);
	say_reload(w);
	say_status(w);
}

/* ------------------------------------------------------------------ begin and end */

static int timeout_ms(const struct watchdog *w)
{
	int64_t us = w->start_at_us ? w->start_at_us - clock_now_us() : WATCH_TICK_US;

	return us <= 0 ? 0 : us < WATCH_TICK_US ? (int)(us / 1000) + 1 : WATCH_TICK_US / 1000;
}

static int serve(struct watchdog *w)
{
	struct pollfd p[2] = { { .fd = w->signal_fd, .events = POLLIN },
			       { .fd = w->share.life->poke_fd, .events = POLLIN } };
	int status = start(w);

	while (!w->is_child) {
		(void)poll(p, 2, timeout_ms(w));
		take_pokes(w); /* first: what a director said before it died */
		ask_tidy(w);
		if (w->is_upgrade_asked && w->was_ready)
			upgrade_check(w);
		if (take_signals(w, &status))
			break;
		look(w, clock_now_us());
		if (!w->pid && w->start_at_us && clock_now_us() >= w->start_at_us)
			status = start(w);
	}
	return status;
}

static bool open_all(struct watchdog *w)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD };
	struct life *l =
		mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ssize_t n = readlink("/proc/self/exe", w->program, sizeof(w->program) - 1);
	sigset_t set, all;

	if (l == MAP_FAILED)
		return false;
	w->program[n < 0 ? 0 : n] = '\0';
	w->share.is_again = getenv(UPGRADE_ENV);
	(void)unsetenv(UPGRADE_ENV);
	l->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->share.life = l;
	w->share.mem = record_file_open(w->ask->record, &w->share.not_file);
	(void)sigemptyset(&set);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		(void)sigaddset(&set, numbers[i]);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	w->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return l->poke_fd >= 0 && w->signal_fd >= 0;
}

int watchdog_run(const struct watchdog_ask *ask)
{
	static struct watchdog w; /* for the director too: it runs inside of serve() */
	int status;

	w.ask = ask;
	if (!open_all(&w)) {
		WATCHDOG_TELL(LOG_DIED, "error=\"%s\"", strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
	(void)prctl(PR_SET_NAME, "vipd-watchdog");
	pidfile_write(ask->pid_file);
	status = serve(&w);
	if (!w.is_child)
		pidfile_remove(ask->pid_file);
	return status;
}
