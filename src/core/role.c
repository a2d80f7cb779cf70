/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See role.h. The only place where threads are made and registered with liburcu, log and counters.
 */
#include "core/role.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/life.h"
#include "core/log.h"
#include "core/stacks.h"
#include "core/stats.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	STACK_LEN = 1024 * 1024, /* of address space; only what is used is memory */
	AGAIN_US = 1000, /* until a producer that was in the middle of a post is looked at again */
};

struct start {
	struct role *role;
	sem_t is_done;
};

/* The loop need only come round again. */
static void on_again(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

int role_prepare(struct role *r)
{
	BUG_ON(strlen(r->name) > 15);
	r->loop.epoll_fd = -1;
	r->box_fd.fd = -1;
	timer_init(&r->again, on_again);
	fact_init(&r->snap_fact, MSG_SNAP, 0);
	fact_init(&r->stop_fact, MSG_STOP, 0);
	fact_init(&r->ack, MSG_ACK, r->id);
	(void)sem_init(&r->has_ended, 0, 0);
	return mbox_init(&r->box);
}

void role_release(struct role *r)
{
	mbox_fini(&r->box);
	(void)sem_destroy(&r->has_ended);
}

/* Nothing to do but to have a turn. */
static void on_box(struct loop_fd *lf, uint32_t events)
{
	(void)lf;
	(void)events;
}

static void on_fact(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	struct role *r = arg;

	if (type == MSG_STOP)
		r->is_stopping = true;
	else if (type != MSG_SNAP && r->ops->fact)
		r->ops->fact(r, type, id, value);
}

void role_adopted(struct role *r)
{
	r->is_adopting = false;
	if (r->board->main)
		fact_post(r->board->main, &r->ack, r->conf->gen);
}

static void adopt_current(struct role *r)
{
	if (!r->ops->adopt || r->is_adopting)
		return;
	snap_enter();

	struct snap *now = snap_get(&r->board->conf);
	bool is_new = now && (!r->conf || now != &r->conf->snap);

	snap_leave();
	if (!is_new || (r->ops->may_adopt && !r->ops->may_adopt(r)))
		return;

	const struct conf *old = r->conf;
	const struct conf *new = conf_hold(&r->board->conf);

	r->conf = new;
	r->ops->adopt(r, old, new);
	if (!r->is_adopting)
		role_adopted(r);
	if (old)
		conf_drop(old);
}

static void turn(struct role *r)
{
	/* in this order: see mbox_gather() */
	mbox_gather(&r->box);
	adopt_current(r);
	if (!mbox_deliver(&r->box, on_fact, r))
		timer_arm(&r->loop.timers, &r->again, clock_now_us() + AGAIN_US);
	loop_run(&r->loop);
	if (r->ops->reconcile)
		r->ops->reconcile(r);
	log_flush_held();
	/* relaxed: a reader only wants to see it move */
	atomic_fetch_add_explicit(&r->heartbeat, 1, memory_order_relaxed);
	if (r->pulse)
		atomic_fetch_add_explicit(&r->pulse->turns, 1, memory_order_relaxed);
}

static int begin(struct role *r)
{
	int err = loop_init(&r->loop);

	if (!err)
		err = loop_add(&r->loop, &r->box_fd, r->box.event_fd, EPOLLIN | EPOLLET, on_box);
	if (err)
		return err;
	if (r->ops->init)
		err = r->ops->init(r);
	if (!err)
		adopt_current(r);
	else if (r->ops->fini)
		r->ops->fini(r);
	return err;
}

/* From now on the watchdog sees whether it moves, or no more. */
static void show(struct role *r, bool is_on)
{
	if (!r->pulse)
		return;
	(void)snprintf(r->pulse->name, sizeof(r->pulse->name), "%s", r->name);
	atomic_store(&r->pulse->is_on, is_on);
}

static void run(struct role *r)
{
	show(r, true);
	while (!r->is_stopping) {
		loop_wait(&r->loop, ROLE_IDLE_US);
		turn(r);
	}
	show(r, false);
	if (r->ops->fini)
		r->ops->fini(r);
}

static void end(struct role *r)
{
	if (r->conf)
		conf_drop(r->conf);
	r->conf = NULL;
	loop_del(&r->loop, &r->box_fd);
	loop_fini(&r->loop);
}

static int thread_enter(void)
{
	snap_thread_register();

	int err = log_thread_enter();

	return err ? err : stats_thread_enter();
}

static void thread_leave(void)
{
	log_thread_leave();
	snap_thread_unregister();
}

static void tell_place(const struct role *r, const char *what, int err)
{
	if (err)
		log_event(LOG_ROLE_RT, "role=%s what=%s error=\"%s\"", r->name, what,
			  strerrordesc_np(err));
}

/* When and where it runs. What is refused is told, and it runs all the same. */
static void take_place(struct role *r)
{
	struct sched_param p = { .sched_priority = r->rt_priority };

	if (r->rt_priority)
		tell_place(r, "realtime", pthread_setschedparam(pthread_self(), SCHED_RR, &p));
	else if (r->nice)
		tell_place(r, "nice",
			   setpriority(PRIO_PROCESS, (id_t)gettid(), r->nice) ? errno : 0);
	if (CPU_COUNT(&r->cpus))
		tell_place(r, "cpus",
			   pthread_setaffinity_np(pthread_self(), sizeof(r->cpus), &r->cpus));
}

static void *thread_main(void *arg)
{
	struct start *s = arg;
	struct role *r = s->role;

	(void)pthread_setname_np(pthread_self(), r->name);
	/* the default slack of 50 us would be added to every timer */
	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);

	int err = thread_enter();

	if (!err)
		take_place(r);
	if (!err)
		err = begin(r);
	r->start_err = err;
	(void)sem_post(&s->is_done); /* s is gone after this */
	if (!err)
		run(r);
	end(r);
	thread_leave();
	(void)sem_post(&r->has_ended);
	return NULL;
}

int role_start(struct role *r)
{
	struct start s = { .role = r };
	pthread_attr_t attr;
	sigset_t all, old;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_LEN);
	(void)sem_init(&s.is_done, 0, 0);
	/* no signal on any thread: main reads them from a signalfd */
	stacks_mask(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);

	int err = pthread_create(&r->thread, &attr, thread_main, &s);

	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	if (!err) {
		while (sem_wait(&s.is_done) && errno == EINTR)
			;
		r->is_started = true;
		err = -r->start_err;
		if (err)
			(void)role_join(r, SEC(5));
	}
	(void)sem_destroy(&s.is_done);
	return -err;
}

void role_stop(struct role *r)
{
	if (r->is_started)
		fact_post(&r->box, &r->stop_fact, 1);
}

int role_join(struct role *r, int64_t limit_us)
{
	struct timespec until;

	if (!r->is_started)
		return 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);

	int64_t at_us = SEC(until.tv_sec) + until.tv_nsec / 1000 + limit_us;

	until = (struct timespec){ .tv_sec = at_us / SEC(1), .tv_nsec = at_us % SEC(1) * 1000 };

	/* a wait with a limit, then a plain join: pthread_clockjoin_np() is not known to the
	 * sanitizers */
	while (sem_clockwait(&r->has_ended, CLOCK_MONOTONIC, &until))
		if (errno != EINTR)
			return -errno;

	int err = pthread_join(r->thread, NULL);

	if (!err)
		r->is_started = false;
	return -err;
}

int role_run_here(struct role *r)
{
	int err = begin(r);

	if (!err)
		run(r);
	end(r);
	return err;
}

void role_look(const struct role *r, uint64_t *turns, int64_t *cpu_us)
{
	struct timespec ts = { 0 };
	clockid_t clock;

	*turns = atomic_load_explicit(&r->heartbeat, memory_order_relaxed);
	if (!pthread_getcpuclockid(r->is_started ? r->thread : pthread_self(), &clock))
		(void)clock_gettime(clock, &ts);
	*cpu_us = SEC(ts.tv_sec) + ts.tv_nsec / 1000;
}
