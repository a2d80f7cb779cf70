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
 * A reload keeps schedule, runs, counts and verdicts of what stays. A worker never forks, asks no DNS
 * and touches no file.
 */
#include "check/check.h"

#include "check/kit.h"
#include "check/probe.h"
#include "check/protos.h"
#include "check/report.h"
#include "check/sched.h"
#include "check/scripts.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
	RUNNING_MAX_N = 16384, /* checks of a worker at the same time */
	RUNNING_MIN_N = 16, /* however few descriptors there are */
	START_TURN_N = LOOP_BATCH_N / 2, /* checks started in one turn */
	KEPT_MAX_N = 1000000, /* connections of a worker that wait for the next check */
	RESERVED_FDS_N = 64, /* descriptors for everything else in the process */
	WORKERS_MAX_N = 1000, /* three digits in a thread's name */
	ANSWER_US = 200000, /* in which a healthy server has answered its first check */
	LATE_PART = 10, /* of the interval: a check that starts later than this is late */
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
	struct probe_queue waiting_tls; /* those that wait for a handshake's place */
	uint64_t random; /* for jitter */
	struct timer more; /* there is room, and some still wait */
	struct probe *gone; /* zombies: their fact is still queued */
	struct report report;
	struct scripts *scripts;
};

/* ---- results ---- */

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

/* What the check says of the weight, as the difference to the configured one that is asked for. */
static int32_t weight_added(const struct probe *p, const struct setting *s)
{
	int64_t base = s->rs->s.weight, want = base;

	switch (p->more->weight.how) {
	case WEIGHT_SAME:
		break;
	case WEIGHT_PERCENT:
		want = base * p->more->weight.value / 100;
		if (p->more->weight.value && base && !want)
			want = 1; /* a share of something is not nothing */
		break;
	case WEIGHT_SET:
		want = p->more->weight.value;
		break;
	}
	if (want > INT32_MAX)
		want = INT32_MAX;
	return (int32_t)(want - base);
}

/* A server that is down has its own weight again when it comes back, until it says otherwise. */
static void post_weight(struct check *c, struct probe *p, const struct run_result *res)
{
	struct setting s = setting_at(c->role.conf, p->index);

	if (!p->more)
		return;
	if (res && res->weight.how != WEIGHT_SAME)
		p->more->weight = res->weight;
	if (p->health.verdict == HEALTH_DOWN)
		p->more->weight = (struct run_weight){ .how = WEIGHT_SAME };

	uint64_t value = (uint32_t)weight_added(p, &s);

	if (c->role.board->ipvs && value != fact_value(&p->more->weight_fact))
		fact_post(c->role.board->ipvs, &p->more->weight_fact, value);
}

static uint32_t phase_of(const struct check *c, const struct probe *p)
{
	return sched_phase(p->id.v, c->n);
}

/* The point of the grid where a probe is due that has nothing special to do. */
static int64_t grid_us(const struct check *c, const struct probe *p, const struct conf_check *ck)
{
	int64_t us = ck->s.interval_us;

	if (p->health.verdict == HEALTH_DOWN && ck->s.down_interval_us)
		us = ck->s.down_interval_us;
	if (p->state != PROBE_COLD)
		return us;
	if (ck->s.warmup_us)
		return ck->s.warmup_us;
	return sched_first_us(us, c->role.conf->probe_n);
}

/* Up to this share of the interval, sooner or later. */
static int64_t jitter_us(struct check *c, int64_t interval_us)
{
	int64_t span_us = interval_us * c->role.conf->workers.s.jitter_percent / 100;

	if (!span_us)
		return 0;
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return (int64_t)(c->random % (uint64_t)(2 * span_us + 1)) - span_us;
}

/* When it is due next. A server on its way up or down is looked at more often, from the end of the check
 * before; all else keeps to the grid. */
static void schedule(struct check *c, struct probe *p, int64_t after_us)
{
	const struct conf_check *ck = setting_at(c->role.conf, p->index).check;
	int64_t at_us;

	if (p->more && p->more->urls.in_round && ck->s.fast_recovery && p->state != PROBE_COLD)
		at_us = after_us;
	else if (p->health.contrary_n && ck->s.fast_interval_us)
		at_us = after_us + ck->s.fast_interval_us;
	else
		at_us = sched_next(after_us, grid_us(c, p, ck), phase_of(c, p));
	if (p->state != PROBE_COLD)
		at_us += jitter_us(c, at_us - after_us);
	if (p->state != PROBE_SCHEDULED)
		probe_set_state(p, PROBE_SCHEDULED);
	timer_arm(&c->role.loop.timers, &p->due, at_us);
}

static void let_go(struct probe *p)
{
	p->run = NULL;
	if (p->held)
		conf_drop(p->held);
	p->held = NULL;
}

/* What a check with several requests says is known only when all have been asked. */
static bool is_result(struct probe *p, const struct kit_check *kit, bool has_passed)
{
	if (!p->more || !kit || kit->url_n < 2)
		return true;
	return urls_step(&p->more->urls, kit->url_n, p->health.verdict, has_passed);
}

/* Who can't be asked has no say: what it said last stays, and at first that is nothing bad. */
static bool has_no_say(const struct probe *p, const struct conf_check *ck,
		       const struct run_result *res, bool *has_passed)
{
	if (!proto_of(ck->s.type)->is_advice || *has_passed || res->reason == REASON_L7STS)
		return false;
	*has_passed = p->health.verdict == HEALTH_UNKNOWN;
	return !*has_passed;
}

/* The end of a check, whose state is still RUNNING. */
static void conclude(struct check *c, struct probe *p, const struct run_result *res)
{
	struct setting s = setting_at(c->role.conf, p->index);
	const struct kit_check *kit = kit_of(c->role.conf, c->role.conf->probe[p->index].check);
	bool has_passed = reason_verdict(res->reason) == HEALTH_UP;

	let_go(p);
	stats_add(STAT_CHECKS, 1);
	if (res->reason == REASON_SOCKERR) {
		report_local(&c->report, &s, res);
	} else if (!has_no_say(p, s.check, res, &has_passed) && is_result(p, kit, has_passed) &&
		   health_step(&p->health, has_passed, s.check->s.rise_n, s.check->s.fall_n)) {
		post_verdict(c, p, res);
		report_verdict(&s, res, p->health.verdict);
	} else if (!has_passed && s.check->s.log_all_failures) {
		report_failure(&s, res);
	}
	post_weight(c, p, res);
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
	const struct conf *conf = c->role.conf;
	struct setting s = setting_at(conf, p->index);
	struct run_ask ask = { .proto = proto_of(s.check->s.type),
			       .rs = s.rs,
			       .check = s.check,
			       .kit = kit_of(conf, conf->probe[p->index].check),
			       .url = p->more ? p->more->urls.at : 0,
			       .keep = p->more ? &p->more->keep : NULL,
			       .owner = p };
	struct run_result res;

	if (ask.kit && ask.url >= ask.kit->url_n)
		ask.url = 0; /* there were more of them before a reload */
	if (clock_now_us() - p->due.at_us > s.check->s.interval_us / LATE_PART)
		stats_add(STAT_CHECKS_LATE, 1);
	probe_set_state(p, PROBE_RUNNING);
	p->run = run_start(&c->engine, &ask, &res);
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

/* The turn that it makes ends with start_waiting(). */
static void on_more(struct timer *t, int64_t now_us)
{
	(void)t;
	(void)now_us;
}

/* Handshakes are what costs: only so many at a time. */
static bool has_handshake_place(const struct check *c)
{
	return c->engine.handshake_n < c->role.conf->workers.s.handshakes_max;
}

static bool needs_handshake(const struct check *c, const struct probe *p)
{
	return p->more && !p->more->keep.conn &&
	       kit_tls(kit_of(c->role.conf, c->role.conf->probe[p->index].check), 0);
}

/* The next one that may start: of those that wait for a handshake first, in their order. */
static struct probe *next_waiting(struct check *c)
{
	struct probe *p;

	if (c->waiting_tls.head && has_handshake_place(c))
		return probe_queue_take(&c->waiting_tls);
	while ((p = probe_queue_take(&c->waiting)) && needs_handshake(c, p) &&
	       !has_handshake_place(c)) {
		p->is_waiting_tls = true;
		probe_queue_put(&c->waiting_tls, p);
	}
	return p;
}

/* A turn starts fewer checks than the answers it can serve, so that a worker with too much to do
 * falls behind with its starts and not with what it has started. The end of a check or of a handshake
 * makes a turn too. */
static void start_waiting(struct check *c)
{
	for (unsigned i = 0; i < START_TURN_N && c->engine.running_n < c->max_n; i++) {
		struct probe *p = next_waiting(c);

		if (!p)
			return;
		p->is_waiting_tls = false;
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
		probe_queue_remove(p->is_waiting_tls ? &c->waiting_tls : &c->waiting, p);
		p->is_waiting_tls = false;
		probe_set_state(p, PROBE_SCHEDULED);
		break;
	case PROBE_RUNNING:
		run_abort(p->run);
		let_go(p);
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

/* Room for what not all need. */
static void furnish(const struct conf *conf, struct probe *p)
{
	const struct conf_probe *cp = &conf->probe[p->index];
	const struct kit_check *kit = kit_of(conf, cp->check);

	if (p->more ||
	    !(conf->check[cp->check].s.keepalive || kit_tls(kit, 0) || (kit && kit->url_n > 1)))
		return;
	p->more = calloc(1, sizeof(*p->more));
	BUG_ON(!p->more);
	urls_init(&p->more->urls);
	fact_init(&p->more->weight_fact, MSG_WEIGHT, p->id.v);
}

/* A probe that stays asks the same of the same server (else it would have another id). Its running
 * check goes on with the settings that it began with. */
static void keep(struct check *c, struct probe *p, uint32_t index, const struct conf *old)
{
	struct setting was = setting_at(old, p->index), is = setting_at(c->role.conf, index);

	if (p->run && !p->held) {
		conf_hold_again(old);
		p->held = old;
	}
	p->index = index;
	furnish(c->role.conf, p);
	if (was.rs->s.weight != is.rs->s.weight)
		post_weight(c, p, NULL);
	if (p->state != PROBE_SCHEDULED || was.check->s.interval_us == is.check->s.interval_us)
		return;

	/* sooner when the new interval asks for it; never later, lest reloads keep it from running */
	int64_t at_us = sched_next(clock_now_us(), is.check->s.interval_us, phase_of(c, p));

	if (at_us < p->due.at_us)
		timer_arm(&c->role.loop.timers, &p->due, at_us);
}

/* A new probe. With alpha it is down until it says otherwise. */
static struct probe *make(struct check *c, struct probe_id id, uint32_t index)
{
	static const struct run_result none = { .reason = REASON_NONE };
	struct probe *p = probe_new(c, id, on_due);
	bool alpha = setting_at(c->role.conf, index).check->s.alpha;

	p->index = index;
	health_init(&p->health, alpha);
	furnish(c->role.conf, p);
	if (alpha)
		post_verdict(c, p, &none);
	schedule(c, p, clock_now_us());
	return p;
}

/* One probe of the new snapshot: the one that we have, or a new one. */
static struct probe *join(struct check *c, const struct conf *old, uint32_t index)
{
	const struct conf *new = c->role.conf;
	struct probe_id id = new->probe[index].id;
	uint32_t at = old ? idmap_find(&c->by_id, id.v) : IDMAP_NONE;
	struct probe *p;

	if (at != IDMAP_NONE) {
		p = c->probe[at];
		c->probe[at] = NULL; /* what is left over in the end is gone */
		keep(c, p, index, old);
		return p;
	}
	return make(c, id, index);
}

static uint32_t count_mine(const struct check *c, const struct conf *conf)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->probe_n; i++)
		n += conf->probe[i].id.v % c->n == c->index;
	return n;
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
	uint32_t n = count_mine(c, new), k = 0;
	struct probe **probe = reallocarray(NULL, (size_t)n + 1, sizeof(struct probe *));
	struct arena arena;
	struct idmap by_id;

	BUG_ON(!probe);
	c->max_n = room(c);
	arena_init(&arena);
	idmap_init(&by_id, &arena, n);
	for (uint32_t i = 0; i < new->probe_n; i++) {
		if (new->probe[i].id.v % c->n != c->index)
			continue;
		probe[k] = join(c, old, i);
		idmap_put(&by_id, probe[k]->id.v, k);
		k++;
	}
	for (uint32_t i = 0; i < c->probe_n; i++)
		if (c->probe[i])
			retire(c, c->probe[i]);
	free(c->probe);
	arena_fini(&c->arena);
	c->probe = probe;
	c->probe_n = n;
	c->arena = arena;
	c->by_id = by_id;
}

/* ---- the role ---- */

static int init(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	engine_init(&c->engine, &r->loop, on_done);
	c->engine.scripts = c->scripts;
	scripts_listen(c->scripts, &r->loop);
	timer_init(&c->more, on_more);
	c->random = (uint64_t)clock_now_us() | 1;
	return 0;
}

static void reconcile(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	start_waiting(c);
	if (c->gone)
		reap(c);
}

static void fini(struct role *r)
{
	struct check *c = container_of(r, struct check, role);

	for (uint32_t i = 0; i < c->probe_n; i++)
		retire(c, c->probe[i]);
	c->probe_n = 0;
	timer_disarm(&r->loop.timers, &c->more);
	scripts_close(c->scripts, &r->loop);
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
