/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check: a worker against real servers, good and hostile ones. The test stands where the IPVS role
 * does and waits for facts in its mailbox.
 */
#include "check/check.h"
#include "check/http.h"
#include "check/sched.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_share.h"
#include "core/conf/conf_suspend.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/reason.h"
#include "core/stats.h"

#include "check_servers.h"
#include "unit.h"
#include "unit_mbox.h"

#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>

enum {
	PROBES_MAX = 1024,
	VS_N = 2,
	WORKERS_MAX = 2,
	MANY_N = 1000, /* several times what is taken over in a turn */
	WAIT_S = 20, /* for a fact that must come; a healthy run needs far less */
};

static uint32_t per_target_max = 1000;
static unsigned worker_n = 1;

/* A check of a server: what goes into the configuration. */
struct spec {
	uint32_t id;
	const char *addr; /* NULL: 127.0.0.1 */
	uint16_t port;
	enum words_CHECK_TYPE type;
	int64_t interval_us, timeout_us;
	uint8_t rise_n, fall_n;
	uint32_t weight;
	bool is_shared; /* of the first: all that ask the same are one */
	bool alpha;
	uint32_t vs; /* index of its service */
	int32_t file_weight; /* CHECK_FILE */
	bool is_reverse;
};

enum { FILE_ID = 7 }; /* of the one that is tracked */

/* The latest fact of each probe. */
struct inbox {
	struct mbox box;
	struct health latest[PROBES_MAX];
	unsigned n[PROBES_MAX];
	unsigned all_n;
	int32_t weight[PROBES_MAX]; /* what was added to it */
	uint8_t admin[PROBES_MAX];
	unsigned weight_n;
};

struct pool {
	struct board board;
	struct inbox in;
	struct check *check; /* the first worker */
	struct check *worker[WORKERS_MAX];
};

static const struct conf *latest; /* as published last */

static struct conf *make_conf(const struct spec *spec, uint32_t n, uint64_t gen)
{
	struct conf *c = conf_new();

	c->gen = gen;
	c->workers.s.inflight_max = 1000;
	c->workers.s.handshakes_max = 64;
	c->workers.s.per_target_max = per_target_max;
	c->workers.s.share_checks = spec->is_shared;
	c->vs = arena_array(&c->arena, VS_N, sizeof(*c->vs));
	c->rs = arena_array(&c->arena, n, sizeof(*c->rs));
	c->check = arena_array(&c->arena, n, sizeof(*c->check));
	c->probe = arena_array(&c->arena, n, sizeof(*c->probe));
	c->vs_n = VS_N;
	c->rs_n = c->check_n = c->probe_n = n;
	for (unsigned i = 0; i < VS_N; i++)
		c->vs[i].s.name = "vs";
	c->vs[0].s.servers.n = n;
	idmap_init(&c->probe_by_id, &c->arena, n);
	for (uint32_t i = 0; i < n; i++) {
		struct fields_check *s = &c->check[i].s;

		assert_int_equal(
			addr_parse(spec[i].addr ? spec[i].addr : "127.0.0.1", &c->rs[i].s.addr), 0);
		c->rs[i].s.port = spec[i].port;
		c->rs[i].id.v = spec[i].id;
		c->rs[i].vs = spec[i].vs;
		c->rs[i].s.weight = spec[i].weight;
		*s = (struct fields_check){ .type = (uint8_t)spec[i].type,
					    .interval_us = spec[i].interval_us,
					    .timeout_us = spec[i].timeout_us,
					    .rise_n = spec[i].rise_n,
					    .fall_n = spec[i].fall_n,
					    .alpha = spec[i].alpha,
					    .weight = spec[i].file_weight,
					    .reverse = spec[i].is_reverse,
					    .path = "/" };
		for (unsigned code = 200; code < 300; code++)
			s->status.w[(code - 100) / 64] |= UINT64_C(1) << (code - 100) % 64;
		c->probe[i] = (struct conf_probe){ .id = { spec[i].id }, .rs = i, .check = i };
		idmap_put(&c->probe_by_id, spec[i].id, i);
	}
	c->track_file = arena_array(&c->arena, 1, sizeof(*c->track_file));
	c->track_file_n = 1;
	c->track_file[0].id.v = FILE_ID;
	idmap_init(&c->track_by_id, &c->arena, 1);
	idmap_put(&c->track_by_id, FILE_ID, 0);
	conf_share(c, latest, worker_n, sched_worker);
	latest = c; /* it is published next */
	conf_suspend_make(c, NULL);
	c->check_run = arena_alloc(&c->arena, check_run_len(c));
	return c;
}

static void on_fact(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	struct inbox *in = arg;

	assert_true(id < PROBES_MAX);
	if (type == MSG_WEIGHT) {
		in->weight[id] = says_unpack(value).weight;
		in->admin[id] = says_unpack(value).admin;
		in->weight_n++;
		return;
	}
	assert_int_equal(type, MSG_HEALTH);
	in->latest[id] = health_unpack(value);
	in->n[id]++;
	in->all_n++;
}

/* Waits until a fact comes or wait_ms have passed. */
static void take(struct inbox *in, int wait_ms)
{
	struct pollfd p = { .fd = in->box.event_fd, .events = POLLIN };

	(void)poll(&p, 1, wait_ms);
	mbox_take(&in->box, on_fact, in);
}

/* Waits until the probe has that verdict. */
static void expect(struct inbox *in, uint32_t id, enum health_verdict verdict)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);

	while (in->latest[id].verdict != verdict) {
		assert_true(clock_now_us() < until_us);
		take(in, 100);
	}
}

/* Waits until at least n more have been accepted. */
static void expect_accepted(struct server *sv, unsigned n)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);
	unsigned before_n = atomic_load(&sv->accepted_n);

	while (atomic_load(&sv->accepted_n) - before_n < n) {
		assert_true(clock_now_us() < until_us);
		(void)usleep(1000);
	}
}

static void pool_start(struct pool *p, const struct spec *spec, uint32_t n)
{
	*p = (struct pool){ 0 };
	assert_int_equal(mbox_init(&p->in.box), 0);
	p->board.ipvs = &p->in.box;
	conf_publish(&p->board.conf, make_conf(spec, n, 1));
	for (unsigned i = 0; i < worker_n; i++) {
		p->worker[i] = check_new(&p->board, i, worker_n);
		assert_int_equal(role_prepare(check_role(p->worker[i])), 0);
		assert_int_equal(role_start(check_role(p->worker[i])), 0);
	}
	p->check = p->worker[0];
}

static void pool_reload(struct pool *p, const struct spec *spec, uint32_t n, uint64_t gen)
{
	conf_publish(&p->board.conf, make_conf(spec, n, gen));
	for (unsigned i = 0; i < worker_n; i++) {
		struct role *r = check_role(p->worker[i]);

		fact_post(&r->box, &r->snap_fact, gen);

		/* two turns later it has been adopted */
		uint_fast64_t beat = atomic_load(&r->heartbeat);

		while (atomic_load(&r->heartbeat) < beat + 2)
			(void)usleep(1000);
	}
}

static void pool_stop(struct pool *p)
{
	for (unsigned i = 0; i < worker_n; i++) {
		role_stop(check_role(p->worker[i]));
		assert_int_equal(role_join(check_role(p->worker[i]), SEC(WAIT_S)), 0);
	}
	take(&p->in, 0);
	for (unsigned i = 0; i < worker_n; i++) {
		role_release(check_role(p->worker[i]));
		check_free(p->worker[i]);
	}
	mbox_fini(&p->in.box);
	conf_publish(&p->board.conf, NULL);
	latest = NULL;
	snap_barrier();
}

static struct spec spec_of(uint32_t id, uint16_t port, enum words_CHECK_TYPE type)
{
	return (struct spec){ .id = id,
			      .port = port,
			      .type = type,
			      .interval_us = MS(50),
			      .timeout_us = SEC(1),
			      .rise_n = 2,
			      .fall_n = 3 };
}

/* What each kind of server gets from each kind of check. */
static void test_verdicts(void **state)
{
	static const struct {
		enum server_mode mode;
		enum check_reason http, tcp;
		uint16_t code;
	} rows[] = {
		{ SERVE_OK, REASON_L7OK, REASON_L4OK, 200 },
		{ SERVE_INTERIM, REASON_L7OK, REASON_L4OK, 204 },
		{ SERVE_503, REASON_L7STS, REASON_L4OK, 503 },
		{ SERVE_SILENT, REASON_L7TOUT, REASON_L4OK, 0 },
		{ SERVE_DRIP, REASON_L7TOUT, REASON_L4OK, 0 },
		{ SERVE_ENDLESS, REASON_L7RSP, REASON_L4OK, 0 },
		{ SERVE_GARBAGE, REASON_L7RSP, REASON_L4OK, 0 },
		{ SERVE_CLOSE, REASON_L7RSP, REASON_L4OK, 0 },
		{ SERVE_RESET, REASON_L7RSP, REASON_L4OK, 0 },
		{ SERVE_NOBODY, REASON_L4CON, REASON_L4CON, 0 },
	};
	static struct servers servers;
	struct spec spec[2 * N_OF(rows)];
	static struct pool p;

	(void)state;
	for (uint32_t i = 0; i < N_OF(rows); i++) {
		uint16_t port = server_add(&servers, rows[i].mode);

		spec[2 * i] = spec_of(2 * i + 1, port, CHECK_HTTP);
		spec[2 * i + 1] = spec_of(2 * i + 2, port, CHECK_TCP);
	}
	servers_start(&servers);
	pool_start(&p, spec, N_OF(spec));
	for (uint32_t i = 0; i < N_OF(rows); i++) {
		const struct health *http = &p.in.latest[2 * i + 1], *tcp = http + 1;

		expect(&p.in, 2 * i + 1, reason_verdict(rows[i].http));
		expect(&p.in, 2 * i + 2, reason_verdict(rows[i].tcp));
		assert_string_equal(reason_name(http->reason), reason_name(rows[i].http));
		assert_string_equal(reason_name(tcp->reason), reason_name(rows[i].tcp));
		assert_int_equal(http->code, rows[i].code);
	}
	/* each said it once */
	assert_int_equal(p.in.all_n, N_OF(spec));
	pool_stop(&p);
	assert_int_equal(p.in.all_n, N_OF(spec));
	servers_stop(&servers);
}

static void test_rise_and_fall(void **state)
{
	static struct servers servers;
	struct spec spec = spec_of(1, server_add(&servers, SERVE_OK), CHECK_HTTP);
	struct server *sv = &servers.server[0];
	static struct pool p;

	(void)state;
	spec.interval_us = MS(10);
	servers_start(&servers);
	pool_start(&p, &spec, 1);
	expect(&p.in, 1, HEALTH_UP);

	unsigned before_n = atomic_load(&sv->answered_n);

	atomic_store(&sv->mode, SERVE_503);
	expect(&p.in, 1, HEALTH_DOWN);
	assert_true(atomic_load(&sv->answered_n) - before_n >= spec.fall_n);
	before_n = atomic_load(&sv->answered_n);
	atomic_store(&sv->mode, SERVE_OK);
	expect(&p.in, 1, HEALTH_UP);
	assert_true(atomic_load(&sv->answered_n) - before_n >= spec.rise_n);
	assert_int_equal(p.in.n[1], 3);
	pool_stop(&p);
	servers_stop(&servers);
}

/* What main sees of the checks: those of a follower are its leader's. */
static void test_seen(void **state)
{
	static struct servers servers;
	struct spec spec[2];
	struct check_seen seen;
	static struct pool p;
	const struct conf *c;

	(void)state;
	spec[0] = spec[1] = spec_of(1, server_add(&servers, SERVE_503), CHECK_HTTP);
	spec[1].id = 2;
	spec[0].is_shared = spec[1].is_shared = true;
	servers_start(&servers);
	pool_start(&p, spec, 2);
	expect(&p.in, 1, HEALTH_DOWN);
	pool_reload(&p, spec, 2, 2);
	c = conf_hold(&p.board.conf);
	assert_false(check_seen(c, (struct probe_id){ 3 }, &seen));
	for (uint32_t id = 1; id <= 2; id++) {
		int64_t now_us = clock_now_us();

		assert_true(check_seen(c, (struct probe_id){ id }, &seen));
		assert_true(seen.n >= spec->fall_n); /* kept over the reload */
		for (unsigned i = 0; i < seen.n; i++) {
			assert_int_equal(seen.item[i].reason, REASON_L7STS);
			assert_int_equal(seen.item[i].code, 503);
			assert_true(seen.item[i].at_us < now_us + SEC(1));
			assert_true(!i || seen.item[i].at_us < seen.item[i - 1].at_us);
		}
	}
	conf_drop(c);
	pool_stop(&p);
	servers_stop(&servers);
}

/* What stays goes on without a word; what is new is checked; what is gone is not. */
static void test_reload(void **state)
{
	static struct servers servers;
	struct spec spec[3];
	static struct pool p;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		spec[i] = spec_of(i + 1, server_add(&servers, SERVE_OK), CHECK_HTTP);
		spec[i].interval_us = MS(20);
	}
	servers_start(&servers);
	pool_start(&p, spec, 2);
	expect(&p.in, 1, HEALTH_UP);
	expect(&p.in, 2, HEALTH_UP);
	for (uint64_t gen = 2; gen < 20; gen++)
		pool_reload(&p, spec, 2, gen);
	expect_accepted(&servers.server[0], 3);
	take(&p.in, 0);
	assert_int_equal(p.in.all_n, 2);

	/* 1 goes, 3 comes */
	pool_reload(&p, spec + 1, 2, 20);
	expect(&p.in, 3, HEALTH_UP);

	unsigned gone_n = atomic_load(&servers.server[0].accepted_n);

	expect_accepted(&servers.server[1], 3);
	expect_accepted(&servers.server[2], 3);
	assert_true(atomic_load(&servers.server[0].accepted_n) <= gone_n + 1);
	assert_int_equal(p.in.all_n, 3);
	pool_stop(&p);
	servers_stop(&servers);
}

/* n probes from first_id on, of one server. */
static const struct spec *many(uint32_t first_id, uint32_t n, uint16_t port)
{
	static struct spec spec[MANY_N];

	for (uint32_t i = 0; i < n; i++) {
		spec[i] = spec_of(first_id + i, port, CHECK_TCP);
		spec[i].interval_us = SEC(1);
	}
	return spec;
}

/* More than is taken over in one turn, again and again before the last one is done, and an end in the
 * middle of it: what stays says nothing new, what is new is checked. */
static void test_reload_in_steps(void **state)
{
	static struct servers servers;
	static struct pool p;
	uint16_t port = server_add(&servers, SERVE_OK);

	(void)state;
	servers_start(&servers);
	pool_start(&p, many(1, 600, port), 600);
	for (uint32_t id = 401; id <= 600; id++)
		expect(&p.in, id, HEALTH_UP);

	struct role *r = check_role(p.check);

	for (uint64_t gen = 2; gen < 40; gen++) {
		uint32_t first = gen % 2 ? 1 : 401;

		conf_publish(&p.board.conf, make_conf(many(first, 600, port), 600, gen));
		fact_post(&r->box, &r->snap_fact, gen);
		if (gen % 3)
			pool_reload(&p, many(301, 600, port), 600, ++gen);
	}
	pool_reload(&p, many(401, 600, port), 600, 40);
	for (uint32_t id = 601; id <= 1000; id++)
		expect(&p.in, id, HEALTH_UP);
	for (uint32_t id = 401; id <= 600; id++)
		assert_int_equal(p.in.n[id], 1);
	conf_publish(&p.board.conf, make_conf(many(1, MANY_N, port), MANY_N, 41));
	fact_post(&r->box, &r->snap_fact, 41);
	pool_stop(&p);
	servers_stop(&servers);
}

/* Another target under the same id: the verdict stays until the new one is known, and that at once. */
static void test_reload_restarts(void **state)
{
	static struct servers servers;
	struct spec spec = spec_of(1, server_add(&servers, SERVE_OK), CHECK_HTTP);
	uint16_t other = server_add(&servers, SERVE_503);
	static struct pool p;

	(void)state;
	spec.fall_n = 200;
	servers_start(&servers);
	pool_start(&p, &spec, 1);
	expect(&p.in, 1, HEALTH_UP);
	spec.port = other;
	pool_reload(&p, &spec, 1, 2);
	expect(&p.in, 1, HEALTH_DOWN);
	assert_int_equal(p.in.n[1], 2);
	assert_int_equal(p.in.latest[1].code, 503);
	pool_stop(&p);
	servers_stop(&servers);
}

/* A shorter interval does not wait for the end of a long one. */
static void test_reload_takes_interval(void **state)
{
	static struct servers servers;
	struct spec spec = spec_of(1, server_add(&servers, SERVE_OK), CHECK_TCP);
	static struct pool p;

	(void)state;
	spec.interval_us = SEC(86400);
	servers_start(&servers);
	pool_start(&p, &spec, 1);
	spec.interval_us = MS(10);
	pool_reload(&p, &spec, 1, 2);
	expect(&p.in, 1, HEALTH_UP);
	expect_accepted(&servers.server[0], 2);
	pool_stop(&p);
	servers_stop(&servers);
}

/* Facts that nobody has taken: a probe that is gone waits for them. */
static void test_reload_with_facts_queued(void **state)
{
	static struct servers servers;
	struct spec spec = spec_of(1, server_add(&servers, SERVE_OK), CHECK_TCP);
	static struct pool p;

	(void)state;
	servers_start(&servers);
	pool_start(&p, &spec, 1);
	expect_accepted(&servers.server[0], 2);
	pool_reload(&p, &spec, 0, 2);
	pool_reload(&p, &spec, 0, 3);
	assert_int_equal(p.in.all_n, 0);
	take(&p.in, 0);
	assert_int_equal(p.in.n[1], 1);
	pool_stop(&p);
	servers_stop(&servers);
}

/* More checks than may run: they wait, and none fails for it. */
static void test_bounded_in_number(void **state)
{
	enum { N = 100, DESCRIPTORS_N = 64 + 20 };
	static struct servers servers;
	struct spec spec[N];
	struct rlimit was, low;
	static struct pool p;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	server_add(&servers, SERVE_SILENT);
	for (uint32_t i = 0; i < N; i++) {
		spec[i] = spec_of(i + 1, servers.server[0].port, CHECK_HTTP);
		spec[i].timeout_us = MS(100);
	}
	servers_start(&servers);
	low = (struct rlimit){ .rlim_cur = DESCRIPTORS_N, .rlim_max = was.rlim_max };
	/* read by the worker when it starts; it would be in our own way later */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	pool_start(&p, spec, N);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	for (uint32_t i = 1; i <= N; i++) {
		expect(&p.in, i, HEALTH_DOWN);
		assert_int_equal(p.in.latest[i].reason, REASON_L7TOUT);
	}
	/* those that the server has not seen closed yet count in: twice the number at most */
	assert_true(atomic_load(&servers.server[0].open_max_n) <= 40);
	pool_stop(&p);
	servers_stop(&servers);
}

/* What this machine can't do says nothing of the server. */
static void test_local_fault_is_no_verdict(void **state)
{
	struct spec spec = spec_of(1, 80, CHECK_TCP);
	uint64_t before_n = stats_sum(STAT_CHECKS_LOCAL_FAULT);
	int64_t until_us = clock_now_us() + SEC(WAIT_S);
	static struct pool p;

	(void)state;
	spec.addr = "255.255.255.255"; /* no TCP goes there: connect() fails at once */
	pool_start(&p, &spec, 1);
	while (stats_sum(STAT_CHECKS_LOCAL_FAULT) < before_n + 5)
		assert_true(clock_now_us() < until_us);
	pool_stop(&p);
	assert_int_equal(p.in.all_n, 0);
}

/* Four servers at one address: one check for all. The one that leads goes, and the next one takes over. */
static void test_shared(void **state)
{
	static struct servers servers;
	uint16_t port = server_add(&servers, SERVE_OK);
	struct server *sv = &servers.server[0];
	struct spec spec[4];
	static struct pool p;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		spec[i] = spec_of(i + 1, port, CHECK_HTTP);
		spec[i].is_shared = true;
		spec[i].interval_us = MS(20);
	}
	servers_start(&servers);
	pool_start(&p, spec, 4);
	for (uint32_t id = 1; id <= 4; id++)
		expect(&p.in, id, HEALTH_UP);

	uint64_t before_n = stats_sum(STAT_CHECKS);
	unsigned accepted_n = atomic_load(&sv->accepted_n);

	expect_accepted(sv, 10);
	/* what is counted is what the server has seen: nothing is made four times */
	assert_true(stats_sum(STAT_CHECKS) - before_n <=
		    atomic_load(&sv->accepted_n) - accepted_n + 1);

	/* 1 goes; 5 comes and is known at once */
	pool_reload(&p, spec + 1, 3, 2);
	atomic_store(&sv->mode, SERVE_503);
	for (uint32_t id = 2; id <= 4; id++)
		expect(&p.in, id, HEALTH_DOWN);
	assert_int_equal(p.in.latest[1].verdict, HEALTH_UP);
	spec[0].id = 5;
	pool_reload(&p, spec, 4, 3);
	expect(&p.in, 5, HEALTH_DOWN);

	/* each for itself, and together again */
	spec[0].is_shared = false;
	atomic_store(&sv->mode, SERVE_OK);
	pool_reload(&p, spec, 4, 4);
	for (uint32_t id = 2; id <= 5; id++)
		expect(&p.in, id, HEALTH_UP);
	spec[0].is_shared = true;
	pool_reload(&p, spec, 4, 5);
	atomic_store(&sv->mode, SERVE_RESET);
	for (uint32_t id = 2; id <= 5; id++)
		expect(&p.in, id, HEALTH_DOWN);
	pool_stop(&p);
	servers_stop(&servers);
}

/* A share of the weight, of two servers with a weight each; alpha: down first. */
static void test_weight_and_alpha(void **state)
{
	static struct servers servers;
	struct spec spec[2];
	static struct pool p;

	(void)state;
	spec[0] = spec_of(1, server_add(&servers, SERVE_AGENT), CHECK_AGENT);
	spec[0].is_shared = true;
	spec[0].alpha = true;
	spec[0].weight = 100;
	spec[1] = spec[0];
	spec[1].id = 2;
	spec[1].weight = 11;
	servers_start(&servers);
	pool_start(&p, spec, 2);
	expect(&p.in, 1, HEALTH_UP);
	expect(&p.in, 2, HEALTH_UP);
	while (p.in.weight[1] != -50 || p.in.weight[2] != -6)
		take(&p.in, 100);

	/* another weight makes another difference */
	spec[0].weight = 10;
	pool_reload(&p, spec, 2, 2);
	while (p.in.weight[1] != -5)
		take(&p.in, 100);
	atomic_store(&servers.server[0].mode, SERVE_GARBAGE); /* waits for a request: no answer */
	pool_stop(&p);
	servers_stop(&servers);
}

static void expect_admin(struct inbox *in, uint32_t id, uint8_t admin)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);

	while (in->admin[id] != admin) {
		assert_true(clock_now_us() < until_us);
		take(in, 100);
	}
}

/* Two workers. The probe that leads goes, and by its id the next one would be the other worker's: nobody
 * is called down, with alpha least of all, and what the agent says next counts. */
static void test_leader_goes(void **state)
{
	enum { LEADER = 1, AGENT = 1, CHECKED_N = 5 };
	static struct servers servers;
	struct spec spec[4];
	struct check_seen seen;
	static struct pool p;
	uint32_t next = LEADER + 2;

	(void)state;
	while (sched_worker(next, 2) == sched_worker(LEADER, 2))
		next++;
	spec[0] = spec_of(LEADER, server_add(&servers, SERVE_OK), CHECK_HTTP);
	spec[1] = spec_of(LEADER + 1, server_add(&servers, SERVE_DRAIN), CHECK_AGENT);
	spec[1].weight = 100;
	spec[0].alpha = spec[1].alpha = true;
	spec[2] = spec[0];
	spec[3] = spec[1];
	spec[2].id = next;
	spec[3].id = next + 1;
	while (sched_worker(spec[3].id, 2) == sched_worker(spec[1].id, 2))
		spec[3].id++;
	spec[0].is_shared = spec[2].is_shared = true;
	worker_n = 2;
	servers_start(&servers);
	pool_start(&p, spec, 4);
	for (uint32_t i = 0; i < 4; i++)
		expect(&p.in, spec[i].id, HEALTH_UP);
	expect_admin(&p.in, spec[3].id, ADMIN_DRAIN);
	expect_accepted(&servers.server[0], CHECKED_N);

	unsigned said_n = p.in.n[spec[2].id], agent_said_n = p.in.n[spec[3].id];

	pool_reload(&p, spec + 2, 2, 2);
	/* nor is forgotten what was found; the last one may be under way */
	assert_true(check_seen(latest, (struct probe_id){ next }, &seen));
	assert_true(seen.n >= CHECKED_N - 1);
	expect_accepted(&servers.server[0], 5);
	expect_accepted(&servers.server[AGENT], 5);
	take(&p.in, 0);
	assert_int_equal(p.in.n[spec[2].id], said_n);
	assert_int_equal(p.in.n[spec[3].id], agent_said_n);
	assert_int_equal(p.in.admin[spec[3].id], ADMIN_DRAIN);
	atomic_store(&servers.server[AGENT].mode, SERVE_READY);
	expect_admin(&p.in, spec[3].id, ADMIN_READY);
	assert_int_equal(p.in.weight[spec[3].id], 0);
	pool_stop(&p);
	worker_n = 1;
	servers_stop(&servers);
}

/* No more at a time to one address than may be. */
static void test_bounded_per_target(void **state)
{
	enum { N = 40, MAX_N = 3 };
	static struct servers servers;
	static struct spec spec[N];
	static struct pool p;

	(void)state;
	server_add(&servers, SERVE_SILENT);
	for (uint32_t i = 0; i < N; i++) {
		spec[i] = spec_of(i + 1, servers.server[0].port, CHECK_HTTP);
		spec[i].timeout_us = MS(50);
		spec[i].fall_n = 1;
	}
	per_target_max = MAX_N;
	servers_start(&servers);
	pool_start(&p, spec, N);
	for (uint32_t i = 1; i <= N; i++)
		expect(&p.in, i, HEALTH_DOWN);
	/* those that the server has not seen closed yet count in */
	assert_true(atomic_load(&servers.server[0].open_max_n) <= 2 * MAX_N);
	per_target_max = 1000;
	pool_stop(&p);
	servers_stop(&servers);
}

/* What waits for a target that is full holds up nobody else, however much it is. */
static void test_full_target(void **state)
{
	enum { N = 900, OTHER = N }; /* more than are looked at in a turn */
	static struct servers servers;
	static struct spec spec[N + 1];
	static struct pool p;

	(void)state;
	server_add(&servers, SERVE_SILENT);
	server_add_at(&servers, SERVE_OK, 2);
	for (uint32_t i = 0; i <= N; i++) {
		spec[i] = spec_of(i + 1, servers.server[i == OTHER].port, CHECK_HTTP);
		spec[i].interval_us = MS(200);
		spec[i].timeout_us = SEC(3600);
	}
	spec[OTHER].addr = "127.0.0.2";
	spec[OTHER].interval_us = MS(20);
	spec[OTHER].timeout_us = SEC(20);
	per_target_max = 2;
	servers_start(&servers);
	pool_start(&p, spec, N + 1);
	/* long after all of the others have fallen due */
	expect_accepted(&servers.server[1], 50);
	expect(&p.in, OTHER + 1, HEALTH_UP);
	assert_true(atomic_load(&servers.server[0].accepted_n) <= 2);

	/* more places, and less to check: who waits gets them, who is gone does not */
	per_target_max = 100;
	pool_reload(&p, spec + N / 2, N / 2 + 1, 2);
	expect_accepted(&servers.server[1], 50);
	for (int64_t until_us = clock_now_us() + SEC(WAIT_S);
	     atomic_load(&servers.server[0].accepted_n) < 100;) {
		assert_true(clock_now_us() < until_us);
		(void)usleep(1000);
	}
	/* those that the server has not seen closed yet count in */
	assert_true(atomic_load(&servers.server[0].open_max_n) <= 200);
	per_target_max = 1000;
	pool_stop(&p);
	servers_stop(&servers);
}

/* As the IPVS role does it. */
static void suspend(struct pool *p, uint32_t vs, bool is_suspended, struct fact *resume)
{
	const struct conf *c = conf_hold(&p->board.conf);

	assert_true(conf_suspend_set(c, vs, is_suspended));
	conf_drop(c);
	if (!is_suspended)
		fact_post(&check_role(p->check)->box, resume, fact_value(resume) + 1);
}

/* Servers of a suspended service are asked once, so that something is known of them, and then no more until
 * it comes to this router; a probe that others share is made for as long as one of them needs it. */
static void test_suspended(void **state)
{
	static struct servers servers;
	struct spec spec[4];
	struct fact resume;
	static struct pool p;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		spec[i] = spec_of(i + 1, i == 3 ? spec[2].port : server_add(&servers, SERVE_OK),
				  CHECK_HTTP);
		spec[i].interval_us = MS(20);
		spec[i].rise_n = 1;
	}
	spec[1].vs = spec[3].vs = 1; /* the last asks the same as the one before */
	spec[0].is_shared = true;
	fact_init(&resume, MSG_RESUME, 0);
	servers_start(&servers);
	pool_start(&p, spec, 4);
	suspend(&p, 0, true, &resume);
	for (uint32_t i = 1; i <= 4; i++)
		expect(&p.in, i, HEALTH_UP);
	expect_accepted(&servers.server[1], 3);

	unsigned before_n = atomic_load(&servers.server[0].accepted_n);

	expect_accepted(&servers.server[1], 20);
	assert_true(atomic_load(&servers.server[0].accepted_n) <= before_n + 1);
	expect_accepted(&servers.server[2], 3); /* shared */
	suspend(&p, 1, true, &resume);
	suspend(&p, 0, false, &resume);
	expect_accepted(&servers.server[0], 3);
	expect_accepted(&servers.server[2], 3);
	before_n = atomic_load(&servers.server[1].accepted_n);
	expect_accepted(&servers.server[0], 20);
	assert_true(atomic_load(&servers.server[1].accepted_n) <= before_n + 1);

	/* what is not asked is not called dead, and what has died meanwhile is found */
	atomic_store(&servers.server[1].mode, SERVE_503);
	expect_accepted(&servers.server[0], 10);
	take(&p.in, 0);
	assert_int_equal(p.in.latest[2].verdict, HEALTH_UP);
	suspend(&p, 1, false, &resume);
	expect(&p.in, 2, HEALTH_DOWN);
	pool_stop(&p);
	servers_stop(&servers);
}

static int setup(void **state)
{
	(void)state;
	snap_thread_register();
	return log_start();
}

static int teardown(void **state)
{
	(void)state;
	log_stop();
	snap_thread_unregister();
	return 0;
}

static void expect_weight(struct inbox *in, uint32_t id, int32_t weight)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);

	while (in->weight[id] != weight) {
		assert_true(clock_now_us() < until_us);
		take(in, 100);
	}
}

static void tell_number(struct pool *p, struct fact *f, int32_t value)
{
	fact_post(&check_role(p->check)->box, f,
		  track_pack((struct track_state){ .is_known = true, .value = value }));
}

/* Down or up by a number, or heavier and lighter; nothing is said before there is one, and then without
 * rise and fall. */
static void test_file(void **state)
{
	struct spec spec[4];
	static struct pool p;
	struct fact number;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		spec[i] = spec_of(i + 1, 80, CHECK_FILE);
		spec[i].interval_us = SEC(3600);
		spec[i].weight = 100;
	}
	spec[1].is_reverse = true;
	spec[2].file_weight = 3;
	spec[3].file_weight = INT32_MAX;
	spec[3].is_reverse = true;
	fact_init(&number, MSG_TRACK, FILE_ID);
	pool_start(&p, spec, 4);
	tell_number(&p, &number, 0);
	expect(&p.in, 1, HEALTH_UP);
	expect(&p.in, 2, HEALTH_DOWN);
	expect(&p.in, 3, HEALTH_UP);
	expect(&p.in, 4, HEALTH_UP);
	tell_number(&p, &number, 5);
	expect(&p.in, 1, HEALTH_DOWN);
	expect(&p.in, 2, HEALTH_UP);
	expect(&p.in, 4, HEALTH_DOWN); /* that is too little for a weight */
	expect_weight(&p.in, 3, 15);
	assert_int_equal(p.in.latest[1].reason, REASON_L7STS);
	tell_number(&p, &number, -7);
	expect(&p.in, 4, HEALTH_UP);
	expect_weight(&p.in, 3, -21);
	expect_weight(&p.in, 4, INT32_MAX - 100); /* more than that no server can have */

	/* other settings count at once, and what stays is not asked for again */
	spec[2].file_weight = 0;
	pool_reload(&p, spec, 3, 2);
	expect(&p.in, 3, HEALTH_DOWN);
	assert_int_equal(p.in.weight[3], 0);
	pool_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_rise_and_fall),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_in_steps),
		cmocka_unit_test(test_reload_restarts),
		cmocka_unit_test(test_reload_takes_interval),
		cmocka_unit_test(test_reload_with_facts_queued),
		cmocka_unit_test(test_bounded_in_number),
		cmocka_unit_test(test_local_fault_is_no_verdict),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_weight_and_alpha),
		cmocka_unit_test(test_leader_goes),
		cmocka_unit_test(test_bounded_per_target),
		cmocka_unit_test(test_full_target),
		cmocka_unit_test(test_suspended),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
