/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random pairs of what should be and what is. For each: the plan, applied to a table in memory, leads
 * to what should be; its order is as plan.h says; foreign services stay; a second plan is empty.
 */
#include "ipvs/kern_memory.h"
#include "ipvs/plan.h"
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SVC_KEYS_N = 6, DEST_KEYS_N = 8, ROUNDS_N = 3000 };

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	return unit_rand(&seed) % n;
}

static struct ipvs_svc random_svc(uint32_t key)
{
	static const char *const sched[] = { "rr", "wlc", "mh" };
	struct ipvs_svc s = {
		.addr = addr_v4(htonl(0x0a000001 + key / 2)),
		.port = (uint16_t)(80 + key % 2),
		.protocol = key % 3 ? IPPROTO_TCP : IPPROTO_UDP,
		.presence = IPVS_IN,
		.flags = below(2),
		.netmask = UINT32_MAX,
		.ref = IPVS_NONE,
	};

	s.timeout_s = s.flags ? 50 + below(2) : 0;
	(void)snprintf(s.sched, sizeof(s.sched), "%s", sched[below(3)]);
	return s;
}

static struct ipvs_dest random_dest(uint32_t key)
{
	return (struct ipvs_dest){
		.addr = addr_v4(htonl(0x0a010000 + (key * 7) % 8)), /* not in order */
		.port = 80,
		.method = below(10) ? IPVS_METHOD_DR : IPVS_METHOD_TUN,
		.presence = IPVS_IN,
		.weight = below(3),
		.ref = IPVS_NONE,
	};
}

/* 0..n services with 0..m servers; a wanted one has presences and references. */
static void random_table(struct ipvs_table *t, bool is_want)
{
	uint32_t density = below(5);

	for (uint32_t i = SVC_KEYS_N; i-- > 0;) {
		struct ipvs_svc s = random_svc(i);

		if (below(4) >= density)
			continue;
		if (is_want)
			s.ref = 100 + i;
		table_add_svc(t, &s);
		for (uint32_t k = 0; k < DEST_KEYS_N; k++) {
			struct ipvs_dest d = random_dest(k);

			if (below(4) >= density)
				continue;
			if (is_want) {
				d.presence = (uint8_t)below(4);
				d.ref = i * DEST_KEYS_N + k;
			}
			table_add_dest(t, &d);
		}
	}
	table_sort(t);
}

static void one(struct ipvs_kern *k, enum kern_do what, const struct ipvs_svc *s,
		const struct ipvs_dest *d)
{
	struct kern_op op = { .what = what, .svc = s, .dest = d };

	assert_int_equal(kern_apply(k, &op, 1), 0);
	assert_int_equal(op.err, 0);
}

static void fill(struct ipvs_kern *k, const struct ipvs_table *t)
{
	for (uint32_t i = 0; i < t->svc_n; i++) {
		const struct ipvs_svc *s = &t->svc[i];

		one(k, KERN_NEW_SVC, s, NULL);
		for (uint32_t d = s->first; d < s->first + s->n; d++)
			one(k, KERN_NEW_DEST, s, &t->dest[d]);
	}
}

/* As drive.c does it, without anything in between. */
static void execute(struct ipvs_kern *k, const struct plan *p, const struct ipvs_table *want)
{
	for (uint32_t i = 0; i < p->op_n; i++) {
		const struct plan_op *op = &p->op[i];
		uint32_t w = table_find_svc(want, &p->seats.svc[op->svc]);
		struct ipvs_svc s = w == IPVS_NONE ? p->seats.svc[op->svc] : want->svc[w];
		const struct ipvs_dest *d = NULL;

		if (op->is_load)
			(void)snprintf(s.sched, sizeof(s.sched), PLAN_LOAD_SCHED);
		if (op->dest != IPVS_NONE) {
			uint32_t at =
				table_find_dest(want, &want->svc[w], &p->seats.dest[op->dest]);

			d = at == IPVS_NONE ? &p->seats.dest[op->dest] : &want->dest[at];
		}
		one(k, (enum kern_do)op->what, &s, d);
	}
}

static bool is_in(const struct ipvs_table *t, const struct ipvs_svc *key)
{
	return table_find_svc(t, key) != IPVS_NONE;
}

static void expect_dests(struct ipvs_table *out, const struct ipvs_table *want,
			 const struct ipvs_svc *w, const struct ipvs_table *have)
{
	uint32_t h = table_find_svc(have, w);

	for (uint32_t i = w->first; i < w->first + w->n; i++) {
		const struct ipvs_dest *d = &want->dest[i];
		uint32_t was = h == IPVS_NONE ? IPVS_NONE : table_find_dest(have, &have->svc[h], d);
		struct ipvs_dest in = *d;

		in.presence = IPVS_IN;
		if (d->presence == IPVS_IN)
			table_add_dest(out, d);
		else if (d->presence == IPVS_IF_IN && was != IPVS_NONE)
			table_add_dest(out, &in);
		else if (d->presence == IPVS_KEEP && was != IPVS_NONE)
			table_add_dest(out, &have->dest[was]);
	}
}

/* What must be there at the end, said the slow and plain way. */
static void expect(struct ipvs_table *out, const struct ipvs_table *want,
		   const struct ipvs_table *have, const struct ipvs_table *owned)
{
	for (uint32_t i = 0; i < want->svc_n; i++) {
		table_add_svc(out, &want->svc[i]);
		expect_dests(out, want, &want->svc[i], have);
	}
	for (uint32_t i = 0; i < have->svc_n; i++) {
		const struct ipvs_svc *s = &have->svc[i];

		if (is_in(want, s) || is_in(owned, s))
			continue;
		table_add_svc(out, s);
		for (uint32_t k = s->first; k < s->first + s->n; k++)
			table_add_dest(out, &have->dest[k]);
	}
	table_sort(out);
}

static void check_order(const struct plan *p, const struct ipvs_table *want)
{
	for (uint32_t i = 0; i < p->op_n; i++) {
		const struct plan_op *op = &p->op[i];
		const struct ipvs_svc *s = &p->seats.svc[op->svc];

		assert_true(!i || p->op[i - 1].phase <= op->phase);
		switch ((enum kern_do)op->what) {
		case KERN_DEL_SVC:
			assert_int_equal(op->phase, PLAN_STOP);
			assert_false(is_in(want, s));
			for (uint32_t k = 0; k < p->op_n; k++) /* nothing else is asked of it */
				assert_true(k == i || p->op[k].svc != op->svc);
			break;
		case KERN_DEL_DEST:
			assert_true(op->phase == PLAN_STOP || op->phase == PLAN_LEAVE);
			break;
		case KERN_SET_DEST:
			assert_true(op->phase == PLAN_STOP || op->phase == PLAN_SET);
			break;
		case KERN_SET_SVC:
			assert_true(op->phase == PLAN_SET || op->phase == PLAN_FINISH);
			break;
		case KERN_NEW_SVC:
			assert_int_equal(op->phase, PLAN_NEW_SVC);
			break;
		case KERN_NEW_DEST:
			assert_int_equal(op->phase, PLAN_NEW_DEST);
			break;
		case KERN_NONE:
			fail();
		}
		if (op->what == KERN_SET_DEST) {
			uint32_t w = table_find_svc(want, s);
			uint32_t d = table_find_dest(want, &want->svc[w], &p->seats.dest[op->dest]);

			assert_int_equal(op->phase == PLAN_STOP, want->dest[d].weight == 0);
		}
		if (op->what == KERN_DEL_DEST) {
			uint32_t w = table_find_svc(want, s);
			uint32_t d = table_find_dest(want, &want->svc[w], &p->seats.dest[op->dest]);

			/* named by the configuration: it fails; not named: it just leaves */
			assert_int_equal(op->phase == PLAN_STOP, d != IPVS_NONE);
		}
	}
}

static void dump(struct ipvs_kern *k, struct ipvs_table *t)
{
	assert_int_equal(kern_dump(k, t), 0);
	table_sort(t);
}

static void one_round(void)
{
	struct ipvs_kern *k = kern_memory_open();
	struct ipvs_table want = { 0 }, have = { 0 }, owned = { 0 }, end = { 0 }, after = { 0 };
	struct plan plan = { 0 }, again = { 0 };

	random_table(&want, true);
	random_table(&have, false);
	random_table(&owned, false);
	fill(k, &have);
	plan_make(&want, &have, &owned, &plan);
	check_order(&plan, &want);
	execute(k, &plan, &want);
	expect(&end, &want, &have, &owned);
	dump(k, &after);
	assert_true(table_equal(&after, &end));

	plan_make(&want, &after, &owned, &again);
	assert_int_equal(again.op_n, 0);
	assert_int_equal(again.foreign_n, plan.foreign_n);

	plan_fini(&plan);
	plan_fini(&again);
	table_fini(&want);
	table_fini(&have);
	table_fini(&owned);
	table_fini(&end);
	table_fini(&after);
	kern_close(k);
}

static void random_pairs(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= ROUNDS_N; i++) {
		seed = i * UINT64_C(0x9e3779b97f4a7c15);
		one_round();
	}
}

/* A table of seats, made by an earlier plan, is as good as a dump: free seats are not there. */
static void plans_from_seats(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= ROUNDS_N; i++) {
		struct ipvs_table want = { 0 }, have = { 0 };
		struct plan first = { 0 }, dumped = { 0 }, seats = { 0 };

		seed = i * UINT64_C(0x9e3779b97f4a7c15);
		random_table(&want, true);
		random_table(&have, false);
		plan_make(&want, &have, &have, &first);
		table_fini(&want);
		random_table(&want, true);
		plan_make(&want, &have, &have, &dumped);
		plan_make(&want, &first.seats, &first.seats, &seats);
		assert_int_equal(dumped.op_n, seats.op_n);
		for (uint32_t k = 0; k < seats.op_n; k++) {
			assert_int_equal(dumped.op[k].what, seats.op[k].what);
			assert_int_equal(dumped.op[k].phase, seats.op[k].phase);
		}
		table_fini(&want);
		table_fini(&have);
		plan_fini(&first);
		plan_fini(&dumped);
		plan_fini(&seats);
	}
}

static void mh_is_loaded_without_scheduler(void **state)
{
	struct ipvs_table want = { 0 }, none = { 0 };
	struct plan p = { 0 };
	struct ipvs_svc s = { .port = 80, .presence = IPVS_IN, .sched = "mh" };

	(void)state;
	table_add_svc(&want, &s);
	for (uint32_t i = 0; i < 3; i++) {
		struct ipvs_dest d = { .port = (uint16_t)i, .presence = IPVS_IN };

		table_add_dest(&want, &d);
	}
	plan_make(&want, &none, NULL, &p);
	assert_int_equal(p.op_n, 5);
	assert_int_equal(p.op[0].what, KERN_NEW_SVC);
	assert_true(p.op[0].is_load);
	assert_int_equal(p.op[4].what, KERN_SET_SVC);
	assert_int_equal(p.op[4].phase, PLAN_FINISH);
	plan_fini(&p);

	/* not worth it for one */
	want.svc[0].n = 1;
	plan_make(&want, &none, NULL, &p);
	assert_int_equal(p.op_n, 2);
	assert_false(p.op[0].is_load);
	plan_fini(&p);
	table_fini(&want);
}

/* 100,000 servers: no more than a blink, and every difference is found. */
static void large(void **state)
{
	struct ipvs_table want = { 0 }, have = { 0 };
	struct plan p = { 0 };

	(void)state;
	seed = 1;
	for (uint32_t i = 0; i < 1000; i++) {
		struct ipvs_svc s = { .addr = addr_v4(htonl(0x0a000000 + i * 7919 % 1000)),
				      .port = 80,
				      .presence = IPVS_IN,
				      .ref = i };

		table_add_svc(&want, &s);
		table_add_svc(&have, &s);
		for (uint32_t k = 0; k < 100; k++) {
			struct ipvs_dest d = { .addr = addr_v4(htonl(0x0b000000 + k * 37 % 100)),
					       .presence = IPVS_IN,
					       .weight = 1,
					       .ref = i * 100 + k };

			table_add_dest(&want, &d);
			d.weight = k % 10 ? 1 : 2;
			table_add_dest(&have, &d);
		}
	}
	table_sort(&want);
	table_sort(&have);
	plan_make(&want, &have, NULL, &p);
	assert_int_equal(p.op_n, 10000);
	assert_int_equal(p.seats.dest_n, 100000);
	plan_fini(&p);
	table_fini(&want);
	table_fini(&have);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pairs),
		cmocka_unit_test(plans_from_seats),
		cmocka_unit_test(mh_is_loaded_without_scheduler),
		cmocka_unit_test(large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
