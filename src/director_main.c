/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See director.h.
 */
#include "director.h"

#include "check/results.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/admin.h"
#include "core/ops/control_verbs.h"
#include "core/ops/httpd_paths.h"
#include "core/stats.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ------------------------------------------------------------------ what others ask of it */

static const struct conf *running(void *arg)
{
	return ((struct daemon *)arg)->conf;
}

static uint64_t applied(void *arg)
{
	const struct daemon *d = arg;

	return d->told ? d->told->gen : 0;
}

static const struct conf *settled(void *arg)
{
	const struct daemon *d = arg;

	return d->told ? d->told : d->conf;
}

static bool thread_of(void *arg, uint32_t i, struct control_thread *t)
{
	const struct daemon *d = arg;
	const struct role *r = i > d->role_n ? NULL : i ? d->roles[i - 1] : &d->role;

	if (!r)
		return false;
	*t = (struct control_thread){ .name = r->name, .gen = i ? d->acked[r->id] : d->conf->gen };
	role_look(r, &t->turns, &t->cpu_us);
	return true;
}

/* ------------------------------------------------------------------ main's role */

static void on_signal(struct loop_fd *lf, uint32_t events)
{
	struct daemon *d = container_of(lf, struct daemon, signal_fd);
	struct signalfd_siginfo si;

	(void)events;
	while (read(lf->fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGHUP) {
			director_reload(d);
			continue;
		}
		if (si.ssi_signo == SIGUSR1) {
			stats_tell_late(d->late_told);
			continue;
		}
		log_event(LOG_STOP, "signal=%s", sigabbrev_np((int)si.ssi_signo));
		d->role.is_stopping = true;
	}
}

static int main_init(struct role *r)
{
	struct daemon *d = container_of(r, struct daemon, role);
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);

	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	timer_arm(&r->loop.timers, &d->start_vrrp, clock_now_us() + check_settle_us(d->conf));
	d->host = (struct control_host){ .arg = d,
					 .running = running,
					 .applied = applied,
					 .settled = settled,
					 .thread = thread_of,
					 .results = check_results,
					 .admin = d->admin,
					 .past = d->board.past,
					 .started_us = d->started_us,
					 .pid = getpid(),
					 .make = director_make_next,
					 .commit = director_commit };
	admin_start(d->admin, &r->loop);
	if (d->opt.control)
		d->control = control_start(&r->loop, d->opt.control, control_verbs, &d->host);
	d->http = httpd_start(&r->loop, &d->conf->metrics.s.listen, httpd_paths, &d->host);
	return loop_add(&r->loop, &d->signal_fd, fd, EPOLLIN, on_signal);
}

static void main_fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct daemon *d = container_of(r, struct daemon, role);

	if (type == MSG_ACK && id < ROLE_CHECK + CHECK_WORKERS_MAX)
		director_on_ack(d, id, value);
	else if (type == MSG_COUNTED)
		counter_desk_answered(&d->counters, value);
	else if (type == MSG_TOLD)
		control_poke(d->control);
}

static void main_fini(struct role *r)
{
	struct daemon *d = container_of(r, struct daemon, role);
	int fd = d->signal_fd.fd;

	httpd_stop(d->http);
	admin_stop(d->admin);
	control_stop(d->control);
	d->control = NULL;
	loop_del(&r->loop, &d->signal_fd);
	(void)close(fd);
}

const struct role_ops director_main_ops = { .init = main_init,
					    .fact = main_fact,
					    .fini = main_fini };
