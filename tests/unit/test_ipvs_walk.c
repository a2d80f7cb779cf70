/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The IPVS role on a random walk over a table in memory: reloads, health, admin states, weights, kills and
 * stops, strangers in the table, requests that fail, answers and dumps that are lost. When calm returns,
 * the table must be what the model says, entry by entry. The model is this file's own: it follows the
 * manual's table of what is in, and knows nothing of src/ipvs but the type of a table. Every other walk
 * has no strangers, and the table is not read now and then: there nothing mends what was forgotten.
 *
 *	VIPD_SEED=N test_ipvs_walk	that walk alone, as a failure names it
 *	VIPD_WALKS=N test_ipvs_walk	so many walks instead of WALKS_N
 */
#include "ipvs/ipvs.h"
#include "ipvs/kern_memory.h"
#include "ipvs_conf.h"
#include "unit.h"

#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WALKS_N = 500,
	ROUNDS_N = 12, /* of a walk: each ends in a calm */
	STEPS_N = 120, /* of a round */
	SLOTS_N = 8, /* places of services: ports from 80 on */
	STRANGERS_N = 3, /* ports of services that are never in the configuration, behind those */
	NUMBERS_N = 24, /* of servers */
	PROBES_N = 3,
	TURNS_MAX = 10000,
	SORRY_NUMBERS_N = 30, /* sorry servers: some are servers too */
};

struct server {
	enum health_verdict verdict[PROBES_N]; /* as last told; unknown after a start */
	int32_t extra[PROBES_N]; /* what the probe adds to the weight */
	uint8_t admin;
	bool has_weight;
	uint32_t weight;
};

struct walk {
	struct board board;
	struct ipvs *ipvs;
	struct role *role;
	struct ipvs_kern *kern;
	struct conf *conf;
	int64_t ahead_us;
	unsigned long number; /* of the walk */
	uint64_t seed;
	bool is_alone; /* no strangers, drift is off */
	/* the model */
	struct spec spec[SLOTS_N];
	bool is_on[SLOTS_N]; /* in the configuration */
	uint8_t on_stop;
	struct server server[SLOTS_N][NUMBERS_N];
	struct ipvs_table foreign[SLOTS_N + STRANGERS_N]; /* services of others, one each */
	/* mishaps */
	uint32_t fail_1_in;
	int lose_calls_n; /* so many answers to come are lost */
	uint32_t undone_n; /* so many requests to come are lost on the way there */
	int dump_err, dump_errs_n;
};

static uint32_t below(struct walk *w, uint32_t n)
{
	return unit_rand(&w->seed) % n;
}

static bool one_in(struct walk *w, uint32_t n)
{
	return !below(w, n);
}

/* ------------------------------------------------------------------ the table and its mishaps */

static int on_op(void *arg, const struct kern_op *op)
{
	static const int errs[] = { -EEXIST, -ENOENT, -ESRCH, -EINVAL, -ENOMEM, -ENOSPC, -EPERM };
	struct walk *w = arg;

	(void)op;
	if (w->undone_n) {
		w->undone_n--;
		return -ECANCELED; /* nobody hears of it: on_call loses the answer */
	}
	return w->fail_1_in && one_in(w, w->fail_1_in) ? errs[below(w, N_OF(errs))] : 0;
}

static int on_call(void *arg, uint32_t n)
{
	struct walk *w = arg;

	if (!n && w->dump_errs_n) {
		w->dump_errs_n--;
		return w->dump_err;
	}
	if (!n || !w->lose_calls_n)
		return 0;
	w->lose_calls_n--;
	return -ENOBUFS;
}

static void no_mishaps(struct walk *w)
{
	w->fail_1_in = w->undone_n = 0;
	w->lose_calls_n = w->dump_errs_n = 0;
}

static void keep_open(struct ipvs_kern *k)
{
	(void)k;
}

static void set_faults(struct walk *w, bool is_on)
{
	struct kern_fault f = { on_op, on_call, w };

	kern_memory_set_fault(w->kern, is_on ? &f : &(struct kern_fault){ 0 });
}

static struct ipvs_svc key_of(uint32_t slot)
{
	return (struct ipvs_svc){ .addr = ipvs_svc_addr(),
				  .port = (uint16_t)(80 + slot),
				  .protocol = VS_TCP,
				  .presence = IPVS_IN,
				  .netmask = UINT32_MAX,
				  .sched = "rr" };
}

static void dump(struct walk *w, struct ipvs_table *t)
{
	set_faults(w, false);
	assert_int_equal(kern_dump(w->kern, t), 0);
	set_faults(w, true);
	table_sort(t);
}

/* A stranger's request. */
static void stranger(struct walk *w, enum kern_do what, const struct ipvs_svc *s,
		     const struct ipvs_dest *d)
{
	struct kern_op op = { .what = what, .svc = s, .dest = d };

	set_faults(w, false);
	assert_int_equal(kern_apply(w->kern, &op, 1), 0);
	set_faults(w, true);
}

/* ------------------------------------------------------------------ the role, turned by hand */

static void start(struct walk *w)
{
	set_faults(w, false);
	atomic_store(&w->board.must_clean, true);
	w->ipvs = ipvs_new(&w->board, w->kern);
	w->role = ipvs_role(w->ipvs);
	assert_int_equal(role_prepare(w->role), 0);
	assert_int_equal(loop_init(&w->role->loop), 0);
	assert_int_equal(w->role->ops->init(w->role), 0);
	set_faults(w, true);
}

static void end(struct walk *w, bool is_killed)
{
	if (!is_killed)
		w->role->ops->fini(w->role);
	loop_fini(&w->role->loop);
	role_release(w->role);
	ipvs_free(w->ipvs);
	conf_free(w->conf);
	w->conf = NULL;
}

static void turn_at(struct walk *w, int64_t now_us)
{
	(void)timer_run(&w->role->loop.timers, now_us, 256);
	w->role->ops->reconcile(w->role);
}

static void settle(struct walk *w)
{
	unsigned n = 0;

	do {
		turn_at(w, 0);
		assert_true(n++ < TURNS_MAX);
	} while (timer_next_us(&w->role->loop.timers) <= 0);
}

static void pass(struct walk *w, int64_t us)
{
	w->ahead_us += us;
	turn_at(w, clock_now_us() + w->ahead_us);
}

static void adopt(struct walk *w)
{
	struct spec spec[SLOTS_N];
	uint32_t n = 0;
	struct conf *old = w->conf;

	for (uint32_t i = 0; i < SLOTS_N; i++)
		if (w->is_on[i])
			spec[n++] = w->spec[i];
	w->conf = ipvs_conf(spec, n);
	w->conf->global.s.on_stop = w->on_stop;
	if (w->is_alone) {
		w->conf->drift = arena_array(&w->conf->arena, 1, sizeof(*w->conf->drift));
		w->conf->drift_n = 1;
		w->conf->drift[0].s =
			(struct fields_drift){ .mode = DRIFT_OFF, .interval_us = SEC(30) };
		w->conf->global.s.drift = (struct conf_range){ .first = 0, .n = 1 };
	}
	w->role->conf = w->conf;
	w->role->ops->adopt(w->role, old, w->conf);
	conf_free(old);
}

static void post(struct walk *w, enum msg_type type, uint32_t id, uint64_t value)
{
	w->role->ops->fact(w->role, type, id, value);
}

/* ------------------------------------------------------------------ the model */

static bool has_server(const struct walk *w, uint32_t slot, uint32_t number)
{
	const struct spec *s = &w->spec[slot];

	return w->is_on[slot] && number >= s->first_server &&
	       number < s->first_server + s->servers_n;
}

/* All of what vipd knows of a server that is new to it. */
static void forget(struct server *s)
{
	*s = (struct server){ 0 };
}

static bool is_up(const struct walk *w, uint32_t slot, uint32_t number)
{
	for (uint32_t k = 0; k < w->spec[slot].probes_n; k++)
		if (w->server[slot][number].verdict[k] != HEALTH_UP)
			return false;
	return true;
}

static uint32_t model_weight(const struct walk *w, uint32_t slot, uint32_t number)
{
	const struct server *s = &w->server[slot][number];
	int64_t weight = s->has_weight ? s->weight : w->spec[slot].weight;

	for (uint32_t k = 0; k < w->spec[slot].probes_n; k++)
		weight += s->extra[k];
	return weight < 0 ? 0 : (uint32_t)weight;
}

static void model_sums(const struct walk *w, uint32_t slot, uint64_t *up, uint64_t *total)
{
	const struct spec *s = &w->spec[slot];

	*up = *total = 0;
	for (uint32_t n = s->first_server; n < s->first_server + s->servers_n; n++) {
		*total += s->weight;
		if (w->server[slot][n].admin == ADMIN_READY && is_up(w, slot, n))
			*up += model_weight(w, slot, n);
	}
}

/* False: not there. */
static bool model_server(const struct walk *w, uint32_t slot, uint32_t number, bool is_sorry,
			 bool is_panic, uint32_t *weight)
{
	const struct spec *s = &w->spec[slot];

	*weight = 0;
	if (w->server[slot][number].admin != ADMIN_READY)
		return false; /* drained by now, or in maintenance */
	if (!is_sorry && (is_up(w, slot, number) || is_panic)) {
		*weight = model_weight(w, slot, number);
		return true;
	}
	return s->is_inhibit;
}

static void add_dest(const struct walk *w, uint32_t slot, uint32_t number, uint32_t weight,
		     struct ipvs_table *t)
{
	static const uint8_t method[] = {
		[VS_NAT] = IPVS_METHOD_NAT, [VS_DR] = IPVS_METHOD_DR, [VS_TUN] = IPVS_METHOD_TUN
	};
	const struct spec *s = &w->spec[slot];
	struct ipvs_dest d = { .addr = ipvs_server_addr(number),
			       .port = s->method == VS_NAT ? 80 : s->port,
			       .method = method[s->method],
			       .presence = IPVS_IN,
			       .weight = weight };

	table_add_dest(t, &d);
}

static void model_service(const struct walk *w, uint32_t slot, struct ipvs_table *t)
{
	const struct spec *s = &w->spec[slot];
	struct ipvs_svc svc = key_of(slot);
	uint64_t up, total, quorum = s->quorum ? s->quorum : 1;

	model_sums(w, slot, &up, &total);
	if (quorum > total)
		quorum = total ? total : 1;

	bool is_sorry = s->sorry && up < quorum;
	bool is_panic = up * 100 < total * s->panic_percent;
	bool is_own =
		s->sorry && has_server(w, slot, s->sorry - 1); /* the sorry server is one of them */

	(void)snprintf(svc.sched, sizeof(svc.sched), "%s", s->sched);
	svc.timeout_s = (uint32_t)(s->persistence_us / SEC(1));
	svc.flags = svc.timeout_s ? IPVS_FLAG_PERSISTENT : 0;
	table_add_svc(t, &svc);
	for (uint32_t n = s->first_server; n < s->first_server + s->servers_n; n++) {
		uint32_t weight;
		bool is_in = model_server(w, slot, n, is_sorry, is_panic, &weight);

		if (is_own && n == s->sorry - 1) {
			is_in = is_in || is_sorry || s->is_sorry_inhibit;
			weight = is_sorry ? 1 : weight;
		}
		if (is_in)
			add_dest(w, slot, n, weight, t);
	}
	if (s->sorry && !is_own && (is_sorry || s->is_sorry_inhibit))
		add_dest(w, slot, s->sorry - 1, is_sorry, t);
}

static void copy_service(const struct ipvs_table *from, uint32_t at, struct ipvs_table *to)
{
	table_add_svc(to, &from->svc[at]);
	for (uint32_t k = 0; k < from->svc[at].n; k++)
		table_add_dest(to, &from->dest[from->svc[at].first + k]);
}

static void print_table(const char *title, const struct ipvs_table *t)
{
	print_error("%s\n", title);
	for (uint32_t i = 0; i < t->svc_n; i++) {
		const struct ipvs_svc *s = &t->svc[i];

		print_error("  port %u %s %u flags %x\n", s->port, s->sched, s->timeout_s,
			    s->flags);
		for (uint32_t k = s->first; k < s->first + s->n; k++)
			print_error("    %u.%u:%u method %u weight %u\n", t->dest[k].addr.byte[2],
				    t->dest[k].addr.byte[3], t->dest[k].port, t->dest[k].method,
				    t->dest[k].weight);
	}
}

static void expect_table(struct walk *w, struct ipvs_table *want)
{
	struct ipvs_table t = { 0 };

	dump(w, &t);
	table_sort(want);

	bool is_right = table_equal(&t, want);

	if (!is_right) {
		print_error("VIPD_SEED=%lu\n", w->number);
		print_table("the table", &t);
		print_table("the model", want);
	}
	table_fini(&t);
	table_fini(want);
	assert_true(is_right);
}

static void add_foreign(const struct walk *w, struct ipvs_table *t)
{
	for (uint32_t i = 0; i < SLOTS_N + STRANGERS_N; i++)
		if (w->foreign[i].svc_n)
			copy_service(&w->foreign[i], 0, t);
}

static void expect(struct walk *w)
{
	struct ipvs_table want = { 0 };

	for (uint32_t i = 0; i < SLOTS_N; i++)
		if (w->is_on[i])
			model_service(w, i, &want);
	add_foreign(w, &want);
	expect_table(w, &want);
}

/* After a stop that removes. */
static void expect_foreign(struct walk *w)
{
	struct ipvs_table want = { 0 };

	add_foreign(w, &want);
	expect_table(w, &want);
}

/* What is in the table under a key that is not configured is a stranger's from now on. */
static void model_foreign(struct walk *w)
{
	struct ipvs_table t = { 0 };

	dump(w, &t);
	for (uint32_t i = 0; i < SLOTS_N + STRANGERS_N; i++) {
		struct ipvs_svc key = key_of(i);
		uint32_t at = table_find_svc(&t, &key);

		table_fini(&w->foreign[i]);
		if (at != IPVS_NONE && (i >= SLOTS_N || !w->is_on[i]))
			copy_service(&t, at, &w->foreign[i]);
	}
	table_fini(&t);
}

/* ------------------------------------------------------------------ steps */

static void random_spec(struct walk *w, uint32_t slot)
{
	static const char *const sched[] = { "rr", "wlc", "mh", "sh" };
	struct spec *s = &w->spec[slot];
	uint32_t was = s->weight;

	*s = (struct spec){
		.port = (uint16_t)(80 + slot),
		.sched = sched[below(w, N_OF(sched))],
		.method = (enum words_METHOD)below(w, 3),
		.persistence_us = one_in(w, 3) ? SEC(1 + below(w, 300)) : 0,
		.is_inhibit = one_in(w, 2),
		.first_server = below(w, 5),
		.servers_n = below(w, NUMBERS_N - 4),
		.probes_n = below(w, PROBES_N + 1),
		.weight = one_in(w, 2) && was ? was : below(w, 5),
		.quorum = 1 + below(w, 30),
		.panic_percent = (uint8_t)(one_in(w, 3) ? below(w, 101) : 0),
		.sorry = one_in(w, 2) ? below(w, SORRY_NUMBERS_N) : 0,
		.is_sorry_inhibit = one_in(w, 2),
		.is_alpha = one_in(w, 4),
		.slow_start_us = one_in(w, 4) ? SEC(20) : 0,
		.drain_limit_us = one_in(w, 4) ? SEC(5) : 0,
	};
}

/* A reload that changes some services. What is new to vipd, it knows nothing of. A stranger's service
 * becomes vipd's when it is configured; there is time for that, or it would still be the stranger's when
 * it is configured no more. */
static void reload(struct walk *w)
{
	bool is_taken = false;

	for (uint32_t i = 0; i < SLOTS_N; i++) {
		uint32_t weight = w->spec[i].weight;

		if (one_in(w, 4))
			w->is_on[i] = !w->is_on[i];
		if (one_in(w, 3))
			random_spec(w, i);
		if (w->is_on[i] && w->foreign[i].svc_n) {
			table_fini(&w->foreign[i]);
			is_taken = true;
		}
		for (uint32_t n = 0; n < NUMBERS_N; n++) {
			struct server *s = &w->server[i][n];

			if (!has_server(w, i, n))
				forget(s);
			if (w->spec[i].weight != weight)
				s->has_weight =
					false; /* the file says something else than before */
			/* what a probe adds is a part of the configured weight */
			for (uint32_t k = 0; k < PROBES_N && w->spec[i].weight != weight; k++)
				s->extra[k] = weight ? (int32_t)((int64_t)s->extra[k] *
								 w->spec[i].weight / weight)
						     : 0;
			for (uint32_t k = w->spec[i].probes_n; k < PROBES_N; k++) {
				s->verdict[k] = HEALTH_UNKNOWN;
				s->extra[k] = 0;
			}
		}
	}
	adopt(w);
	if (!is_taken)
		return;
	no_mishaps(w);
	settle(w);
	pass(w, SEC(11));
	settle(w);
}

/* A server that is configured, if the dice find one. */
static bool some_server(struct walk *w, uint32_t *slot, uint32_t *number)
{
	*slot = below(w, SLOTS_N);
	*number = below(w, NUMBERS_N);
	return has_server(w, *slot, *number);
}

static void tell_health(struct walk *w, uint32_t slot, uint32_t number, uint32_t probe)
{
	struct health h = { .verdict = w->server[slot][number].verdict[probe] };

	post(w, MSG_HEALTH, ipvs_probe_id(w->spec[slot].port, number, probe).v, health_pack(h));
}

static void random_health(struct walk *w)
{
	uint32_t slot, number;

	if (!some_server(w, &slot, &number) || !w->spec[slot].probes_n)
		return;

	uint32_t probe = below(w, w->spec[slot].probes_n);
	struct server *s = &w->server[slot][number];

	if (one_in(w, 5)) {
		s->extra[probe] = (int32_t)below(w, 7) - 3;
		post(w, MSG_WEIGHT, ipvs_probe_id(w->spec[slot].port, number, probe).v,
		     (uint32_t)s->extra[probe]);
		return;
	}
	s->verdict[probe] = one_in(w, 3) ? HEALTH_DOWN : HEALTH_UP;
	tell_health(w, slot, number, probe);
}

static void random_admin(struct walk *w)
{
	uint32_t slot, number;

	if (!some_server(w, &slot, &number))
		return;

	struct server *s = &w->server[slot][number];
	struct admin a = { .state = (uint8_t)below(w, 3),
			   .has_weight = one_in(w, 3),
			   .weight = below(w, 5) };

	s->admin = a.state;
	s->has_weight = a.has_weight;
	s->weight = a.weight;
	post(w, MSG_ADMIN, ipvs_rs_id(w->spec[slot].port, number), admin_pack(a));
}

/* Connections on one of vipd's destinations, or none on any. */
static void random_conns(struct walk *w, bool is_end)
{
	struct ipvs_table t = { 0 };

	dump(w, &t);
	for (uint32_t i = 0; i < t.svc_n; i++)
		for (uint32_t k = 0; k < t.svc[i].n; k++)
			(void)kern_memory_set_conns(w->kern, &t.svc[i], &t.dest[t.svc[i].first + k],
						    is_end ? 0 : below(w, 2));
	table_fini(&t);
}

/* Somebody edits one of vipd's services. Under keys that are not configured nobody comes while vipd may
 * still have something to do there. */
static void random_edit(struct walk *w)
{
	static const enum kern_do what[] = { KERN_DEL_SVC,  KERN_NEW_DEST, KERN_DEL_DEST,
					     KERN_SET_DEST, KERN_SET_SVC,  KERN_NEW_DEST };
	static const char *const sched[] = { "rr", "wlc", "none", "lc" };
	uint32_t slot = below(w, SLOTS_N);
	struct ipvs_svc s = key_of(slot);
	struct ipvs_dest d = { .addr = ipvs_server_addr(below(w, NUMBERS_N + 4)),
			       .port = one_in(w, 2) ? 80 : s.port,
			       .method = (uint8_t)below(w, 4),
			       .weight = below(w, 9) };

	if (w->is_alone || !w->is_on[slot])
		return;
	(void)snprintf(s.sched, sizeof(s.sched), "%s", sched[below(w, N_OF(sched))]);
	s.timeout_s = below(w, 2) * 60;
	s.flags = s.timeout_s ? IPVS_FLAG_PERSISTENT : 0;
	stranger(w, what[below(w, N_OF(what))], &s, &d);
}

static void flush_all(struct walk *w)
{
	assert_int_equal(w->kern->ops->flush(w->kern), 0);
	for (uint32_t i = 0; i < SLOTS_N + STRANGERS_N; i++)
		table_fini(&w->foreign[i]);
}

/* A service of somebody else, in calm. */
static void random_stranger(struct walk *w)
{
	uint32_t slot = below(w, SLOTS_N + STRANGERS_N);
	struct ipvs_svc s = key_of(slot);
	struct ipvs_dest d = { .addr = ipvs_server_addr(below(w, NUMBERS_N)),
			       .port = 80,
			       .weight = 3 };

	if (slot < SLOTS_N && w->is_on[slot])
		return;
	stranger(w, one_in(w, 3) ? KERN_DEL_SVC : KERN_NEW_SVC, &s, NULL);
	stranger(w, KERN_NEW_DEST, &s, &d);
	model_foreign(w);
}

static void mishap(struct walk *w)
{
	static const int errs[] = { -EINTR, -ENOBUFS, -ETIMEDOUT, -ENODEV, -EPROTO };

	switch (below(w, 5)) {
	case 0:
		w->fail_1_in = one_in(w, 2) ? 0 : 1 + below(w, 20);
		break;
	case 1:
		w->lose_calls_n = 1 + (int)below(w, 3);
		break;
	case 2:
		w->lose_calls_n = 1;
		w->undone_n = 1 + below(w, 300);
		break;
	default:
		w->dump_err = errs[below(w, N_OF(errs))];
		w->dump_errs_n = 1 + (int)below(w, 3);
		break;
	}
}

/* It dies, or stops by on_stop, and is started again with the same configuration. */
static void start_again(struct walk *w, bool is_killed)
{
	no_mishaps(w);
	end(w, is_killed);
	if (is_killed || w->on_stop == ON_STOP_KEEP)
		model_foreign(w); /* what it could not take away any more stays */
	else
		expect_foreign(w);
	for (uint32_t i = 0; i < SLOTS_N; i++)
		for (uint32_t n = 0; n < NUMBERS_N; n++)
			forget(&w->server[i][n]);
	w->on_stop = one_in(w, 2) ? ON_STOP_KEEP : ON_STOP_REMOVE;
	start(w);
	adopt(w);
}

static void step(struct walk *w)
{
	uint32_t dice = below(w, 100);

	if (dice < 60)
		random_health(w);
	else if (dice < 70)
		random_admin(w);
	else if (dice < 72)
		reload(w);
	else if (dice < 80)
		random_edit(w);
	else if (dice < 83)
		mishap(w);
	else if (dice < 85)
		random_conns(w, false);
	else if (dice < 86 && !w->is_alone && one_in(w, 10))
		flush_all(w);
	else if (dice < 87 && one_in(w, 5))
		start_again(w, one_in(w, 2));
	if (one_in(w, 3))
		pass(w, one_in(w, 5) ? SEC(11) : 0);
}

/* ------------------------------------------------------------------ calm */

/* Every check has spoken, drains are over, nothing fails any more, and time has passed. */
static void calm(struct walk *w)
{
	no_mishaps(w);
	random_conns(w, true);
	for (uint32_t i = 0; i < SLOTS_N; i++)
		for (uint32_t n = 0; n < NUMBERS_N; n++)
			for (uint32_t k = 0; has_server(w, i, n) && k < w->spec[i].probes_n; k++) {
				enum health_verdict *v = &w->server[i][n].verdict[k];

				if (*v != HEALTH_UNKNOWN)
					continue;
				*v = one_in(w, 3) ? HEALTH_DOWN : HEALTH_UP;
				tell_health(w, i, n, k);
			}
	settle(w);
	for (unsigned i = 0; i < 3; i++) {
		pass(w, SEC(61));
		settle(w);
	}
}

static void walk(unsigned long seed)
{
	struct walk *w = calloc(1, sizeof(*w));
	struct ipvs_kern_ops ops;
	const struct ipvs_kern_ops *real;

	w->seed = seed * 0x9e3779b97f4a7c15u;
	w->number = seed;
	w->is_alone = seed % 2;
	w->kern = kern_memory_open();
	real = w->kern->ops;
	ops = *real;
	ops.close = keep_open; /* the table outlives the role */
	w->kern->ops = &ops;
	for (uint32_t i = 0; i < SLOTS_N; i++)
		random_spec(w, i);
	start(w);
	reload(w);
	for (unsigned round = 0; round < ROUNDS_N; round++) {
		for (unsigned i = 0; i < STEPS_N; i++)
			step(w);
		calm(w);
		expect(w);
		for (unsigned i = below(w, 3); i > 0; i--)
			random_stranger(w);
		if (one_in(w, 4))
			start_again(w, false);
	}
	end(w, true);
	flush_all(w);
	w->kern->ops = real;
	kern_close(w->kern);
	free(w);
}

static unsigned long number_of(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void walks(void **state)
{
	unsigned long first = number_of("VIPD_SEED", 0);

	(void)state;
	if (first) {
		walk(first);
		return;
	}
	for (unsigned long i = 1; i <= number_of("VIPD_WALKS", WALKS_N); i++)
		walk(i);
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
		cmocka_unit_test(walks),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
