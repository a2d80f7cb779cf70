/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When a worker's checks run, and what comes of them: see worker.h.
 *
 *	waiting -----> start ----> (engine) ----> work_done ----> verdict, weight ----> next due time
 *	  |  ^  waiting_tls --^                                     |
 *	  v  |                                                      |
 *	parked, one for each target that is full <--- a place ------+
 */
#include "check/protos.h"
#include "check/sched.h"
#include "check/worker.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_suspend.h"
#include "core/record.h"
#include "core/stats.h"

#include <stdlib.h>

enum {
	START_TURN_N = LOOP_BATCH_N / 2, /* checks started in one turn */
	LATE_PART = 10, /* of the interval: a check that starts later than this is late */
};

const struct conf *work_conf(const struct check *c, const struct probe *p)
{
	const struct conf *old = c->adoption.old;

	return old && p->gen == (uint32_t)old->gen ? old : c->role.conf;
}

static struct setting setting_of(const struct check *c, const struct probe *p)
{
	return setting_at(work_conf(c, p), p->index);
}

static const struct kit_check *kit_at(const struct check *c, const struct probe *p)
{
	const struct conf *conf = work_conf(c, p);

	return kit_of(conf, conf->probe[p->index].check);
}

/* ---- the hand-over record ---- */

/* Writes down what is known of it, for a director that comes after this one. */
static void keep(const struct check *c, const struct probe *p)
{
	struct health said = health_unpack(fact_value(&p->fact));

	record_put(work_conf(c, p)->record, RECORD_PROBE, p->index,
		   record_health_pack((struct record_health){
			   .verdict = p->health.verdict,
			   .contrary_n = p->health.contrary_n,
			   .is_decided = p->health.is_decided,
			   .reason = said.reason,
			   .code = said.code,
		   }));
}

/* What the director before knew of it. False: nothing. */
static bool recall(const struct check *c, struct probe *p, struct run_result *said)
{
	const struct record_map *map = c->role.conf->record;
	struct record_health was;

	if (!map || !map->probe_was || !record_health_unpack(map->probe_was[p->index], &was))
		return false;
	p->health = (struct health_state){ .verdict = was.verdict,
					   .contrary_n = was.contrary_n,
					   .is_decided = was.is_decided };
	said->reason = (enum check_reason)was.reason;
	said->code = was.code;
	return true;
}

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
	case WEIGHT_ADD:
		want = base + p->more->weight.value;
		break;
	}
	if (want > INT32_MAX)
		want = INT32_MAX;
	return (int32_t)(want - base);
}

static bool has_weight(const struct conf_check *ck)
{
	return ck->s.dynamic_weight || ck->s.type == CHECK_AGENT || ck->s.type == CHECK_FILE;
}

/* A server that is down has its own weight again when it comes back, until it says otherwise; what an
 * agent has said stays until it says something else, as in HAProxy. */
static void post_weight(struct check *c, struct probe *p, const struct run_result *res)
{
	struct setting s = setting_of(c, p);

	if (!p->more)
		return;
	if (res && res->weight.how != WEIGHT_SAME)
		p->more->weight = res->weight;
	if (res && res->weight.admin)
		p->more->admin = res->weight.admin - 1;
	if (p->health.verdict == HEALTH_DOWN && s.check->s.type != CHECK_AGENT)
		p->more->weight = (struct run_weight){ .how = WEIGHT_SAME };

	uint64_t value =
		says_pack((struct says){ .weight = weight_added(p, &s), .admin = p->more->admin });

	/* the first word is said even when it is "nothing": whoever listens need not have begun with that */
	bool must_tell = has_weight(s.check) && !p->more->has_told;

	if (!c->role.board->ipvs || (!must_tell && value == fact_value(&p->more->weight_fact)))
		return;
	p->more->has_told = true;
	fact_post(c->role.board->ipvs, &p->more->weight_fact, value);
}

/* Those that ask the same have the same answer, each with its own weight. */
static void tell_follower(struct check *c, const struct probe *leader, struct probe *p)
{
	if (c->role.board->ipvs && p->health.verdict != leader->health.verdict)
		fact_post(c->role.board->ipvs, &p->fact, fact_value(&leader->fact));
	p->health = leader->health;
	keep(c, p);
	if (!p->more || !leader->more)
		return;
	p->more->weight = leader->more->weight;
	p->more->admin = leader->more->admin;
	post_weight(c, p, NULL);
}

static uint32_t phase_of(const struct check *c, const struct probe *p)
{
	return sched_phase(probe_id(p), c->n);
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
	const struct conf_check *ck = setting_of(c, p).check;
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

static bool has_target_place(const struct check *c, uint16_t target)
{
	uint32_t max = c->role.conf->workers.s.per_target_max / c->n;

	return c->target[target] < (max ? max : 1);
}

/* There may be a place for one more check of the target: who waits for it goes before all that fell due later. */
static void unpark(struct check *c, uint16_t target)
{
	struct probe *p = has_target_place(c, target) ? probe_queue_take(&c->parked[target]) : NULL;

	if (!p)
		return;
	p->is_parked = false;
	probe_queue_put_first(&c->waiting, p);
}

void work_unpark_all(struct check *c)
{
	for (unsigned i = 0; i < TARGETS_N; i++) {
		while (c->parked[i].tail) {
			struct probe *p = c->parked[i].tail;

			probe_queue_remove(&c->parked[i], p);
			p->is_parked = false;
			probe_queue_put_first(&c->waiting, p);
		}
	}
}

static void let_go(struct probe *p)
{
	p->run = NULL;
	p->worker->target[p->target]--;
	unpark(p->worker, p->target);
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
	if (res->reason == REASON_UNKNOWN)
		return true;
	if (!proto_of(ck->s.type)->is_advice || *has_passed || res->reason == REASON_L7STS)
		return false;
	*has_passed = p->health.verdict == HEALTH_UNKNOWN;
	return !*has_passed;
}

static void remember(struct probe *p, const struct run_result *res, int64_t now_us)
{
	bool is_local = res->reason == REASON_SOCKERR;
	struct history_item item = {
		.reason = res->reason,
		.code = is_local ? (uint16_t)-res->local_err : res->code,
		.duration_us = res->duration_us,
		.at_us = now_us,
	};

	history_add(&p->history, &item);
}

/* The end of a check, whose state is still RUNNING. */
static void conclude(struct check *c, struct probe *p, const struct run_result *res)
{
	struct setting s = setting_of(c, p);
	const struct kit_check *kit = kit_at(c, p);
	bool is_fact = proto_of(s.check->s.type)->is_fact;
	uint8_t rise_n = is_fact ? 1 : s.check->s.rise_n, fall_n = is_fact ? 1 : s.check->s.fall_n;
	bool has_passed = reason_verdict(res->reason) == HEALTH_UP;
	int64_t now_us = clock_now_us();

	let_go(p);
	if (res->reason != REASON_UNKNOWN)
		remember(p, res, now_us);
	stats_add(STAT_CHECKS, 1);
	if (res->reason == REASON_SOCKERR) {
		report_local(&c->report, &s, res);
	} else if (!has_no_say(p, s.check, res, &has_passed) && is_result(p, kit, has_passed) &&
		   health_step(&p->health, has_passed, rise_n, fall_n)) {
		post_verdict(c, p, res);
		if (report_wants(c->role.conf->log.s.check_failures, &s, true, has_passed))
			report_verdict(&s, res, p->health.verdict);
	} else if (res->reason != REASON_UNKNOWN &&
		   report_wants(c->role.conf->log.s.check_failures, &s, false, has_passed)) {
		report_failure(&s, res);
	}
	post_weight(c, p, res);
	if (p->more && p->more->keep.seen.cert_end_s)
		report_tls(work_conf(c, p), p->index, &p->more->keep.seen);
	keep(c, p);
	for (struct probe *f = p->followers; f; f = f->next)
		tell_follower(c, p, f);
	schedule(c, p, now_us);
}

void work_done(void *owner, const struct run_result *res)
{
	struct probe *p = owner;

	conclude(p->worker, p, res);
}

/* ---- starts ---- */

static void start(struct check *c, struct probe *p)
{
	const struct conf *conf = work_conf(c, p);
	struct setting s = setting_at(conf, p->index);
	struct run_ask ask = { .proto = proto_of(s.check->s.type),
			       .rs = s.rs,
			       .check = s.check,
			       .kit = kit_of(conf, conf->probe[p->index].check),
			       .url = p->more ? p->more->urls.at : 0,
			       .keep = p->more ? &p->more->keep : NULL,
			       .owner = p };
	struct run_result res;

	if (s.check->s.type == CHECK_FILE)
		ask.file = conf->track_file[s.check->file].id.v;
	if (ask.kit && ask.url >= ask.kit->url_n)
		ask.url = 0; /* there were more of them before a reload */
	int64_t late_us = clock_now_us() - p->due.at_us;

	stats_late(LATE_CHECK, late_us);
	if (late_us > s.check->s.interval_us / LATE_PART)
		stats_add(STAT_CHECKS_LATE, 1);
	probe_set_state(p, PROBE_RUNNING);
	p->run = run_start(&c->engine, &ask, &res);
	if (!p->run)
		conclude(c, p, &res);
}

/* ---- ha_suspend ---- */

static bool is_suspended(const struct check *c, const struct probe *p)
{
	const struct conf *conf = work_conf(c, p);

	return conf_suspend_has(conf, conf->rs[conf->probe[p->index].rs].vs);
}

/* Nobody needs what it would find. One that has not been made yet is made: its service may come to this
 * router at any time, and what is known of its servers then counts at once. */
static bool is_unneeded(const struct check *c, const struct probe *p)
{
	if (p->health.verdict == HEALTH_UNKNOWN || !is_suspended(c, p))
		return false;
	for (const struct probe *f = p->followers; f; f = f->next)
		if (!is_suspended(c, f))
			return false;
	return true;
}

void work_resume(struct check *c)
{
	int64_t now_us = clock_now_us();

	for (uint32_t i = 0; i < c->probe_n; i++) {
		struct probe *p = c->probe[i];

		if (!p->is_paused || p->state != PROBE_SCHEDULED || is_unneeded(c, p))
			continue;

		int64_t first_us = sched_first_us(setting_of(c, p).check->s.interval_us,
						  c->role.conf->probe_n);

		p->is_paused = false;
		timer_arm(&c->role.loop.timers, &p->due,
			  sched_next(now_us, first_us, phase_of(c, p)));
	}
}

static uint16_t target_of(const struct check *c, const struct probe *p)
{
	struct setting s = setting_of(c, p);
	const struct ip_addr *addr = run_addr(s.rs, s.check);

	return hash_bytes(HASH_SEED, addr->byte, sizeof(addr->byte)) % TARGETS_N;
}

static void on_due(struct timer *t, int64_t now_us)
{
	struct probe *p = container_of(t, struct probe, due);

	p->is_paused = p->state == PROBE_SCHEDULED && is_unneeded(p->worker, p);
	if (p->is_paused) {
		schedule(p->worker, p, now_us);
		return;
	}
	p->target = target_of(p->worker, p);
	probe_set_state(p, PROBE_WAITING);
	probe_queue_put(&p->worker->waiting, p);
}

/* Those that hang on it look at it now; those that wait for their turn will. */
void work_track(struct check *c, uint32_t id, struct track_state state)
{
	struct probe *p = files_take(&c->files, id, state);

	for (; p; p = p->more->file_next)
		if (p->state == PROBE_SCHEDULED)
			timer_arm(&c->role.loop.timers, &p->due, clock_now_us());
}

void work_now(struct check *c, struct probe *p)
{
	if (p->state == PROBE_FOLLOWING && p->leader)
		p = p->leader;
	if (p->state != PROBE_SCHEDULED)
		return;
	timer_disarm(&c->role.loop.timers, &p->due);
	p->due.at_us = clock_now_us(); /* it is not late */
	p->is_paused = false;
	probe_set_state(p, PROBE_WAITING);
	probe_queue_put(&c->waiting, p);
}

/* Handshakes are what costs: only so many at a time. */
static bool has_handshake_place(const struct check *c)
{
	return c->engine.handshake_n < c->role.conf->workers.s.handshakes_max;
}

static bool needs_handshake(const struct check *c, const struct probe *p)
{
	return p->more && !p->more->keep.conn && kit_tls(kit_at(c, p), 0);
}

/* May it start? If not, it waits on, where it is in nobody's way. */
static bool may_start(struct check *c, struct probe *p)
{
	if (!has_target_place(c, p->target)) {
		p->is_waiting_tls = false;
		p->is_parked = true;
		probe_queue_put(&c->parked[p->target], p);
		return false;
	}
	if (!needs_handshake(c, p) || has_handshake_place(c))
		return true;
	p->is_waiting_tls = true;
	probe_queue_put(&c->waiting_tls, p);
	return false;
}

static void start_one(struct check *c, struct probe *p)
{
	p->is_waiting_tls = false;
	c->target[p->target]++;
	start(c, p);
}

/* A turn starts fewer checks than the answers it can serve, so that a worker with too much to do
 * falls behind with its starts and not with what it has started. The end of a check or of a handshake
 * makes a turn too. */
void work_start_waiting(struct check *c)
{
	for (unsigned i = 0; i < START_TURN_N && c->engine.running_n < c->max_n; i++) {
		bool is_tls = c->waiting_tls.head && has_handshake_place(c);
		struct probe *p = probe_queue_take(is_tls ? &c->waiting_tls : &c->waiting);

		if (!p)
			return;
		if (may_start(c, p))
			start_one(c, p);
	}
	/* else the end of one that runs makes the next turn */
	if (c->engine.running_n < c->max_n &&
	    (c->waiting.head || (c->waiting_tls.head && has_handshake_place(c))))
		timer_arm(&c->role.loop.timers, &c->more, clock_now_us());
}

/* ---- snapshots ---- */

/* Out of whatever it does; SCHEDULED, with no timer armed, or COLD. */
void work_halt(struct check *c, struct probe *p)
{
	switch ((enum probe_state)p->state) {
	case PROBE_WAITING:
		probe_queue_remove(p->is_parked        ? &c->parked[p->target]
				   : p->is_waiting_tls ? &c->waiting_tls
						       : &c->waiting,
				   p);
		p->is_waiting_tls = p->is_parked = false;
		probe_set_state(p, PROBE_SCHEDULED);
		unpark(c, p->target); /* it may have been the one that had the place */
		break;
	case PROBE_RUNNING:
		run_abort(p->run);
		let_go(p);
		probe_set_state(p, PROBE_SCHEDULED);
		break;
	case PROBE_FOLLOWING:
		probe_unfollow(p);
		break;
	case PROBE_COLD:
	case PROBE_SCHEDULED:
	case PROBE_GONE:
	case PROBE_STATE_N:
		break;
	}
	timer_disarm(&c->role.loop.timers, &p->due);
}

/* Room for what not all need. */
static void furnish(struct check *c, struct probe *p)
{
	const struct conf *conf = c->role.conf;
	const struct conf_probe *cp = &conf->probe[p->index];
	const struct kit_check *kit = kit_of(conf, cp->check);
	const struct conf_check *ck = &conf->check[cp->check];
	bool is_file = ck->s.type == CHECK_FILE;

	if (!p->more &&
	    (has_weight(ck) || ck->s.keepalive || kit_tls(kit, 0) || (kit && kit->url_n > 1))) {
		p->more = calloc(1, sizeof(*p->more));
		BUG_ON(!p->more);
		urls_init(&p->more->urls);
		fact_init(&p->more->weight_fact, MSG_WEIGHT, probe_id(p));
	}
	if (is_file)
		files_join(&c->files, conf->track_file[ck->file].id.v, p);
}

/* A probe that stays asks the same of the same server (else it would have another id). Its running
 * check goes on with the settings that it began with. */
void work_keep(struct check *c, struct probe *p, uint32_t index)
{
	const struct conf *old = work_conf(c, p);
	struct setting was = setting_at(old, p->index), is = setting_at(c->role.conf, index);

	if (p->run && !p->held) {
		conf_hold_again(old);
		p->held = old;
	}
	p->index = index;
	p->gen = (uint32_t)c->role.conf->gen;
	furnish(c, p);
	if (p->more && p->more->keep.seen.cert_end_s)
		report_tls(c->role.conf, index, &p->more->keep.seen);
	if (was.rs->s.weight != is.rs->s.weight)
		post_weight(c, p, NULL);
	if (p->state == PROBE_SCHEDULED && is.check->s.type == CHECK_FILE) {
		/* weight and direction may be others */
		timer_arm(&c->role.loop.timers, &p->due, clock_now_us());
		return;
	}
	if (p->state != PROBE_SCHEDULED || was.check->s.interval_us == is.check->s.interval_us)
		return;

	/* sooner when the new interval asks for it; never later, lest reloads keep it from running */
	int64_t at_us = sched_next(clock_now_us(), is.check->s.interval_us, phase_of(c, p));

	if (at_us < p->due.at_us)
		timer_arm(&c->role.loop.timers, &p->due, at_us);
}

static bool is_leader(const struct check *c, const struct probe *p)
{
	const struct conf_probe *cp = &c->role.conf->probe[p->index];

	return !cp->leader.v || cp->leader.v == cp->id.v;
}

/* What it has been is the leader's from now on, but for its last word. Who led it leaves it what has been
 * found for both. */
void work_link(struct check *c, struct probe *p, struct probe *leader)
{
	if (p->leader == leader)
		return;
	if (p == leader && p->leader)
		history_copy(&p->history, &p->leader->history);
	probe_unfollow(p);
	if (p == leader) {
		if (p->state == PROBE_FOLLOWING)
			schedule(c, p, clock_now_us());
		return;
	}
	work_halt(c, p);
	while (p->followers) /* each is linked anew in its turn */
		probe_unfollow(p->followers);
	if (p->more)
		run_keep_drop(&p->more->keep);
	if (p->state != PROBE_FOLLOWING)
		probe_set_state(p, PROBE_FOLLOWING);
	probe_unfollow(leader);
	probe_follow(p, leader);
	if (leader->health.verdict != HEALTH_UNKNOWN)
		tell_follower(c, leader, p);
}

/* A new probe. With alpha it is down until it says otherwise; what the director before knew still holds. */
struct probe *work_probe_new(struct check *c, struct probe_id id, uint32_t index)
{
	struct run_result said = { .reason = REASON_NONE };
	struct probe *p = probe_new(c, id, on_due);
	bool alpha = setting_at(c->role.conf, index).check->s.alpha;

	p->index = index;
	p->gen = (uint32_t)c->role.conf->gen;
	health_init(&p->health, alpha);
	furnish(c, p);
	if (recall(c, p, &said) || alpha)
		post_verdict(c, p, &said);
	if (is_leader(c, p))
		schedule(c, p, clock_now_us());
	else
		probe_set_state(p, PROBE_FOLLOWING);
	return p;
}
