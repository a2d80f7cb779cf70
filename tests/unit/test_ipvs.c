/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The IPVS role over a table in memory: turns are made by hand, timers fire when the test says so.
 */
#include "ipvs/drive.h"
#include "ipvs/ipvs.h"
#include "ipvs/kern_memory.h"
#include "ipvs/want.h"
#include "ipvs_conf.h"
#include "unit.h"

#include "core/conf/conf_suspend.h"
#include "core/log.h"
#include "core/nl.h"
#include "core/reason.h"
#include "core/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_N = 8192, SPECS_N = 8, TURNS_MAX = 10000 };

/* A role with its table, and what it has asked of it. */
struct bench {
	struct board board;
	struct ipvs *ipvs;
	struct role *role;
	struct ipvs_kern pass; /* what the role gets: the table outlives the role's close */
	struct ipvs_kern *kern;
	struct conf *conf;
	/* trace of requests since trace_reset() */
	struct kern_op op[TRACE_N];
	struct ipvs_dest dest[TRACE_N];
	uint16_t port[TRACE_N];
	uint32_t op_n, calls_n, largest_n;
	/* faults */
	uint16_t refused_port; /* its service meets no scheduler */
	int lost_calls_n; /* so many answers are lost */
	bool is_gone; /* IPVS was unloaded */
	uint32_t fail_1_in; /* requests refused at random */
	uint64_t seed;
	int64_t ahead_us; /* time that the test has let pass beyond the clock's */
};

static int on_op(void *arg, const struct kern_op *op)
{
	static const int errs[] = { -EEXIST, -ENOENT, -ESRCH, -EINVAL, -ENOMEM };
	struct bench *b = arg;

	if (b->op_n < TRACE_N) {
		b->op[b->op_n] = *op;
		b->port[b->op_n] = op->svc->port;
		if (op->dest)
			b->dest[b->op_n] = *op->dest;
		b->op_n++;
	}
	if (b->refused_port && op->what == KERN_NEW_SVC && op->svc->port == b->refused_port)
		return -ENOENT;
	if (b->fail_1_in && !(unit_rand(&b->seed) % b->fail_1_in))
		return errs[unit_rand(&b->seed) % N_OF(errs)];
	return 0;
}

static int on_call(void *arg, uint32_t n)
{
	struct bench *b = arg;

	if (n) {
		b->calls_n++;
		b->largest_n = n > b->largest_n ? n : b->largest_n;
		assert_true(n <= NL_BATCH_N);
	}
	if (b->is_gone)
		return n ? -ENOENT : -ENODEV;
	if (!b->lost_calls_n)
		return 0;
	b->lost_calls_n--;
	return -ENOBUFS;
}

static void trace_reset(struct bench *b)
{
	b->op_n = b->calls_n = b->largest_n = 0;
}

static void one(struct bench *b, enum kern_do what, const struct ipvs_svc *s,
		const struct ipvs_dest *d)
{
	struct kern_op op = { .what = what, .svc = s, .dest = d };

	kern_memory_set_fault(b->kern, &(struct kern_fault){ 0 });
	assert_int_equal(kern_apply(b->kern, &op, 1), 0);
	kern_memory_set_fault(b->kern, &(struct kern_fault){ on_op, on_call, b });
}

static int pass_dump(struct ipvs_kern *k, struct ipvs_table *out)
{
	return kern_dump(container_of(k, struct bench, pass)->kern, out);
}

static int pass_apply(struct ipvs_kern *k, struct kern_op *op, uint32_t n)
{
	return kern_apply(container_of(k, struct bench, pass)->kern, op, n);
}

static struct ipvs_kern *inner(struct ipvs_kern *k)
{
	return container_of(k, struct bench, pass)->kern;
}

static int pass_dump_dests(struct ipvs_kern *k, const struct ipvs_svc *svc, struct ipvs_table *out)
{
	return inner(k)->ops->dump_dests(inner(k), svc, out);
}

static int pass_count(struct ipvs_kern *k, const struct ipvs_svc *svc, ipvs_count_fn *fn, void *arg)
{
	return inner(k)->ops->count(inner(k), svc, fn, arg);
}

static int pass_flush(struct ipvs_kern *k)
{
	return inner(k)->ops->flush(inner(k));
}

static int pass_get_timeouts(struct ipvs_kern *k, struct ipvs_timeouts *out)
{
	return inner(k)->ops->get_timeouts(inner(k), out);
}

static int pass_set_timeouts(struct ipvs_kern *k, const struct ipvs_timeouts *t)
{
	return inner(k)->ops->set_timeouts(inner(k), t);
}

static int pass_get_daemons(struct ipvs_kern *k, struct ipvs_daemon *out, uint32_t *n)
{
	return inner(k)->ops->get_daemons(inner(k), out, n);
}

static int pass_new_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	return inner(k)->ops->new_daemon(inner(k), d);
}

static int pass_del_daemon(struct ipvs_kern *k, const struct ipvs_daemon *d)
{
	return inner(k)->ops->del_daemon(inner(k), d);
}

static void pass_close(struct ipvs_kern *k)
{
	(void)k;
}

static struct bench *bench_new(void)
{
	static const struct ipvs_kern_ops ops = {
		.dump = pass_dump,
		.dump_dests = pass_dump_dests,
		.count = pass_count,
		.apply = pass_apply,
		.flush = pass_flush,
		.get_timeouts = pass_get_timeouts,
		.set_timeouts = pass_set_timeouts,
		.get_daemons = pass_get_daemons,
		.new_daemon = pass_new_daemon,
		.del_daemon = pass_del_daemon,
		.close = pass_close,
	};
	struct bench *b = calloc(1, sizeof(*b));

	b->seed = 88172645463325252;
	b->pass.ops = &ops;
	b->kern = kern_memory_open();
	kern_memory_set_fault(b->kern, &(struct kern_fault){ on_op, on_call, b });
	return b;
}

static void bench_start(struct bench *b)
{
	atomic_store(&b->board.must_clean, true);
	b->ipvs = ipvs_new(&b->board, &b->pass);
	b->role = ipvs_role(b->ipvs);
	assert_int_equal(role_prepare(b->role), 0);
	assert_int_equal(loop_init(&b->role->loop), 0);
	assert_int_equal(b->role->ops->init(b->role), 0);
}

static void adopt(struct bench *b, struct conf *new)
{
	struct conf *old = b->conf;

	b->conf = new;
	b->role->conf = new;
	b->role->ops->adopt(b->role, old, new);
	conf_free(old);
}

static void turn_at(struct bench *b, int64_t now_us)
{
	(void)timer_run(&b->role->loop.timers, now_us, 256);
	b->role->ops->reconcile(b->role);
}

/* Turns until nothing is due at once. Returns how many. */
static unsigned settle(struct bench *b)
{
	unsigned n = 0;

	do {
		turn_at(b, 0);
		assert_true(n++ < TURNS_MAX);
	} while (timer_next_us(&b->role->loop.timers) <= 0);
	return n;
}

static void pass(struct bench *b, int64_t us)
{
	b->ahead_us += us;
	turn_at(b, clock_now_us() + b->ahead_us);
}

/* Every back-off has passed. */
static void pass_backoff(struct bench *b)
{
	pass(b, SEC(11));
	(void)settle(b);
}

/* The look for changes of others has come. */
static void pass_minute(struct bench *b)
{
	pass(b, SEC(61));
	(void)settle(b);
}

static void bench_stop(struct bench *b, bool is_killed)
{
	if (!is_killed)
		b->role->ops->fini(b->role);
	loop_fini(&b->role->loop);
	role_release(b->role);
	ipvs_free(b->ipvs);
	conf_free(b->conf);
	b->conf = NULL;
}

static void bench_free(struct bench *b)
{
	kern_close(b->kern);
	free(b);
}

static void health(struct bench *b, uint16_t port, uint32_t number, uint32_t probe,
		   enum health_verdict v)
{
	struct health h = { .verdict = v,
			    .reason = v == HEALTH_UP ? REASON_L7OK : REASON_L7STS,
			    .code = v == HEALTH_UP ? 200 : 503 };

	b->role->ops->fact(b->role, MSG_HEALTH, ipvs_probe_id(port, number, probe).v,
			   health_pack(h));
}

static void all_up(struct bench *b)
{
	struct health h = { .verdict = HEALTH_UP, .reason = REASON_L4OK };

	for (uint32_t i = 0; i < b->conf->probe_n; i++)
		b->role->ops->fact(b->role, MSG_HEALTH, b->conf->probe[i].id.v, health_pack(h));
	(void)settle(b);
}

static void dump(struct bench *b, struct ipvs_table *t)
{
	kern_memory_set_fault(b->kern, &(struct kern_fault){ 0 });
	assert_int_equal(kern_dump(b->kern, t), 0);
	kern_memory_set_fault(b->kern, &(struct kern_fault){ on_op, on_call, b });
	table_sort(t);
}

/* Weight of a server in the table; -1: not there. */
static long weight_of(struct bench *b, uint16_t port, uint32_t number)
{
	struct ipvs_table t = { 0 };
	struct ipvs_svc s = { .addr = ipvs_svc_addr(), .port = port, .protocol = VS_TCP };
	struct ipvs_dest d = { .addr = ipvs_server_addr(number), .port = 80 };
	long weight = -1;

	dump(b, &t);

	uint32_t at = table_find_svc(&t, &s);

	if (at != IPVS_NONE) {
		uint32_t k = table_find_dest(&t, &t.svc[at], &d);

		if (k != IPVS_NONE)
			weight = (long)t.dest[k].weight;
	}
	table_fini(&t);
	return weight;
}

static bool has_svc(struct bench *b, uint16_t port)
{
	struct ipvs_table t = { 0 };
	struct ipvs_svc s = { .addr = ipvs_svc_addr(), .port = port, .protocol = VS_TCP };

	dump(b, &t);

	bool has = table_find_svc(&t, &s) != IPVS_NONE;

	table_fini(&t);
	return has;
}

/* The table is exactly what configuration says with every server up. */
static void expect_all_up(struct bench *b)
{
	const struct state_probe up = { .verdict = HEALTH_UP };
	struct state st = { 0 };
	struct ipvs_table t = { 0 }, want = { 0 };

	state_adopt(&st, NULL, b->conf);
	for (uint32_t i = 0; i < b->conf->probe_n; i++)
		(void)state_take_probe(&st, i, &up);
	for (uint32_t i = 0; i < b->conf->vs_n; i++)
		(void)state_settle(&st, i);
	want_table(&st, &want);
	dump(b, &t);
	assert_true(table_equal(&t, &want));
	table_fini(&t);
	table_fini(&want);
	state_fini(&st);
}

static const struct spec two[] = {
	{ .port = 80, .servers_n = 4, .probes_n = 2, .weight = 5 },
	{ .port = 81, .is_inhibit = true, .servers_n = 3, .probes_n = 1, .weight = 7 },
};

static void first_start(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	(void)settle(b);
	/* services at once, servers when their checks have passed */
	assert_true(has_svc(b, 80));
	assert_int_equal(weight_of(b, 80, 0), -1);
	health(b, 80, 0, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	health(b, 80, 0, 1, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 5);
	/* a server that was never seen up stays out, or comes with weight 0 */
	health(b, 80, 1, 0, HEALTH_DOWN);
	health(b, 81, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 1), -1);
	assert_int_equal(weight_of(b, 81, 0), 0);
	all_up(b);
	expect_all_up(b);
	bench_stop(b, false);

	struct ipvs_table t = { 0 };

	dump(b, &t);
	assert_int_equal(t.svc_n, 0);
	table_fini(&t);
	bench_free(b);
}

static void failure_and_recovery(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	trace_reset(b);
	health(b, 80, 2, 1, HEALTH_DOWN);
	health(b, 81, 1, 0, HEALTH_DOWN);
	assert_int_equal(settle(b), 1);
	assert_int_equal(weight_of(b, 80, 2), -1);
	assert_int_equal(weight_of(b, 81, 1), 0);
	assert_int_equal(b->op_n, 2);
	assert_int_equal(b->calls_n, 1);
	/* the second probe fails too: nothing to do; and one of two up is not up */
	health(b, 80, 2, 0, HEALTH_DOWN);
	health(b, 80, 2, 1, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(b->op_n, 2);
	health(b, 80, 2, 0, HEALTH_UP);
	health(b, 81, 1, 0, HEALTH_UP);
	(void)settle(b);
	expect_all_up(b);
	assert_int_equal(b->op_n, 4);
	/* down and up again within one turn is nothing */
	health(b, 80, 3, 0, HEALTH_DOWN);
	health(b, 80, 3, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(b->op_n, 4);
	bench_stop(b, false);
	bench_free(b);
}

/* A server that fails again soon stays with weight 0 until two minutes after it has last left; with
 * persistence or UDP it leaves each time. */
static void flapping(void **state)
{
	struct bench *b = bench_new();
	struct spec spec[] = { { .port = 80, .servers_n = 2, .probes_n = 1, .weight = 5 },
			       { .port = 81,
				 .servers_n = 2,
				 .probes_n = 1,
				 .weight = 5,
				 .persistence_us = SEC(60) } };

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(spec, N_OF(spec)));
	all_up(b);
	for (unsigned i = 0; i < 4; i++) {
		health(b, 80, 0, 0, HEALTH_DOWN);
		health(b, 81, 0, 0, HEALTH_DOWN);
		(void)settle(b);
		assert_int_equal(weight_of(b, 80, 0), i ? 0 : -1);
		assert_int_equal(weight_of(b, 81, 0), -1);
		adopt(b, ipvs_conf(spec, N_OF(spec))); /* a reload forgets nothing */
		(void)settle(b);
		assert_int_equal(weight_of(b, 80, 0), i ? 0 : -1);
		health(b, 80, 0, 0, HEALTH_UP);
		health(b, 81, 0, 0, HEALTH_UP);
		(void)settle(b);
		assert_int_equal(weight_of(b, 80, 0), 5);
	}
	health(b, 80, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	pass(b, SEC(60));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	pass(b, SEC(61));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	bench_stop(b, false);
	bench_free(b);
}

/* A killed vipd leaves its table; the next one touches nothing that is right. */
static void adopt_after_kill(void **state)
{
	struct bench *b = bench_new();
	struct ipvs_svc foreign = {
		.addr = ipvs_svc_addr(), .port = 99, .protocol = VS_TCP, .sched = "rr"
	};
	struct ipvs_svc ours = foreign;
	struct ipvs_dest strange = { .addr = ipvs_server_addr(1000), .port = 80, .weight = 1 };

	(void)state;
	ours.port = 80;
	one(b, KERN_NEW_SVC, &foreign, NULL);
	one(b, KERN_NEW_DEST, &foreign, &strange);
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	health(b, 80, 1, 0, HEALTH_DOWN);
	health(b, 81, 1, 0, HEALTH_DOWN);
	(void)settle(b);
	bench_stop(b, true);
	assert_int_equal(weight_of(b, 80, 0), 5);

	trace_reset(b);
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	(void)settle(b);
	assert_int_equal(b->op_n, 0);
	/* the verdicts come: only what changed is asked for */
	health(b, 80, 0, 0, HEALTH_UP);
	health(b, 80, 0, 1, HEALTH_UP);
	health(b, 81, 1, 0, HEALTH_DOWN);
	health(b, 80, 1, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(b->op_n, 0);
	all_up(b);
	assert_int_equal(b->op_n, 2);
	bench_stop(b, true);

	/* what nobody wants any more leaves our services, not those of others */
	one(b, KERN_NEW_DEST, &ours, &strange);
	trace_reset(b);
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	(void)settle(b);
	assert_int_equal(b->op_n, 1);
	assert_int_equal(b->op[0].what, KERN_DEL_DEST);
	assert_int_equal(weight_of(b, 99, 1000), 1);
	bench_stop(b, false);
	assert_true(has_svc(b, 99));
	assert_false(has_svc(b, 80));
	assert_false(has_svc(b, 81));
	bench_free(b);
}

/* A start that failed elsewhere leaves the table of an earlier vipd as it is. */
static void failed_start(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	bench_stop(b, true);

	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	atomic_store(&b->board.must_clean, false);
	bench_stop(b, false);
	assert_true(has_svc(b, 80));
	assert_true(has_svc(b, 81));
	bench_free(b);
}

/* A role that never had a configuration owns nothing. */
static void stop_before_adopt(void **state)
{
	struct bench *b = bench_new();
	struct ipvs_svc foreign = {
		.addr = ipvs_svc_addr(), .port = 99, .protocol = VS_TCP, .sched = "rr"
	};

	(void)state;
	one(b, KERN_NEW_SVC, &foreign, NULL);
	bench_start(b);
	b->role->ops->reconcile(b->role);
	bench_stop(b, false);
	assert_true(has_svc(b, 99));
	bench_free(b);
}

static void reload(void **state)
{
	static const struct spec first[] = {
		{ .port = 80, .servers_n = 4, .probes_n = 1, .weight = 5 },
		{ .port = 81, .servers_n = 3, .probes_n = 1, .weight = 7 },
	};
	static const struct spec second[] = {
		/* one server less, two more, other weight and scheduler */
		{ .port = 80,
		  .sched = "rr",
		  .first_server = 1,
		  .servers_n = 5,
		  .probes_n = 1,
		  .weight = 9 },
		{ .port = 82, .servers_n = 2, .probes_n = 0, .weight = 1 },
	};
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(first, N_OF(first)));
	all_up(b);
	health(b, 80, 2, 0, HEALTH_DOWN);
	(void)settle(b);
	trace_reset(b);
	adopt(b, ipvs_conf(first, N_OF(first)));
	(void)settle(b);
	assert_int_equal(b->op_n, 0); /* the same is nothing to do */

	adopt(b, ipvs_conf(second, N_OF(second)));
	(void)settle(b);
	assert_false(has_svc(b, 81));
	assert_int_equal(weight_of(b, 80, 0), -1);
	assert_int_equal(weight_of(b, 80, 1), 9); /* verdict and place kept */
	assert_int_equal(weight_of(b, 80, 2), -1); /* still down */
	assert_int_equal(weight_of(b, 80, 4), -1); /* new: not checked yet */
	assert_int_equal(weight_of(b, 82, 0), 1); /* new, without a check */
	/* DEL_SVC 81, DEL 0; SET_SVC 80, SET 1 and 3; NEW_SVC 82; NEW 0 and 1 */
	assert_int_equal(b->op_n, 8);
	all_up(b);
	expect_all_up(b);
	/* an id of before is told and dropped */
	b->role->ops->fact(b->role, MSG_HEALTH, ipvs_probe_id(81, 0, 0).v,
			   health_pack((struct health){ .verdict = HEALTH_DOWN }));
	assert_int_equal(stats_sum(STAT_MSG_UNKNOWN_ID), 1);
	/* and back, before the first turn of another */
	adopt(b, ipvs_conf(first, N_OF(first)));
	adopt(b, ipvs_conf(second, N_OF(second)));
	all_up(b);
	expect_all_up(b);
	bench_stop(b, false);
	assert_false(has_svc(b, 80));
	bench_free(b);
}

/* Somebody else's hands in the table: seen at the next request, or within a minute. */
static void changed_by_others(void **state)
{
	struct bench *b = bench_new();
	struct ipvs_svc s = { .addr = ipvs_svc_addr(), .port = 80, .protocol = VS_TCP };
	struct ipvs_dest d = { .addr = ipvs_server_addr(0), .port = 80, .weight = 50 };

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	one(b, KERN_DEL_SVC, &s, NULL);
	health(b, 80, 1, 0, HEALTH_DOWN); /* ESRCH */
	(void)settle(b);
	assert_false(has_svc(b, 80));
	pass_backoff(b);
	health(b, 80, 1, 0, HEALTH_UP);
	(void)settle(b);
	expect_all_up(b);

	d.addr = ipvs_server_addr(1);
	health(b, 80, 1, 0, HEALTH_DOWN);
	(void)settle(b);
	one(b, KERN_NEW_DEST, &s, &d);
	health(b, 80, 1, 0, HEALTH_UP); /* EEXIST */
	(void)settle(b);
	pass_backoff(b);
	expect_all_up(b);

	d.weight = 3;
	one(b, KERN_SET_DEST, &s, &d);
	pass_minute(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void refused_service(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	b->refused_port = 80;
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	assert_false(has_svc(b, 80));
	assert_int_equal(weight_of(b, 81, 2), 7); /* the others go on */
	/* its servers are not asked for in vain */
	for (uint32_t i = 0; i < b->op_n; i++)
		assert_true(b->port[i] != 80 || b->op[i].what == KERN_NEW_SVC);
	for (unsigned i = 0; i < 10; i++)
		pass_backoff(b);
	assert_false(has_svc(b, 80));
	health(b, 81, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 81, 0), 0);
	health(b, 81, 0, 0, HEALTH_UP);
	b->refused_port = 0;
	pass_backoff(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void lost_answers(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	b->lost_calls_n = 0;
	bench_start(b);
	b->lost_calls_n = 3; /* the first batch, and two dumps after it */
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	for (unsigned i = 0; i < 4; i++)
		pass_backoff(b);
	expect_all_up(b);
	/* lost at stop: as much as possible is taken away */
	b->lost_calls_n = 1;
	health(b, 80, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	bench_stop(b, false);
	assert_false(has_svc(b, 80));
	assert_false(has_svc(b, 81));
	bench_free(b);
}

static void bounded_batches(void **state)
{
	static const struct spec big[] = {
		{ .port = 80, .servers_n = 3000, .probes_n = 1, .weight = 1 },
		{ .port = 81, .servers_n = 10, .probes_n = 1, .weight = 1 },
	};
	struct spec heavier[] = { big[0], big[1] };
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(big, N_OF(big)));
	all_up(b);
	expect_all_up(b);
	assert_int_equal(b->largest_n, NL_BATCH_N);

	/* while all weights change, a server dies: it is in the very next batch */
	heavier[0].weight = 2;
	trace_reset(b);
	adopt(b, ipvs_conf(heavier, N_OF(heavier)));
	turn_at(b, 0);
	assert_int_equal(b->op_n, NL_BATCH_N);
	health(b, 81, 9, 0, HEALTH_DOWN);
	health(b, 80, 2999, 0, HEALTH_DOWN);
	turn_at(b, 0);
	assert_int_equal(b->op[NL_BATCH_N].what, KERN_DEL_DEST);
	assert_int_equal(b->op[NL_BATCH_N + 1].what, KERN_DEL_DEST);
	assert_int_equal(b->op_n, 2 * NL_BATCH_N);
	(void)settle(b);
	/* nothing was asked twice */
	assert_int_equal(b->op_n, 3000 + 1);
	health(b, 81, 9, 0, HEALTH_UP);
	health(b, 80, 2999, 0, HEALTH_UP);
	(void)settle(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

/* A service without servers, and one with very many: each is one request to remove. */
static void extremes(void **state)
{
	static const struct spec spec[] = {
		{ .port = 80, .weight = 1 },
		{ .port = 81, .servers_n = 50000, .probes_n = 1, .weight = 1 },
	};
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(spec, N_OF(spec)));
	(void)settle(b);
	assert_true(has_svc(b, 80));
	all_up(b);
	expect_all_up(b);
	assert_int_equal(b->largest_n, NL_BATCH_N);
	trace_reset(b);
	bench_stop(b, false);
	assert_int_equal(b->op_n, N_OF(spec));
	assert_false(has_svc(b, 80));
	assert_false(has_svc(b, 81));
	bench_free(b);
}

/* The servers of a new service are not asked for before the service is there. */
static void service_before_servers(void **state)
{
	static const struct spec mh[] = {
		{ .port = 80, .sched = "mh", .servers_n = 5, .weight = 1 },
		{ .port = 81, .servers_n = 5, .weight = 1 },
	};
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(mh, N_OF(mh)));
	(void)settle(b);
	assert_int_equal(b->calls_n, 2);
	assert_int_equal(b->op_n, 2 + 10 + 1);
	assert_int_equal(b->op[12].what, KERN_SET_SVC);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

/* Changes of a scheduler hold the kernel up: few in a batch. */
static void slow_changes(void **state)
{
	struct spec many[3 * DRIVE_SLOW_N] = { 0 };
	struct bench *b = bench_new();

	(void)state;
	for (unsigned i = 0; i < N_OF(many); i++)
		many[i] = (struct spec){ .port = (uint16_t)(80 + i), .servers_n = 1, .weight = 1 };
	bench_start(b);
	adopt(b, ipvs_conf(many, N_OF(many)));
	(void)settle(b);
	for (unsigned i = 0; i < N_OF(many); i++)
		many[i].sched = "rr";
	trace_reset(b);
	adopt(b, ipvs_conf(many, N_OF(many)));
	(void)settle(b);
	assert_int_equal(b->calls_n, 3);
	assert_int_equal(b->largest_n, DRIVE_SLOW_N);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

/* ------------------------------------------------------------------ quorum */

enum { SORRY = 100 };

static struct spec quorum_spec(void)
{
	return (struct spec){ .port = 80,
			      .servers_n = 4,
			      .probes_n = 1,
			      .weight = 1,
			      .quorum = 2,
			      .hysteresis = 1,
			      .sorry = SORRY + 1 };
}

static bool is_op(const struct bench *b, uint32_t i, enum kern_do what, uint32_t number)
{
	struct ip_addr a = ipvs_server_addr(number);

	return b->op[i].what == what && addr_eq(&b->dest[i].addr, &a);
}

/* Lost: the living leave, then the sorry server comes; gained: the other way round; in between servers
 * are not touched. */
static void sorry_server(void **state)
{
	struct spec s = quorum_spec();
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, SORRY), -1); /* nothing is known yet */
	all_up(b);
	expect_all_up(b);
	for (uint32_t i = 0; i < 3; i++)
		health(b, 80, i, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 3), 1); /* not below 2 - 1 */
	assert_int_equal(weight_of(b, 80, SORRY), -1);
	trace_reset(b);
	health(b, 80, 3, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(b->op_n, 2);
	assert_true(is_op(b, 0, KERN_DEL_DEST, 3));
	assert_true(is_op(b, 1, KERN_NEW_DEST, SORRY));
	assert_int_equal(weight_of(b, 80, SORRY), 1);

	trace_reset(b);
	health(b, 80, 0, 0, HEALTH_UP);
	health(b, 80, 1, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(b->op_n, 0); /* gained at 2 + 1 */
	health(b, 80, 2, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(b->op_n, 4);
	assert_true(is_op(b, 0, KERN_DEL_DEST, SORRY));
	assert_int_equal(weight_of(b, 80, 0), 1);
	assert_int_equal(weight_of(b, 80, 2), 1);
	assert_int_equal(weight_of(b, 80, 3), -1);

	/* those that live leave too when it is lost */
	s.quorum = 4;
	s.hysteresis = 0;
	adopt(b, ipvs_conf(&s, 1));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, SORRY), 1);
	assert_int_equal(weight_of(b, 80, 0), -1);
	all_up(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

/* In one turn: the end counts, not what was in between. */
static void quorum_once_a_turn(void **state)
{
	struct spec s = quorum_spec();
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	trace_reset(b);
	for (uint32_t i = 0; i < 4; i++)
		health(b, 80, i, 0, HEALTH_DOWN);
	for (uint32_t i = 0; i < 4; i++)
		health(b, 80, i, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(b->op_n, 0);
	bench_stop(b, false);
	bench_free(b);
}

static void sorry_inhibit(void **state)
{
	struct spec s = quorum_spec();
	struct bench *b = bench_new();

	(void)state;
	s.is_inhibit = s.is_sorry_inhibit = true;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	assert_int_equal(weight_of(b, 80, SORRY), 0);
	for (uint32_t i = 0; i < 4; i++)
		health(b, 80, i, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, SORRY), 1);
	assert_int_equal(weight_of(b, 80, 0), 0);
	all_up(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

/* A vipd that was killed while the sorry server was at work touches nothing when it comes back. */
static void sorry_over_restart(void **state)
{
	struct spec s = quorum_spec();
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	for (uint32_t i = 0; i < 4; i++)
		health(b, 80, i, 0, HEALTH_DOWN);
	(void)settle(b);
	bench_stop(b, true);
	trace_reset(b);
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	(void)settle(b);
	for (uint32_t i = 0; i < 4; i++)
		health(b, 80, i, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(b->op_n, 0);
	assert_int_equal(weight_of(b, 80, SORRY), 1);
	bench_stop(b, false);
	bench_free(b);
}

static void alpha(void **state)
{
	struct spec s = {
		.port = 80, .servers_n = 2, .probes_n = 1, .weight = 3, .is_alpha = true
	};
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	bench_stop(b, true);
	/* down until passed: that is what alpha asks for */
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	all_up(b);
	expect_all_up(b);
	s.is_inhibit = true;
	bench_stop(b, true);
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	bench_stop(b, false);
	bench_free(b);
}

static void panic(void **state)
{
	struct spec s = {
		.port = 80, .servers_n = 4, .probes_n = 1, .weight = 1, .panic_percent = 50
	};
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	health(b, 80, 0, 0, HEALTH_DOWN);
	health(b, 80, 1, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	health(b, 80, 2, 0, HEALTH_DOWN);
	(void)settle(b);
	expect_all_up(b);
	health(b, 80, 0, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 1);
	assert_int_equal(weight_of(b, 80, 1), -1);
	assert_int_equal(weight_of(b, 80, 2), -1);
	bench_stop(b, false);
	bench_free(b);
}

/* ------------------------------------------------------------------ weights and admin states */

static void admin(struct bench *b, uint16_t port, uint32_t number, struct admin a)
{
	b->role->ops->fact(b->role, MSG_ADMIN, ipvs_rs_id(port, number), admin_pack(a));
	(void)settle(b);
}

static void conns(struct bench *b, uint16_t port, uint32_t number, uint32_t n)
{
	struct ipvs_svc s = { .addr = ipvs_svc_addr(), .port = port, .protocol = VS_TCP };
	struct ipvs_dest d = { .addr = ipvs_server_addr(number), .port = 80 };

	assert_true(kern_memory_set_conns(b->kern, &s, &d, n));
}

static void second(struct bench *b)
{
	pass(b, SEC(1) + MS(1));
	(void)settle(b);
}

static void drain_and_maint(void **state)
{
	struct spec s = { .port = 80, .servers_n = 4, .probes_n = 1, .weight = 5 };
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	conns(b, 80, 0, 3);
	admin(b, 80, 0, (struct admin){ .state = ADMIN_DRAIN });
	assert_int_equal(weight_of(b, 80, 0), 0);
	for (unsigned i = 0; i < 5; i++)
		second(b);
	assert_int_equal(weight_of(b, 80, 0), 0); /* connections on it */
	adopt(b, ipvs_conf(&s, 1)); /* a reload changes nothing of that */
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	conns(b, 80, 0, 0);
	second(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	adopt(b, ipvs_conf(&s, 1));
	pass_minute(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	/* back, and again: at once, since nothing is on it */
	admin(b, 80, 0, (struct admin){ .state = ADMIN_READY });
	assert_int_equal(weight_of(b, 80, 0), 5);
	admin(b, 80, 0, (struct admin){ .state = ADMIN_DRAIN });
	second(b);
	assert_int_equal(weight_of(b, 80, 0), -1);

	admin(b, 80, 1, (struct admin){ .state = ADMIN_MAINT });
	assert_int_equal(weight_of(b, 80, 1), -1);
	health(b, 80, 1, 0, HEALTH_DOWN);
	health(b, 80, 1, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 1), -1);
	admin(b, 80, 2, (struct admin){ .has_weight = true, .weight = 77 });
	assert_int_equal(weight_of(b, 80, 2), 77);
	adopt(b, ipvs_conf(&s, 1));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 2), 77);
	admin(b, 80, 0, (struct admin){ .state = ADMIN_READY });
	admin(b, 80, 1, (struct admin){ .state = ADMIN_READY });
	admin(b, 80, 2, (struct admin){ .state = ADMIN_READY });
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void says(struct bench *b, uint16_t port, uint32_t number, struct says s)
{
	b->role->ops->fact(b->role, MSG_WEIGHT, ipvs_probe_id(port, number, 0).v, says_pack(s));
	(void)settle(b);
}

/* What a server says of itself, beside what the administrator does: the stricter holds. */
static void server_says(void **state)
{
	struct spec s = { .port = 80, .servers_n = 3, .probes_n = 1, .weight = 5 };
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	conns(b, 80, 0, 3);
	says(b, 80, 0, (struct says){ .weight = -2, .admin = ADMIN_READY });
	assert_int_equal(weight_of(b, 80, 0), 3);
	says(b, 80, 0, (struct says){ .admin = ADMIN_DRAIN });
	second(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	adopt(b, ipvs_conf(&s, 1)); /* a reload changes nothing of that */
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	conns(b, 80, 0, 0);
	second(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	says(b, 80, 0, (struct says){ .weight = 1, .admin = ADMIN_DRAIN });
	second(b);
	assert_int_equal(weight_of(b, 80, 0), -1); /* drained is drained */
	says(b, 80, 0, (struct says){ .admin = ADMIN_READY });
	assert_int_equal(weight_of(b, 80, 0), 5);

	says(b, 80, 1, (struct says){ .admin = ADMIN_MAINT });
	assert_int_equal(weight_of(b, 80, 1), -1);
	admin(b, 80, 1, (struct admin){ .state = ADMIN_DRAIN });
	assert_int_equal(weight_of(b, 80, 1), -1);
	admin(b, 80, 1, (struct admin){ .state = ADMIN_READY });
	assert_int_equal(weight_of(b, 80, 1), -1);
	admin(b, 80, 1, (struct admin){ .state = ADMIN_MAINT });
	says(b, 80, 1, (struct says){ .admin = ADMIN_READY });
	assert_int_equal(weight_of(b, 80, 1), -1);
	admin(b, 80, 1, (struct admin){ .state = ADMIN_READY });
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void drain_limit(void **state)
{
	struct spec s = {
		.port = 80, .servers_n = 2, .probes_n = 1, .weight = 5, .drain_limit_us = SEC(60)
	};
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	conns(b, 80, 0, 3);
	admin(b, 80, 0, (struct admin){ .state = ADMIN_DRAIN });
	second(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	pass_minute(b);
	second(b);
	assert_int_equal(weight_of(b, 80, 0), -1);

	/* said by the file: the same */
	struct conf *c = ipvs_conf(&s, 1);

	conns(b, 80, 1, 1);
	c->rs[1].s.admin = ADMIN_DRAIN;
	adopt(b, c);
	second(b);
	assert_int_equal(weight_of(b, 80, 1), 0);
	pass_minute(b);
	second(b);
	assert_int_equal(weight_of(b, 80, 1), -1);
	bench_stop(b, false);
	bench_free(b);
}

static void dynamic_weight(void **state)
{
	struct spec s = { .port = 80, .servers_n = 2, .probes_n = 2, .weight = 5 };
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	trace_reset(b);
	b->role->ops->fact(b->role, MSG_WEIGHT, ipvs_probe_id(80, 0, 0).v, 10);
	b->role->ops->fact(b->role, MSG_WEIGHT, ipvs_probe_id(80, 0, 1).v, (uint32_t)-3);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 12);
	assert_int_equal(b->op_n, 1);
	b->role->ops->fact(b->role, MSG_WEIGHT, ipvs_probe_id(80, 0, 1).v, (uint32_t)-100);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 0);
	bench_stop(b, false);
	bench_free(b);
}

static void slow_start(void **state)
{
	struct spec s = {
		.port = 80, .servers_n = 2, .probes_n = 1, .weight = 100, .slow_start_us = SEC(20)
	};
	struct bench *b = bench_new();
	long weight, was = 0;

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(&s, 1));
	all_up(b);
	expect_all_up(b); /* at start nobody comes back */
	health(b, 80, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	health(b, 80, 0, 0, HEALTH_UP);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 10);
	for (unsigned i = 0; i < 25; i++) {
		second(b);
		weight = weight_of(b, 80, 0);
		assert_true(weight >= was);
		was = weight;
		if (i == 9)
			assert_in_range(weight, 50, 65);
		if (i == 10) { /* goes on over a reload */
			adopt(b, ipvs_conf(&s, 1));
			(void)settle(b);
		}
	}
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

/* ------------------------------------------------------------------ faces */

static struct conf *conf_of_faces(const struct spec *s, struct conf_vsaddr *list)
{
	struct conf *c = ipvs_conf(s, 1);

	for (unsigned i = 0; i < 3; i++)
		list[i] = (struct conf_vsaddr){
			.s = { .prefix = { .addr = ipvs_svc_addr(), .len = 32 },
			       .port = (uint16_t)(80 + i) },
		};
	list[2] = (struct conf_vsaddr){ .s = { .fwmark = 7 } };
	c->vsaddr = list;
	c->vsaddr_n = 3;
	c->vs[0].where = (struct conf_range){ 0, 3 };
	return c;
}

/* A service with several addresses: each server is in each of them. */
static void several_addresses(void **state)
{
	static struct conf_vsaddr list[3];
	struct spec s = { .port = 80, .servers_n = 3, .probes_n = 1, .weight = 1, .sorry = 101 };
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, conf_of_faces(&s, list));
	all_up(b);
	expect_all_up(b);
	assert_int_equal(b->op_n, 3 + 9);
	trace_reset(b);
	health(b, 80, 1, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(b->op_n, 3);
	assert_int_equal(weight_of(b, 80, 1), -1);
	assert_int_equal(weight_of(b, 81, 1), -1);
	assert_int_equal(weight_of(b, 81, 0), 1);
	health(b, 80, 0, 0, HEALTH_DOWN);
	health(b, 80, 2, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 100), 1);
	assert_int_equal(weight_of(b, 81, 100), 1);
	all_up(b);
	expect_all_up(b);
	bench_stop(b, false);

	struct ipvs_table t = { 0 };

	dump(b, &t);
	assert_int_equal(t.svc_n, 0);
	table_fini(&t);
	bench_free(b);
}

/* ------------------------------------------------------------------ instances */

static struct conf *conf_with_instance(const struct spec *s, struct conf_vip *vip,
				       struct conf_vrrp *vrrp)
{
	struct conf *c = ipvs_conf(s, 1);

	*vip = (struct conf_vip){ .s = { .prefix = { .addr = ipvs_svc_addr(), .len = 32 } } };
	*vrrp = (struct conf_vrrp){ .s = { .name = "i", .vips = { 0, 1 } }, .id = { 9 } };
	c->vip = vip;
	c->vrrp = vrrp;
	c->vip_n = c->vrrp_n = 1;
	idmap_init(&c->inst_by_id, &c->arena, 1);
	idmap_put(&c->inst_by_id, 9, 0);
	return c;
}

static void vrrp(struct bench *b, uint64_t vrrp_state)
{
	b->role->ops->fact(b->role, MSG_VRRP_STATE, 9, vrrp_state);
	(void)settle(b);
}

static void take_resume(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	assert_int_equal(type, MSG_RESUME);
	assert_int_equal(id, 0);
	*(uint64_t *)arg = value;
}

/* How often checks have been told that a service has come. */
static uint64_t resumed(struct mbox *box)
{
	static uint64_t n; /* a fact that was not posted again says nothing */

	mbox_gather(box);
	(void)mbox_deliver(box, take_resume, &n);
	return n;
}

/* With ha_suspend the table stays as it is while the address is elsewhere, and checks are told. */
static void suspended(void **state)
{
	static struct conf_vip vip[2];
	static struct conf_vrrp inst[2];
	struct spec s = { .port = 80, .servers_n = 3, .probes_n = 1, .weight = 5 };
	struct bench *b = bench_new();
	struct conf *c = conf_with_instance(&s, &vip[0], &inst[0]);
	struct mbox box, *check = &box;

	(void)state;
	c->vs[0].s.ha_suspend = true;
	conf_suspend_make(c, NULL);
	assert_int_equal(mbox_init(&box), 0);
	b->board.check = &check;
	b->board.check_n = 1;
	bench_start(b);
	adopt(b, c);
	all_up(b);
	assert_int_equal(weight_of(b, 80, 0), -1);
	assert_true(conf_suspend_has(c, 0));
	assert_int_equal(resumed(&box), 0);
	vrrp(b, MSG_VRRP_ACTIVE);
	assert_false(conf_suspend_has(c, 0));
	assert_int_equal(resumed(&box), 1);
	assert_int_equal(weight_of(b, 80, 0), 5);
	assert_int_equal(weight_of(b, 80, 2), 5);
	vrrp(b, 2);
	health(b, 80, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 5);
	c = conf_with_instance(&s, &vip[1], &inst[1]);
	c->vs[0].s.ha_suspend = true;
	conf_suspend_make(c, b->conf);
	assert_true(conf_suspend_has(c, 0));
	adopt(b, c);
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 5);
	assert_int_equal(resumed(&box), 1);
	vrrp(b, MSG_VRRP_ACTIVE);
	assert_int_equal(weight_of(b, 80, 0), -1);
	assert_int_equal(resumed(&box), 2);
	vrrp(b, 2);
	/* a reload takes the setting away */
	c = ipvs_conf(&s, 1);
	conf_suspend_make(c, b->conf);
	adopt(b, c);
	(void)settle(b);
	assert_false(conf_suspend_has(c, 0));
	assert_int_equal(resumed(&box), 3);
	bench_stop(b, false);
	mbox_fini(&box);
	bench_free(b);
}

static uint32_t daemons(struct bench *b, struct ipvs_daemon *d)
{
	uint32_t n;

	assert_int_equal(b->kern->ops->get_daemons(b->kern, d, &n), 0);
	return n;
}

static struct conf *conf_with_syncd(struct conf_vip *vip, struct conf_vrrp *inst,
				    struct conf_syncd *syncd)
{
	static const struct spec s = { .port = 80, .servers_n = 1, .weight = 5 };
	struct conf *c = conf_with_instance(&s, vip, inst);

	*syncd = (struct conf_syncd){ .s = { .interface = "eth0",
					     .instance = "i",
					     .syncid = 5,
					     .port = 8848,
					     .ttl = 1,
					     .mcast = addr_v4(htonl(0xe0000051)) } };
	c->syncd = syncd;
	c->syncd_n = 1;
	c->global.s.sync_daemon = (struct conf_range){ 0, 1 };
	return c;
}

/* Synchronisation: the end follows the instance; at a restart it is not touched. */
static void sync_follows_instance(void **state)
{
	static struct conf_vip vip[4];
	static struct conf_vrrp inst[4];
	static struct conf_syncd syncd[4];
	struct ipvs_daemon d[IPVS_SYNC_N];
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, conf_with_syncd(&vip[0], &inst[0], &syncd[0]));
	(void)settle(b);
	assert_int_equal(daemons(b, d), 1);
	assert_int_equal(d[0].state, IPVS_SYNC_BACKUP);
	assert_int_equal(d[0].syncid, 5);
	vrrp(b, MSG_VRRP_ACTIVE);
	assert_int_equal(daemons(b, d), 1);
	assert_int_equal(d[0].state, IPVS_SYNC_MASTER);
	bench_stop(b, true);

	/* an interface that is not there: tried again, the table goes on */
	struct conf *c = conf_with_syncd(&vip[1], &inst[1], &syncd[1]);

	syncd[1].s.interface = "nosuch";
	bench_start(b);
	adopt(b, c);
	(void)settle(b);
	assert_int_equal(daemons(b, d), 0);
	expect_all_up(b);
	c = conf_with_syncd(&vip[2], &inst[2], &syncd[2]);
	syncd[2].s.instance = NULL; /* both ends */
	adopt(b, c);
	(void)settle(b);
	assert_int_equal(daemons(b, d), 2);
	bench_stop(b, false);
	assert_int_equal(daemons(b, d), 0);
	bench_free(b);
}

/* ------------------------------------------------------------------ the whole table */

static void foreign(struct bench *b)
{
	struct ipvs_svc s = {
		.addr = ipvs_svc_addr(), .port = 99, .protocol = VS_TCP, .sched = "rr"
	};
	struct ipvs_dest d = { .addr = ipvs_server_addr(1000), .port = 80, .weight = 1 };

	one(b, KERN_NEW_SVC, &s, NULL);
	one(b, KERN_NEW_DEST, &s, &d);
}

static void ownership(void **state)
{
	struct bench *b = bench_new();
	struct conf *c = ipvs_conf(two, N_OF(two));

	(void)state;
	foreign(b);
	c->global.s.ownership = OWNERSHIP_STRICT;
	bench_start(b);
	adopt(b, c);
	all_up(b);
	assert_false(has_svc(b, 99));
	expect_all_up(b);
	foreign(b);
	pass_minute(b);
	assert_false(has_svc(b, 99));
	expect_all_up(b);
	bench_stop(b, false);

	foreign(b);
	c = ipvs_conf(two, N_OF(two));
	c->global.s.lvs_flush = true;
	bench_start(b);
	adopt(b, c);
	all_up(b);
	assert_false(has_svc(b, 99));
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void drift(void **state)
{
	static struct conf_drift how;
	struct bench *b = bench_new();
	struct conf *c = ipvs_conf(two, N_OF(two));
	struct ipvs_svc s = { .addr = ipvs_svc_addr(), .port = 80, .protocol = VS_TCP };
	struct ipvs_dest d = { .addr = ipvs_server_addr(0), .port = 80, .weight = 50 };

	(void)state;
	how.s = (struct fields_drift){ .mode = DRIFT_REPORT, .interval_us = SEC(5) };
	c->drift = &how;
	c->drift_n = 1;
	c->global.s.drift = (struct conf_range){ 0, 1 };
	bench_start(b);
	adopt(b, c);
	all_up(b);
	one(b, KERN_SET_DEST, &s, &d);
	pass(b, SEC(6));
	(void)settle(b);
	assert_int_equal(weight_of(b, 80, 0), 50);
	how.s.mode = DRIFT_REPAIR;
	pass(b, SEC(6));
	(void)settle(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void stops(void **state)
{
	static const struct {
		uint8_t on_stop;
		bool has_foreign, has_ours;
	} rows[] = {
		{ ON_STOP_REMOVE, true, false },
		{ ON_STOP_KEEP, true, true },
		{ ON_STOP_FLUSH, false, false },
		{ ON_STOP_DRAIN, true, false },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		static struct conf_timeouts timeouts;
		struct bench *b = bench_new();
		struct conf *c = ipvs_conf(two, N_OF(two));
		struct ipvs_timeouts was, now;

		timeouts.s = (struct fields_timeouts){ .udp_us = SEC(33) };
		c->timeouts = &timeouts;
		c->timeouts_n = 1;
		c->global.s.lvs_timeouts = (struct conf_range){ 0, 1 };
		c->global.s.on_stop = rows[i].on_stop;
		foreign(b);
		assert_int_equal(b->kern->ops->get_timeouts(b->kern, &was), 0);
		bench_start(b);
		adopt(b, c);
		all_up(b);
		assert_int_equal(b->kern->ops->get_timeouts(b->kern, &now), 0);
		assert_int_equal(now.udp_s, 33);
		assert_int_equal(now.tcp_s, was.tcp_s);
		bench_stop(b, false);
		assert_int_equal(has_svc(b, 99), rows[i].has_foreign);
		assert_int_equal(has_svc(b, 80), rows[i].has_ours);
		assert_int_equal(b->kern->ops->get_timeouts(b->kern, &now), 0);
		assert_int_equal(now.udp_s, rows[i].has_ours ? 33 : was.udp_s);
		bench_free(b);
	}
}

/* At stop connections may end first, for so long. */
static void drains_at_stop(void **state)
{
	struct bench *b = bench_new();
	struct conf *c = ipvs_conf(two, N_OF(two));
	int64_t from_us;

	(void)state;
	c->global.s.on_stop = ON_STOP_DRAIN;
	c->global.s.drain_limit_us = MS(300);
	bench_start(b);
	adopt(b, c);
	all_up(b);
	conns(b, 80, 0, 1);
	trace_reset(b);
	from_us = clock_now_us();
	bench_stop(b, false);
	assert_true(clock_now_us() - from_us >= MS(300));
	assert_int_equal(b->op_n, 4 + 3 + 2); /* weights, then both services */
	assert_int_equal(b->dest[0].weight, 0);
	assert_false(has_svc(b, 80));
	bench_free(b);
}

/* The module is unloaded while vipd runs, and loaded again. */
static void ipvs_gone(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_start(b);
	adopt(b, ipvs_conf(two, N_OF(two)));
	all_up(b);
	assert_int_equal(b->kern->ops->flush(b->kern), 0);
	b->is_gone = true;
	for (unsigned i = 0; i < 3; i++)
		pass_minute(b);
	health(b, 80, 0, 0, HEALTH_DOWN);
	(void)settle(b);
	health(b, 80, 0, 0, HEALTH_UP);
	(void)settle(b);
	b->is_gone = false;
	pass_backoff(b);
	expect_all_up(b);
	bench_stop(b, false);
	bench_free(b);
}

static void random_specs(struct bench *b, struct spec *s, uint32_t *n)
{
	static const char *const sched[] = { "rr", "wlc", "mh" };

	*n = 0;
	for (uint16_t i = 0; i < SPECS_N; i++) {
		if (unit_rand(&b->seed) % 4 == 0)
			continue;
		s[(*n)++] = (struct spec){
			.port = (uint16_t)(80 + i),
			.sched = sched[unit_rand(&b->seed) % 3],
			.is_inhibit = unit_rand(&b->seed) % 2,
			.first_server = unit_rand(&b->seed) % 5,
			.servers_n = unit_rand(&b->seed) % 40,
			.probes_n = i % 3,
			.weight = 1 + unit_rand(&b->seed) % 3,
			.quorum = 1 + unit_rand(&b->seed) % 40,
			.panic_percent = (uint8_t)(i % 2 ? unit_rand(&b->seed) % 60 : 0),
			.sorry = unit_rand(&b->seed) % 2 ? unit_rand(&b->seed) % 100 : 0,
			.is_sorry_inhibit = unit_rand(&b->seed) % 2,
			.is_alpha = unit_rand(&b->seed) % 4 == 0,
		};
	}
}

/* Strangers and mishaps of one step. */
static void disturb(struct bench *b)
{
	struct ipvs_svc s = { .addr = ipvs_svc_addr(),
			      .port = (uint16_t)(80 + unit_rand(&b->seed) % SPECS_N),
			      .protocol = VS_TCP,
			      .sched = "rr" };
	struct ipvs_dest d = { .addr = ipvs_server_addr(unit_rand(&b->seed) % 40),
			       .port = 80,
			       .weight = unit_rand(&b->seed) % 9 };
	static const enum kern_do what[] = { KERN_DEL_SVC, KERN_NEW_DEST, KERN_DEL_DEST,
					     KERN_SET_DEST, KERN_SET_SVC };

	switch (unit_rand(&b->seed) % 40) {
	case 0:
		one(b, what[unit_rand(&b->seed) % N_OF(what)], &s, &d);
		break;
	case 1:
		b->lost_calls_n = (int)(unit_rand(&b->seed) % 3);
		break;
	case 2:
		b->fail_1_in = unit_rand(&b->seed) % 2 ? 0 : 20;
		break;
	default:
		break;
	}
}

static void random_health(struct bench *b)
{
	if (!b->conf->probe_n)
		return;

	uint32_t p = unit_rand(&b->seed) % b->conf->probe_n;
	struct health h = { .verdict = (enum health_verdict)(1 + unit_rand(&b->seed) % 2) };

	b->role->ops->fact(b->role, MSG_HEALTH, b->conf->probe[p].id.v, health_pack(h));
}

static void random_admin(struct bench *b)
{
	uint32_t rs = b->conf->rs_n ? unit_rand(&b->seed) % b->conf->rs_n : 0;
	struct admin a = { .state = (uint8_t)(unit_rand(&b->seed) % 3),
			   .has_weight = unit_rand(&b->seed) % 2,
			   .weight = unit_rand(&b->seed) % 5 };

	if (b->conf->rs_n && unit_rand(&b->seed) % 20 == 0)
		b->role->ops->fact(b->role, MSG_ADMIN, b->conf->rs[rs].id.v, admin_pack(a));
}

static void all_ready(struct bench *b)
{
	for (uint32_t i = 0; i < b->conf->rs_n; i++)
		b->role->ops->fact(b->role, MSG_ADMIN, b->conf->rs[i].id.v,
				   admin_pack((struct admin){ .state = ADMIN_READY }));
}

/* Health, reloads, strangers, refusals, losses, in any order; when calm returns, the table is right. */
static void soak(void **state)
{
	struct bench *b = bench_new();
	struct spec s[SPECS_N];
	uint32_t n;

	(void)state;
	bench_start(b);
	random_specs(b, s, &n);
	adopt(b, ipvs_conf(s, n));
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 200; i++) {
			disturb(b);
			random_health(b);
			random_admin(b);
			if (unit_rand(&b->seed) % 100 == 0) {
				random_specs(b, s, &n);
				adopt(b, ipvs_conf(s, n));
			}
			if (unit_rand(&b->seed) % 3 == 0)
				pass(b, unit_rand(&b->seed) % 5 ? 0 : SEC(11));
		}
		b->lost_calls_n = 0;
		b->fail_1_in = 0;
		all_ready(b);
		all_up(b);
		pass_backoff(b);
		pass_minute(b);
		expect_all_up(b);
	}
	bench_stop(b, false);
	bench_free(b);
}

/* As a thread, with messages from another one. */
static void in_its_thread(void **state)
{
	static struct fact facts[11];
	struct bench *b = bench_new();
	struct conf *c = ipvs_conf(two, N_OF(two));

	(void)state;
	c->gen = 1;
	conf_publish(&b->board.conf, c);
	atomic_store(&b->board.must_clean, true);
	b->ipvs = ipvs_new(&b->board, &b->pass);
	b->role = ipvs_role(b->ipvs);
	assert_int_equal(role_prepare(b->role), 0);
	assert_int_equal(role_start(b->role), 0);
	assert_int_equal(c->probe_n, N_OF(facts));
	for (unsigned i = 0; i < N_OF(facts); i++)
		fact_init(&facts[i], MSG_HEALTH, c->probe[i].id.v);
	for (unsigned k = 0; k < 1000; k++)
		for (unsigned i = 0; i < N_OF(facts); i++)
			fact_post(&b->role->box, &facts[i],
				  health_pack((struct health){ .verdict = 1 + (k + i) % 2 }));
	role_stop(b->role);
	assert_int_equal(role_join(b->role, SEC(10)), 0);
	assert_false(has_svc(b, 80));
	role_release(b->role);
	ipvs_free(b->ipvs);
	conf_publish(&b->board.conf, NULL);
	snap_barrier();
	bench_free(b);
}

static void take_counted(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	(void)id;
	if (type == MSG_COUNTED)
		*(uint64_t *)arg = value;
}

/* A question is answered by what is published then, between batches of other work. */
static void counters(void **state)
{
	struct bench *b = bench_new();
	struct spec spec[] = { { .port = 80, .servers_n = 700, .probes_n = 1, .weight = 1 },
			       { .port = 81, .servers_n = 700, .probes_n = 1, .weight = 1 } };
	uint64_t answered = 0;
	struct mbox box;

	(void)state;
	assert_int_equal(mbox_init(&box), 0);
	b->board.main = &box;
	bench_start(b);
	adopt(b, ipvs_conf(spec, N_OF(spec)));
	all_up(b);
	b->role->ops->fact(b->role, MSG_COUNT, 0, 5);
	health(b, 80, 3, 0, HEALTH_DOWN);
	assert_int_equal(weight_of(b, 80, 3), 1);
	turn_at(b, 0);
	assert_int_equal(weight_of(b, 80, 3), -1);
	(void)settle(b);
	mbox_gather(&box);
	(void)mbox_deliver(&box, take_counted, &answered);
	assert_int_equal(answered, 5);

	const struct counters *c = counters_hold(&b->board.counters);

	assert_int_equal(c->number, 5);
	assert_int_equal(c->service_n, 2);
	assert_int_equal(c->server_n, 1399);
	counters_drop(c);
	bench_stop(b, false);
	assert_null(b->board.counters.current);
	snap_barrier();
	mbox_fini(&box);
	bench_free(b);
}

static int group_setup(void **state)
{
	(void)state;
	snap_thread_register();
	return log_start() || stats_thread_enter();
}

static int group_teardown(void **state)
{
	(void)state;
	log_stop();
	snap_thread_unregister();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_start),
		cmocka_unit_test(failure_and_recovery),
		cmocka_unit_test(flapping),
		cmocka_unit_test(adopt_after_kill),
		cmocka_unit_test(stop_before_adopt),
		cmocka_unit_test(failed_start),
		cmocka_unit_test(reload),
		cmocka_unit_test(changed_by_others),
		cmocka_unit_test(refused_service),
		cmocka_unit_test(lost_answers),
		cmocka_unit_test(bounded_batches),
		cmocka_unit_test(extremes),
		cmocka_unit_test(service_before_servers),
		cmocka_unit_test(slow_changes),
		cmocka_unit_test(sorry_server),
		cmocka_unit_test(quorum_once_a_turn),
		cmocka_unit_test(sorry_inhibit),
		cmocka_unit_test(sorry_over_restart),
		cmocka_unit_test(alpha),
		cmocka_unit_test(panic),
		cmocka_unit_test(drain_and_maint),
		cmocka_unit_test(server_says),
		cmocka_unit_test(drain_limit),
		cmocka_unit_test(dynamic_weight),
		cmocka_unit_test(slow_start),
		cmocka_unit_test(several_addresses),
		cmocka_unit_test(suspended),
		cmocka_unit_test(sync_follows_instance),
		cmocka_unit_test(ownership),
		cmocka_unit_test(drift),
		cmocka_unit_test(stops),
		cmocka_unit_test(drains_at_stop),
		cmocka_unit_test(ipvs_gone),
		cmocka_unit_test(counters),
		cmocka_unit_test(soak),
		cmocka_unit_test(in_its_thread),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
