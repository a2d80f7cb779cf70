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
	while (probe_followers(p)) /* they are on their way out too */
		probe_unfollow(probe_followers(p));
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

/* One probe of the new snapshot: the one that we have, or a new one. Main may look at it from now on
 * (check_seen()). */
static void join(struct check *c, uint32_t index)
{
	const struct conf *new = c->role.conf, *old = c->adoption.old;
	struct probe_id id = new->probe[index].id;
	const struct conf_probe *was = old ? conf_probe(old, id) : NULL;
	struct probe *p;

	if (was) {
		p = work_at(old, (uint32_t)(was - old->probe));
		/* what is left over in the end is gone */
		atomic_store_explicit(work_place(old, (uint32_t)(was - old->probe)), NULL,
				      memory_order_relaxed);
		work_keep(c, p, index);
	} else {
		p = work_probe_new(c, id, index);
	}
	atomic_store_explicit(work_place(new, index), p, memory_order_release);
}

static struct probe_id leader_of(const struct conf_probe *cp)
{
	return cp->leader.v ? cp->leader : cp->id;
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

	c->mine_n = a->mine_n;
	due_room(&c->due, c->mine_n);
	if (a->old)
		conf_drop(a->old);
	*a = (struct adoption){ .old = NULL };
	files_prune(&c->files, c->role.conf);
	role_adopted(&c->role);
}

static void link_one(struct check *c, uint32_t index)
{
	const struct conf *new = c->role.conf;
	struct probe_id leader = leader_of(&new->probe[index]);
	const struct conf_probe *cp = conf_probe(new, leader);

	BUG_ON(!cp || !is_mine(c, cp));
	work_link(c, work_at(new, index), work_at(new, (uint32_t)(cp - new->probe)));
}

/* What the new snapshot does not have. */
static void retire_left(struct check *c, uint32_t index)
{
	struct probe *p = work_at(c->adoption.old, index);

	if (p)
		retire(c, p);
}

/* A part of a pass over all probes of a snapshot, this worker's among them: how far it has come, and how much
 * of this turn is left for it. */
struct pass {
	struct check *c;
	uint32_t work_n, look_n;
};

static void pass_on(struct pass *s, const struct conf *conf, uint32_t *at,
		    void (*fn)(struct check *c, uint32_t index))
{
	for (; *at < conf->probe_n && s->work_n && s->look_n; ++*at, s->look_n--) {
		if (!is_mine(s->c, &conf->probe[*at]))
			continue;
		fn(s->c, *at);
		s->work_n--;
	}
}

/* First those of the new snapshot, then who leads whom, then what is left of the old one. */
static void adopt_some(struct check *c)
{
	const struct conf *new = c->role.conf;
	struct adoption *a = &c->adoption;
	struct pass s = { .c = c, .work_n = ADOPT_TURN_N, .look_n = LOOK_TURN_N };

	pass_on(&s, new, &a->joined, join);
	if (a->joined == new->probe_n)
		pass_on(&s, new, &a->linked, link_one);
	if (a->linked == new->probe_n && a->old)
		pass_on(&s, a->old, &a->retired, retire_left);
	if (a->linked == new->probe_n && (!a->old || a->retired == a->old->probe_n))
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
	struct adoption *a = &c->adoption;

	BUG_ON(new->probe_n && !new->check_run);
	c->max_n = room(c);
	if (old && old->workers.s.per_target_max < new->workers.s.per_target_max)
		work_start_unpark_all(c);
	*a = (struct adoption){ .old = old, .mine_n = count_mine(c, new) };
	if (old)
		conf_hold_again(old);
	c->turn++;
	due_room(&c->due, c->mine_n + a->mine_n);
	r->is_adopting = true;
	timer_arm(&r->loop.timers, &c->more, clock_now_us());
}

/* All of this worker's that are left in a snapshot. */
static void retire_all(struct check *c, const struct conf *conf, uint32_t from)
{
	for (uint32_t i = from; conf && i < conf->probe_n; i++) {
		struct probe *p = is_mine(c, &conf->probe[i]) ? work_at(conf, i) : NULL;

		if (p)
			retire(c, p);
	}
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
	timer_init(&c->due_timer, work_fall_due);
	c->random = (uint64_t)clock_now_us() | 1;
	return 0;
}

/* While a snapshot is taken over, a probe that stays may be in the one before it yet. */
static struct probe *find(const struct check *c, struct probe_id id)
{
	const struct conf *new = c->role.conf, *old = c->adoption.old;
	const struct conf_probe *cp = conf_probe(new, id);
	const struct conf_probe *was = old ? conf_probe(old, id) : NULL;
	struct probe *p;

	if (!cp || !is_mine(c, cp))
		return NULL;
	p = work_at(new, (uint32_t)(cp - new->probe));
	return p || !was ? p : work_at(old, (uint32_t)(was - old->probe));
}

static void take_fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct check *c = container_of(r, struct check, role);

	if (type == MSG_RESUME)
		c->must_resume = true;
	/* what is not in the snapshot is gone: it can't be newer than that */
	if (type == MSG_TRACK && idmap_find(&r->conf->track_by_id, id) != IDMAP_NONE)
		work_track(c, id, track_unpack(value));

	struct probe *p = type == MSG_PROBE_NOW ? find(c, (struct probe_id){ id }) : NULL;

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

	/* also in the middle of an adoption: then it has what it has joined so far, and what is left */
	if (r->is_adopting)
		retire_all(c, c->adoption.old, c->adoption.retired);
	retire_all(c, r->conf, 0);
	if (r->is_adopting)
		adopt_end(c);
	timer_disarm(&r->loop.timers, &c->more);
	due_fini(&c->due);
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
	const struct conf_probe *cp = conf_probe(newest, id);
	const struct probe *p;

	memset(out, 0, sizeof(*out));
	if (cp && cp->leader.v)
		cp = conf_probe(newest, cp->leader);
	if (!cp)
		return false;
	p = work_at(newest, (uint32_t)(cp - newest->probe));
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
	scripts_free(c->scripts);
	free(c);
}
