/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See director.h.
 */
#include "director.h"

#include "check/results.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/admin.h"
#include "core/ops/httpd_paths.h"
#include "core/ops/sd.h"
#include "core/stats.h"
#include "core/status.h"
#include "vrrp/fsm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { STATUS_EVERY_S = 2 };

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

/* ------------------------------------------------------------------ what it tells systemd */

static void make_status(const struct daemon *d, char text[static LIFE_STATUS_LEN])
{
	const struct conf *c = d->conf;
	uint32_t active_n = 0, fault_n = 0, up_n = 0;

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		uint8_t state = status_inst_unpack(STATUS_LOAD(&c->status->inst[i].word)).state;

		active_n += state == VRRP_ACTIVE;
		fault_n += state == VRRP_FAULT;
	}
	for (uint32_t i = 0; i < c->rs_n; i++)
		up_n += status_rs_unpack(STATUS_LOAD(&c->status->rs[i].word)).verdict == HEALTH_UP;
	(void)snprintf(text, LIFE_STATUS_LEN,
		       "generation %llu; %u of %u instances ACTIVE, %u in FAULT; %u of %u servers "
		       "up",
		       (unsigned long long)c->gen, active_n, c->vrrp_n, fault_n, up_n, c->rs_n);
}

static void tell(struct daemon *d)
{
	char text[LIFE_STATUS_LEN];

	make_status(d, text);
	if (!strcmp(text, d->status_text))
		return;
	memcpy(d->status_text, text, sizeof(text));
	life_status(d->life, text);
	if (!d->life)
		sd_say("STATUS=%s", text);
}

void director_on_status(struct timer *t, int64_t now_us)
{
	struct daemon *d = container_of(t, struct daemon, status);

	tell(d);
	timer_arm(&d->role.loop.timers, t, now_us + SEC(STATUS_EVERY_S));
}

void director_tell_ready(struct daemon *d)
{
	if (d->is_ready_said || !d->is_vrrp_started || d->told != d->conf)
		return;
	d->is_ready_said = true;
	tell(d);
	life_phase(d->life, LIFE_READY);
	if (!d->life)
		sd_say("READY=1");
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
		if (si.ssi_signo == (uint32_t)WATCHDOG_GONE_SIGNAL) {
			log_event(LOG_WATCHDOG_GONE, "%s", "");
			continue;
		}
		log_event(LOG_STOP, "signal=%s", sigabbrev_np((int)si.ssi_signo));
		d->role.is_stopping = true;
		life_phase(d->life, LIFE_STOPPING);
		if (!d->life)
			sd_say("STOPPING=1");
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
	(void)sigaddset(&set, WATCHDOG_GONE_SIGNAL);

	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	timer_arm(&r->loop.timers, &d->start_vrrp,
		  clock_now_us() + (d->goes_on ? 0 : check_settle_us(d->conf)));
	timer_arm(&r->loop.timers, &d->status, clock_now_us() + SEC(STATUS_EVERY_S));
	d->host = (struct control_host){ .arg = d,
					 .running = running,
					 .applied = applied,
					 .settled = settled,
					 .thread = thread_of,
					 .results = check_results,
					 .probed_us = check_probed_us,
					 .admin = d->admin,
					 .role = r,
					 .counters = &d->counters,
					 .started_us = d->started_us,
					 .pid = getpid(),
					 .make = director_make_next,
					 .commit = director_commit };
	admin_start(d->admin, &r->loop);
	d->control = control_open(&r->loop, d->opt.control, &d->conf->api, &d->host);
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
	control_poke(d->control); /* each may be what an answer waits for */
	httpd_poke(d->http);
}

static void main_reconcile(struct role *r)
{
	record_alive(&container_of(r, struct daemon, role)->record, clock_now_us());
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

const struct role_ops director_main_ops = {
	.init = main_init, .fact = main_fact, .reconcile = main_reconcile, .fini = main_fini
};
