/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which of a worker's checks that are due starts now: see worker.h.
 *
 *	fallen due ----> waiting ----------------> start ----> (engine) ----> its end
 *	                  |  ^  waiting_tls --^                                 |
 *	                  v  |                                                  |
 *	                 parked, one for each target that is full <--- a place -+
 */
#include "check/protos.h"
#include "check/worker.h"
#include "core/clock.h"
#include "core/stats.h"

enum {
	START_TURN_N = LOOP_BATCH_N / 2, /* checks started in one turn */
	LATE_PART = 10, /* of the interval: a check that starts later than this is late */
};

/* Which of the worker's counts of checks to an address counts it: the same for its life, since a probe that has
 * another address is another one. */
static uint32_t target_of(const struct check *c, const struct probe *p)
{
	struct setting s = work_setting(c, p);
	const struct ip_addr *addr = run_addr(s.rs, s.check);

	return hash_bytes(HASH_SEED, addr->byte, sizeof(addr->byte)) % TARGETS_N;
}

static bool has_target_place(const struct check *c, uint32_t target)
{
	uint32_t max = c->role.conf->workers.s.per_target_max / c->n;

	return c->target[target] < (max ? max : 1);
}

/* There may be a place for one more check of the target: who waits for it goes before all that fell due later. */
static void unpark(struct check *c, uint32_t target)
{
	struct probe *p = has_target_place(c, target) ? probe_queue_take(&c->parked[target]) : NULL;

	if (!p)
		return;
	p->is_parked = false;
	probe_queue_put_first(&c->waiting, p);
}

void work_start_unpark_all(struct check *c)
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

void work_start_wait(struct check *c, struct probe *p)
{
	due_disarm(&c->due, &p->due);
	probe_set_state(p, PROBE_WAITING);
	probe_queue_put(&c->waiting, p);
}

void work_start_leave(struct check *c, struct probe *p)
{
	uint32_t target = target_of(c, p);

	probe_queue_remove(p->is_parked        ? &c->parked[target]
			   : p->is_waiting_tls ? &c->waiting_tls
					       : &c->waiting,
			   p);
	p->is_waiting_tls = p->is_parked = false;
	unpark(c, target); /* it may have been the one that had the place */
}

void work_start_end(struct check *c, struct probe *p)
{
	uint32_t target = target_of(c, p);

	p->next = p->prev = NULL; /* where its run was */
	c->target[target]--;
	unpark(c, target);
}

static void start(struct check *c, struct probe *p)
{
	const struct conf *conf = work_conf(c, p);
	struct setting s = setting_at(conf, p->index);
	struct run_ask ask = { .proto = proto_of(s.check->s.type),
			       .rs = s.rs,
			       .check = s.check,
			       .kit = work_kit(c, p),
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
		work_conclude(c, p, &res);
}

/* Handshakes are what costs: only so many at a time. */
static bool has_handshake_place(const struct check *c)
{
	return c->engine.handshake_n < c->role.conf->workers.s.handshakes_max;
}

static bool needs_handshake(const struct check *c, const struct probe *p)
{
	return p->more && !p->more->keep.conn && kit_tls(work_kit(c, p), 0);
}

/* Starts it, if it may. If not, it waits on, where it is in nobody's way. */
static void start_if_may(struct check *c, struct probe *p)
{
	uint32_t target = target_of(c, p);

	p->is_waiting_tls = false;
	if (!has_target_place(c, target)) {
		p->is_parked = true;
		probe_queue_put(&c->parked[target], p);
	} else if (needs_handshake(c, p) && !has_handshake_place(c)) {
		p->is_waiting_tls = true;
		probe_queue_put(&c->waiting_tls, p);
	} else {
		c->target[target]++;
		start(c, p);
	}
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
		start_if_may(c, p);
	}

	/* else the end of one that runs makes the next turn */
	bool is_more = c->waiting.head || (c->waiting_tls.head && has_handshake_place(c));

	if (is_more && c->engine.running_n < c->max_n)
		timer_arm(&c->role.loop.timers, &c->more, clock_now_us());
}
