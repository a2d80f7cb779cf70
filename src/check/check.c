/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A worker of the check pool: makes the checks of its share of the servers and says what it found.
 *
 *	in	snapshots of the configuration
 *	out	HEALTH	to ipvs: the first verdict of a probe, and each change
 *
 * A probe belongs to one worker for its life (by its id), so workers share nothing. Probes are spread
 * over their interval by phase (sched.h); at most max_n run at a time, the others wait their turn,
 * and the clock of a check starts when it starts. So a busy worker checks later, and never calls a
 * server dead for it. The same holds for what this machine can't do (no descriptor, no route of its
 * own): the check counts as not made and the verdict stays.
 *
 * A reload keeps schedule, runs, counts and verdicts of what stays, and is taken over in small steps
 * between which checks go on. A worker never forks, asks no DNS
 * and touches no file.
 */
#include "check/check.h"

#include "check/probe.h"
#include "check/protos.h"
#include "check/sched.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	RUNNING_MAX_N = 16384, /* checks of a worker at the same time */
	RUNNING_MIN_N = 16, /* however few descriptors there are */
	START_TURN_N = LOOP_BATCH_N / 2, /* checks started in one turn */
	RESERVED_FDS_N = 64, /* descriptors for everything else in the process */
	WORKERS_MAX_N = 1000, /* three digits in a thread's name */
	ADOPT_TURN_N = 256, /* probes taken over in one turn: well below a millisecond */
	LOOK_TURN_N = 4096, /* others' looked at in one turn */
	LOCAL_KINDS_N = 8, /* kinds of local faults whose last log line is remembered */
	ANSWER_US = 200000, /* in which a healthy server has answered its first check */
	LOCAL_LOG_US = 60000000, /* one line for each kind in this time */
};

/* A kind of local fault, and when it was logged. */
struct local_fault {
	int err; /* 0: free */
	int64_t told_at_us;
	uint64_t n; /* since then */
};

/* A new snapshot is taken over in small steps, between which checks go on. Meanwhile each probe has its
 * settings in the one or the other. */
struct adoption {
	const struct conf *old; /* holds a reference; NULL: there was none */
	uint32_t next; /* the first in conf->probe that was not looked at */
	uint32_t retired; /* places of the worker's old list that were looked at */
	struct arena arena; /* what becomes the worker's at the end */
	struct idmap by_id;
	struct probe **probe;
	uint32_t probe_n;
};

struct check {
	struct role role;
	char name[16];
	unsigned index, n; /* of the pool */
	struct engine engine;
	struct arena arena; /* of by_id */
	struct idmap by_id; /* probe id -> place in probe[] */
	struct probe **probe;
	uint32_t probe_n;
	uint32_t max_n; /* checks at the same time */
	struct probe_queue waiting;
	struct timer more; /* for the next turn: some still wait, and there is room */
	struct probe *gone; /* zombies: their fact is still queued */
	struct local_fault local[LOCAL_KINDS_N];
	struct adoption adoption; /* while role.is_adopting */
};

/* A probe's settings in a snapshot. */
struct setting {
	const struct conf_check *check;
	const struct conf_rs *rs;
	const struct conf_vs *vs;
};

static struct setting setting_in(const struct conf *conf, uint32_t index)
{
	const struct conf_probe *cp = &conf->probe[index];
	const struct conf_rs *rs = &conf->rs[cp->rs];

	return (struct setting){ .check = &conf->check[cp->check],
				 .rs = rs,
				 .vs = &conf->vs[rs->vs] };
}

static struct setting setting_of(const struct check *c, const struct probe *p)
{
	const struct conf *old = c->adoption.old;

	return setting_in(old && p->gen == old->gen ? old : c->role.conf, p->index);
}

/* ---- results ---- */

static const char *verdict_name(uint8_t verdict)
{
	switch ((enum health_verdict)verdict) {
	case HEALTH_UNKNOWN:
		return "unknown";
	case HEALTH_DOWN:
		return "down";
	case HEALTH_UP:
		return "up";
	}
	return "unknown";
}

static void log_verdict(struct check *c, const struct probe *p, const struct run_result *res)
{
	struct setting s = setting_of(c, p);
	char rs[ADDR_PORT_TEXT_LEN];

	log_event(LOG_SERVER_CHECK, "vs=%s rs=%s check=%s reason=%s code=%u us=%u verdict=%s",
		  s.vs->s.name, addr_port_text(&s.rs->s.addr, s.rs->s.port, rs),
		  proto_of(s.check->s.type)->name, reason_name(res->reason), res->code,
		  res->duration_us, verdict_name(p->health.verdict));
}

static void post_verdict(struct check *c, struct probe *p, const struct run_result *res)
{
	struct health h = {
		.verdict = p->health.verdict,
		.reason = (uint8_t)res->reason,
		.code = res->code,
		.duration_us = res->duration_us,
	};

	if (c->role.board->ipvs)
		fact_post(c->role.board->ipvs, &p->fact, health_pack(h));
}

/* The entry for this kind, or the one told longest ago. */
static struct local_fault *fault_of(struct check *c, int err)
{
	struct local_fault *f = &c->local[0];

	for (unsigned i = 0; i < LOCAL_KINDS_N; i++) {
		if (c->local[i].err == err)
			return &c->local[i];
		if (c->local[i].told_at_us < f->told_at_us)
			f = &c->local[i];
	}
	*f = (struct local_fault){ .err = err };
	return f;
}

static void note_local(struct check *c, const struct probe *p, int err)
{
	struct local_fault *f = fault_of(c, err);
	int64_t now_us = clock_now_us();

	stats_add(STAT_CHECKS_LOCAL_FAULT, 1);
	f->n++;
	if (f->told_at_us && now_us - f->told_at_us < LOCAL_LOG_US)
		return;

	struct setting s = setting_of(c, p);
	char rs[ADDR_PORT_TEXT_LEN];

	log_event(LOG_CHECK_LOCAL, "error=%s count=%llu vs=%s rs=%s check=%s",
		  err == -ETIME ? "STALLED" : strerrorname_np(-err), (unsigned long long)f->n,
		  s.vs->s.name, addr_port_text(&s.rs->s.addr, s.rs->s.port, rs),
		  proto_of(s.check->s.type)->name);
	f->told_at_us = now_us;
	f->n = 0;
}

static uint32_t phase_of(const struct check *c, const struct probe *p)
{
	return sched_phase(p->id.v, c->n);
}

static void schedule(struct check *c, struct probe *p, int64_t after_us)
{
	struct setting s = setting_of(c, p);
	int64_t grid_us = s.check->s.interval_us;

	if (p->health.verdict == HEALTH_UNKNOWN && p->state == PROBE_COLD)
		grid_us = sched_first_us(grid_us, c->role.conf->probe_n);

	int64_t at_us = sched_next(after_us, grid_us, phase_of(c, p));

	if (p->state != PROBE_SCHEDULED)
		probe_set_state(p, PROBE_SCHEDULED);
	timer_arm(&c->role.loop.timers, &p->due, at_us);
}

/* The end of a check, whose state is still RUNNING. */
static void conclude(struct check *c, struct probe *p, const struct run_result *res)
{
	struct setting s = setting_of(c, p);

	p->run = NULL;
	stats_add(STAT_CHECKS, 1);
	if (res->reason == REASON_SOCKERR) {
		note_local(c, p, res->local_err);
	} else if (health_step(&p->health, reason_verdict(res->reason) == HEALTH_UP,
			       s.check->s.rise_n, s.check->s.fall_n)) {
		post_verdict(c, p, res);
		log_verdict(c, p, res);
	}
	schedule(c, p, clock_now_us());
}

/* ---- schedule ---- */

static void on_done(void *owner, const struct run_result *res)
{
	struct probe *p = owner;

	conclude(p->worker, p, res);
}

static void start(struct check *c, struct probe *p)
{
	struct setting s = setting_of(c, p);
	struct run_result res;

	stats_late(LATE_CHECK, clock_now_us() - p->due.at_us);
	probe_set_state(p, PROBE_RUNNING);
	p->run = run_start(&c->engine, proto_of(s.check->s.type), s.rs, s.check, p, &res);
	if (!p->run)
		conclude(c, p, &res);
}

static void on_due(struct timer *t, int64_t now_us)
{
	struct probe *p = container_of(t, struct probe, due);

	(void)now_us;
	probe_set_state(p, PROBE_WAITING);
	probe_queue_put(&p->worker->waiting, p);
}

/* The turn that it makes ends with reconcile(). */
static void on_more(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

/* A turn starts fewer checks than the answers it can serve, so that a worker with too much to do
 * falls behind with its starts and not with what it has started. */
static void start_waiting(struct check *c)
{
	for (unsigned i = 0; i < START_TURN_N && c->engine.running_n < c->max_n; i++) {
		struct probe *p = probe_queue_take(&c->waiting);

		if (!p)
			return;
		start(c, p);
	}
	if (c->waiting.head && c->engine.running_n < c->max_n)
		timer_arm(&c->role.loop.timers, &c->more, clock_now_us());
}

/* ---- snapshots ---- */

/* Out of whatever it does; SCHEDULED, with no timer armed, or COLD. */
static void halt(struct check *c, struct probe *p)
{
	switch ((enum probe_state)p->state) {
	case PROBE_WAITING:
		probe_queue_remove(&c->waiting, p);
		probe_set_state(p, PROBE_SCHEDULED);
		break;
	case PROBE_RUNNING:
		run_abort(p->run);
		p->run = NULL;
		probe_set_state(p, PROBE_SCHEDULED);
		break;
	case PROBE_COLD:
	case PROBE_SCHEDULED:
	case PROBE_GONE:
	case PROBE_STATE_N:
		break;
	}
	timer_disarm(&c->role.loop.timers, &p->due);
}

static void retire(struct check *c, struct probe *p)
{
	halt(c, p);
	probe_set_state(p, PROBE_GONE);
	p->next = c->gone;
	c->gone = p;
}

static void reap(struct check *c)
{
	struct probe **at = &c->gone;

	while (*at) {
		struct probe *p = *at;

		if (fact_is_idle(&p->fact)) {
			*at = p->next;
			probe_free(p);
		} else {
			at = &p->next;
		}
	}
}

/* A probe that stays asks the same of the same server (else it would have another id). Its running
 * check sees the new settings from now on, but for its deadline. */
static void keep(struct check *c, struct probe *p, uint32_t index)
{
	struct setting was = setting_of(c, p), is = setting_in(c->role.conf, index);

	p->index = index;
	p->gen = c->role.conf->gen;
	if (p->run) {
		p->run->check = is.check;
		p->run->rs = is.rs;
	}
	if (p->state != PROBE_SCHEDULED || was.check->s.interval_us == is.check->s.interval_us)
		return;

	/* sooner when the new interval asks for it; never later, lest reloads keep it from running */
	int64_t at_us = sched_next(clock_now_us(), is.check->s.interval_us, phase_of(c, p));

	if (at_us < p->due.at_us)
		timer_arm(&c->role.loop.timers, &p->due, at_us);
}

/* One probe of the new snapshot: the one that we have, or a new one. */
static struct probe *join(struct check *c, uint32_t index)
{
	const struct conf *new = c->role.conf;
	struct probe_id id = new->probe[index].id;
	uint32_t at = c->probe_n ? idmap_find(&c->by_id, id.v) : IDMAP_NONE;
	struct probe *p;

	if (at != IDMAP_NONE) {
		p = c->probe[at];
		c->probe[at] = NULL; /* what is left over in the end is gone */
		keep(c, p, index);
		return p;
	}
	p = probe_new(c, id, on_due);
	p->index = index;
	p->gen = new->gen;
	schedule(c, p, clock_now_us());
	return p;
}

static bool is_mine(const struct check *c, struct probe_id id)
{
	return sched_worker(id.v, c->n) == c->index;
}

static uint32_t count_mine(const struct check *c, const struct conf *conf)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->probe_n; i++)
		n += is_mine(c, conf->probe[i].id);
	return n;
}

static void adopt_end(struct check *c)
{
	struct adoption *a = &c->adoption;

	free(c->probe);
	arena_fini(&c->arena);
	c->probe = a->probe;
	c->probe_n = a->probe_n;
	c->arena = a->arena;
	c->by_id = a->by_id;
	if (a->old)
		conf_drop(a->old);
	*a = (struct adoption){ .old = NULL };
	role_adopted(&c->role);
}

/* First those of the new snapshot, then what is left of the old one. */
static void adopt_some(struct check *c)
{
	const struct conf *new = c->role.conf;
	struct adoption *a = &c->adoption;
	uint32_t left = ADOPT_TURN_N, look = LOOK_TURN_N;

	for (; a->next < new->probe_n &&left &&look; a->next++, look--) {
		if (!is_mine(c, new->probe[a->next].id))
			continue;
		a->probe[a->probe_n] = join(c, a->next);
		idmap_put(&a->by_id, new->probe[a->next].id.v, a->probe_n++);
		left--;
	}
	for (; a->next == new->probe_n && a->retired < c->probe_n &&left &&look;
	     a->retired++, look--) {
		if (!c->probe[a->retired])
			continue;
		retire(c, c->probe[a->retired]);
		left--;
	}
	if (a->next == new->probe_n && a->retired == c->probe_n)
		adopt_end(c);
	/* also when it is done: a newer snapshot may have come meanwhile */
	timer_arm(&c->role.loop.timers, &c->more, clock_now_us());
}

static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct check *c = container_of(r, struct check, role);
	uint32_t n = count_mine(c, new);
	struct adoption *a = &c->adoption;

	*a = (struct adoption){ .old = old };
	if (old)
		conf_hold_again(old);
	a->probe = reallocarray(NULL, (size_t)n + 1, sizeof(struct probe *));
	BUG_ON(!a->probe);
	arena_init(&a->arena);
	idmap_init(&a->by_id, &a->arena, n);
	r->is_adopting = true;
	timer_arm(&r->loop.timers, &c->more, clock_now_us());
}

/* At the end, in the middle of it: the worker has what it has joined so far, and what is left. */
static void adopt_stop(struct check *c)
{
	struct adoption *a = &c->adoption;

	for (uint32_t i = a->retired; i < c->probe_n; i++)
		if (c->probe[i])
			retire(c, c->probe[i]);
	adopt_end(c);
}

/* ---- the role ---- */

static uint32_t room(const struct check *c)
{
	struct rlimit lim;
	rlim_t n = RUNNING_MAX_N;

	if (!getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_cur < RLIM_INFINITY)
		n = lim.rlim_cur > RESERVED_FDS_N ? (lim.rlim_cur - RESERVED_FDS_N) / c->n : 0;
	if (n < RUNNING_MIN_N)
		n = RUNNING_MIN_N;
	return n < RUNNING_MAX_N ? (uint32_t)n : RUNNING_MAX_N;
}

static int init(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	engine_init(&c->engine, &r->loop, on_done);
	timer_init(&c->more, on_more);
	c->max_n = room(c);
	return 0;
}

static void reconcile(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	start_waiting(c);
	if (r->is_adopting)
		adopt_some(c);
	if (c->gone)
		reap(c);
}

static void fini(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	if (r->is_adopting)
		adopt_stop(c);
	for (uint32_t i = 0; i < c->probe_n; i++)
		retire(c, c->probe[i]);
	c->probe_n = 0;
	timer_disarm(&r->loop.timers, &c->more);
	engine_fini(&c->engine);
}

static const struct role_ops ops = {
	.init = init,
	.adopt = adopt,
	.reconcile = reconcile,
	.fini = fini,
};

int64_t check_settle_us(const struct conf *c)
{
	if (!c->probe_n)
		return 0;
	return sched_first_us(SEC(CHECK_SETTLE_MAX_S), c->probe_n) + ANSWER_US;
}

struct check *check_new(struct board *board, unsigned index, unsigned n)
{
	struct check *c = calloc(1, sizeof(*c));

	BUG_ON(!c || index >= n || index >= WORKERS_MAX_N);
	(void)snprintf(c->name, sizeof(c->name), "vipd-check-%u", index);
	c->index = index;
	c->n = n;
	c->role = (struct role){ .name = c->name,
				 .id = (enum role_id)(ROLE_CHECK + index),
				 .ops = &ops,
				 .board = board };
	arena_init(&c->arena);
	return c;
}

struct role *check_role(struct check *c)
{
	return &c->role;
}

void check_free(struct check *c)
{
	while (c->gone) {
		struct probe *p = c->gone;

		c->gone = p->next;
		probe_free(p);
	}
	free(c->probe);
	arena_fini(&c->arena);
	free(c);
}
