/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A worker of the check pool: makes the checks of its share of the servers and says what it found.
 *
 *	in	snapshots of the configuration
 *		RESUME	of ipvs: suspended services have come to this router
 *		TRACK	from the tracker: numbers of files
 *		PROBE_NOW	of main: somebody wants to know now
 *	out	HEALTH	to ipvs: the first verdict of a probe, and each change
 *
 * A probe belongs to one worker for its life (conf_share.h), so workers share nothing. Probes are spread
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

#include "check/sched.h"
#include "check/worker.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/idmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	RUNNING_MAX_N = 16384, /* checks of a worker at the same time */
	RUNNING_MIN_N = 16, /* however few descriptors there are */
	KEPT_MAX_N = 1000000, /* connections of a worker that wait for the next check */
	RESERVED_FDS_N = 64, /* descriptors for everything else in the process */
	WORKERS_MAX_N = 1000, /* three digits in a thread's name */
	ADOPT_TURN_N = 256, /* probes taken over in one turn: well below a millisecond */
	LOOK_TURN_N = 4096, /* others' looked at in one turn */
	ANSWER_US = 200000, /* in which a healthy server has answered its first check */
};

/* The turn that it makes ends with reconcile(). */
static void on_more(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

/* ---- snapshots ---- */

static void retire(struct check *c, struct probe *p)
{
	work_halt(c, p);
	while (p->followers) /* they are on their way out too */
		probe_unfollow(p->followers);
	files_leave(p);
	if (p->more)
		run_keep_drop(&p->more->keep);
	probe_set_state(p, PROBE_GONE);
	p->next = c->gone;
	c->gone = p;
}

static void reap(struct check *c)
{
	struct probe **at = &c->gone;

	while (*at) {
		struct probe *p = *at;

		if (probe_is_idle(p)) {
			*at = p->next;
			probe_free(p);
		} else {
			at = &p->next;
		}
	}
}

/* Main may look at it from now on (check_seen()). */
static void show(const struct conf *conf, uint32_t index, struct probe *p)
{
	struct probe *_Atomic *shown = conf->check_run;

	if (shown)
		atomic_store_explicit(&shown[index], p, memory_order_release);
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
		work_keep(c, p, index);
		return p;
	}
	return work_probe_new(c, id, index);
}

static uint32_t leader_of(const struct conf_probe *cp)
{
	return cp->leader.v ? cp->leader.v : cp->id.v;
}

static bool is_mine(const struct check *c, const struct conf_probe *cp)
{
	return cp->worker == c->index;
}

static uint32_t count_mine(const struct check *c, const struct conf *conf)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->probe_n; i++)
		n += is_mine(c, &conf->probe[i]);
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
	files_prune(&c->files, c->role.conf);
	role_adopted(&c->role);
}

static void link_one(struct check *c, struct probe *p)
{
	uint32_t leader = leader_of(&c->role.conf->probe[p->index]);
	uint32_t at = idmap_find(&c->adoption.by_id, leader);

	BUG_ON(at == IDMAP_NONE);
	work_link(c, p, c->adoption.probe[at]);
}

/* First those of the new snapshot, then who leads whom, then what is left of the old one. */
static void adopt_some(struct check *c)
{
	const struct conf *new = c->role.conf;
	struct adoption *a = &c->adoption;
	uint32_t left = ADOPT_TURN_N, look = LOOK_TURN_N;

	for (; a->next < new->probe_n &&left &&look; a->next++, look--) {
		if (!is_mine(c, &new->probe[a->next]))
			continue;
		a->probe[a->probe_n] = join(c, a->next);
		show(new, a->next, a->probe[a->probe_n]);
		idmap_put(&a->by_id, new->probe[a->next].id.v, a->probe_n++);
		left--;
	}
	for (; a->next == new->probe_n && a->linked < a->probe_n &&left; a->linked++, left--)
		link_one(c, a->probe[a->linked]);
	for (; a->next == new->probe_n && a->linked == a->probe_n &&
	       a->retired < c->probe_n &&left &&look;
	     a->retired++, look--) {
		if (!c->probe[a->retired])
			continue;
		retire(c, c->probe[a->retired]);
		left--;
	}
	if (a->next == new->probe_n && a->linked == a->probe_n && a->retired == c->probe_n)
		adopt_end(c);
	/* also when it is done: a newer snapshot may have come meanwhile */
	timer_arm(&c->role.loop.timers, &c->more, clock_now_us());
}

/* Checks at the same time: what the settings allow, as far as there are descriptors; the rest of those is
 * for kept connections. */
static uint32_t room(struct check *c)
{
	uint32_t want = c->role.conf ? c->role.conf->workers.s.inflight_max / c->n : RUNNING_MAX_N;
	struct rlimit lim;
	rlim_t n = RLIM_INFINITY;

	if (!getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_cur < RLIM_INFINITY)
		n = lim.rlim_cur > RESERVED_FDS_N ? (lim.rlim_cur - RESERVED_FDS_N) / c->n : 0;
	if (want > RUNNING_MAX_N)
		want = RUNNING_MAX_N;
	if (want > n)
		want = (uint32_t)n;
	if (want < RUNNING_MIN_N)
		want = RUNNING_MIN_N;
	c->engine.kept_max_n =
		n > want ? (uint32_t)(n - want > KEPT_MAX_N ? KEPT_MAX_N : n - want) : 0;
	return want;
}

static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct check *c = container_of(r, struct check, role);
	uint32_t n = count_mine(c, new);
	struct adoption *a = &c->adoption;

	c->max_n = room(c);
	if (old && old->workers.s.per_target_max < new->workers.s.per_target_max)
		work_unpark_all(c);
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

static int init(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	engine_init(&c->engine, &r->loop, work_done);
	c->engine.scripts = c->scripts;
	c->engine.files = &c->files;
	scripts_listen(c->scripts, &r->loop);
	timer_init(&c->more, on_more);
	c->random = (uint64_t)clock_now_us() | 1;
	return 0;
}

/* While a snapshot is taken over, a probe is in the new list or still in the old one. */
static struct probe *find(const struct check *c, uint32_t id)
{
	uint32_t at = c->role.is_adopting ? idmap_find(&c->adoption.by_id, id) : IDMAP_NONE;

	if (at != IDMAP_NONE)
		return c->adoption.probe[at];
	at = c->probe_n ? idmap_find(&c->by_id, id) : IDMAP_NONE;
	return at != IDMAP_NONE ? c->probe[at] : NULL;
}

static void take_fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct check *c = container_of(r, struct check, role);

	if (type == MSG_RESUME)
		c->must_resume = true;
	/* what is not in the snapshot is gone: it can't be newer than that */
	if (type == MSG_TRACK && idmap_find(&r->conf->track_by_id, id) != IDMAP_NONE)
		work_track(c, id, track_unpack(value));

	struct probe *p = type == MSG_PROBE_NOW ? find(c, id) : NULL;

	if (p)
		work_now(c, p);
}

static void reconcile(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	work_start_waiting(c);
	if (r->is_adopting)
		adopt_some(c);
	if (c->must_resume && !r->is_adopting) {
		c->must_resume = false;
		work_resume(c);
	}
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
	scripts_close(c->scripts, &r->loop);
	files_fini(&c->files);
	engine_fini(&c->engine);
}

static const struct role_ops ops = {
	.init = init,
	.adopt = adopt,
	.fact = take_fact,
	.reconcile = reconcile,
	.fini = fini,
};

size_t check_run_len(const struct conf *c)
{
	return c->probe_n * sizeof(struct probe *);
}

/* A probe of the newest snapshot is not freed before there is a newer one, and only the caller makes
 * those. */
bool check_seen(const struct conf *newest, struct probe_id id, struct check_seen *out)
{
	struct probe *_Atomic *shown = newest->check_run;
	const struct conf_probe *cp = conf_probe(newest, id);
	const struct probe *p;

	memset(out, 0, sizeof(*out));
	if (cp && cp->leader.v)
		cp = conf_probe(newest, cp->leader);
	if (!cp || !shown)
		return false;
	p = atomic_load_explicit(&shown[cp - newest->probe], memory_order_acquire);
	if (!p)
		return true;
	out->n = history_read(&p->history, clock_now_us(), out->item);
	return true;
}

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
	c->scripts = scripts_new();
	arena_init(&c->arena);
	return c;
}

struct spawn_client *check_spawn(struct check *c)
{
	return scripts_client(c->scripts);
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
	scripts_free(c->scripts);
	free(c);
}
