/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/fib: plans for routes and rules against a small model of a kernel.
 */
#include "vrrp/fib.h"

#include "core/bug.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_N = 64, ETH0 = 2, VRF = 9, VRF_TABLE = 77, CUSTOM = 99 };

static const int some_conf; /* what cf points to */

struct model {
	struct fib_set set;
	struct fib_have has[MAX_N];
	uint32_t has_n;
	bool is_up, is_gone, is_torn;
	bool hides; /* the kernel shows everything with another table than asked for */
	struct fib_op ops[2 * MAX_N];
	uint32_t ops_n;
};

/* Route 10.x.0.0/16 of an instance. */
static struct fib route(uint32_t inst, uint8_t net)
{
	struct fib f = {
		.inst = { inst },
		.key.route = { .family = AF_INET,
			       .table = 254,
			       .dst_len = 16,
			       .dst = { 10, net },
			       .type = 1 },
		.dev = "eth0",
		.proto = FIB_PROTO,
		.cf = &some_conf,
		.inst_name = "web",
		.words = 1,
	};

	return f;
}

static void adopt(struct model *m, const struct fib *f, uint32_t n)
{
	struct fib *wants = calloc(n + 1, sizeof(*wants));

	assert_non_null(wants);
	if (n)
		memcpy(wants, f, n * sizeof(*wants));
	fib_set_adopt(&m->set, wants, n);
}

static void model_init(struct model *m)
{
	const struct fib two[] = { route(1, 2), route(1, 1) };

	*m = (struct model){ .is_up = true };
	adopt(m, two, 2);
}

static struct link_table *links_of(const struct model *m)
{
	struct link_pic p = { 0 };
	struct link eth0 = { .ifindex = ETH0,
			     .name = "eth0",
			     .flags = m->is_up ? IFF_UP | IFF_RUNNING : 0 };
	struct link vrf = { .ifindex = VRF, .name = "blue", .vrf_table = VRF_TABLE };

	if (!m->is_gone)
		link_pic_put_link(&p, &eth0);
	link_pic_put_link(&p, &vrf);
	link_pic_seal(&p);

	struct link_table *t = link_table_make(&p, NULL, 0);

	link_pic_fini(&p);
	return t;
}

static struct fib_pic pic_of(const struct model *m)
{
	struct fib_pic p = { 0 };

	for (uint32_t i = 0; !m->is_torn && i < m->has_n; i++)
		fib_pic_put(&p, &m->has[i]);
	fib_pic_seal(&p, m->set.kind);
	return p;
}

static uint32_t plan(struct model *m)
{
	struct link_table *t = links_of(m);
	struct fib_pic p = pic_of(m);

	m->ops_n = fib_plan(&m->set, &p, t, m->is_torn, m->ops);
	fib_pic_fini(&p);
	free(t);
	return m->ops_n;
}

static struct fib_have *find(struct model *m, const struct fib *f)
{
	for (uint32_t i = 0; i < m->has_n; i++)
		if (!memcmp(&m->has[i].key, &f->at, sizeof(f->at)) && m->has[i].proto == f->proto)
			return &m->has[i];
	return NULL;
}

static void carry_out(struct model *m)
{
	for (uint32_t i = 0; i < m->ops_n; i++) {
		struct fib_op *op = &m->ops[i];
		struct fib_have *h;

		if (m->hides)
			op->fib->at.route.metric = 1;
		h = find(m, op->fib);
		if (op->kind == FIB_DEL && !h)
			op->err = -ESRCH;
		else if (op->kind == FIB_DEL)
			*h = m->has[--m->has_n];
		else if (h)
			op->err = -EEXIST;
		else
			m->has[m->has_n++] = (struct fib_have){ .key = op->fib->at,
								.proto = op->fib->proto,
								.print = 7 };
		assert_false(fib_done(op));
	}
}

static uint32_t settle(struct model *m)
{
	uint32_t all_n = 0, rounds = 0;

	while (plan(m)) {
		all_n += m->ops_n;
		carry_out(m);
		assert_true(++rounds < 4);
	}
	return all_n;
}

static void said(struct model *m, uint32_t inst, bool is_wanted)
{
	fib_said(&m->set, (struct inst_id){ inst }, true, is_wanted, true);
}

static void test_life(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	assert_int_equal(settle(&m), 0); /* nothing before the first word */
	said(&m, 1, true);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has[0].key.route.oif, ETH0);
	m.has_n--; /* somebody takes one away: it comes back */
	assert_int_equal(plan(&m), 1);
	assert_true(m.ops[0].is_lost);
	carry_out(&m);
	assert_int_equal(m.has_n, 2);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 0);
	fib_set_fini(&m.set);
}

/* One with another protocol is somebody else's, even where all else is the same. */
static void test_others_stay(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	for (uint32_t i = 0; i < 2; i++) {
		m.has[2 + i] = m.has[i];
		m.has[2 + i].proto = 4;
	}
	m.has_n = 4;
	assert_int_equal(settle(&m), 0);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 2);
	assert_int_equal(m.has[0].proto, 4);
	assert_int_equal(m.has[1].proto, 4);
	fib_set_fini(&m.set);
}

/* The print says when somebody has changed it; a reload's other words as well. */
static void test_made_anew(void **state)
{
	struct fib want[] = { route(1, 1), route(1, 2) };
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	m.has[1].print = 8;
	assert_int_equal(plan(&m), 2);
	assert_true(m.ops[0].kind == FIB_DEL && m.ops[1].kind == FIB_ADD);
	assert_true(m.ops[0].is_renewal && m.ops[1].is_renewal && !m.ops[1].is_lost);
	carry_out(&m);
	assert_int_equal(settle(&m), 0);
	want[0].words = 2;
	adopt(&m, want, 2);
	assert_int_equal(settle(&m), 2);
	adopt(&m, want, 2);
	assert_int_equal(settle(&m), 0);
	fib_set_fini(&m.set);
}

static void test_reload(void **state)
{
	const struct fib want[] = { route(1, 2), route(1, 3), route(2, 1), route(1, 2) };
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	adopt(&m, want, N_OF(want));
	assert_int_equal(m.set.n,
			 4); /* the double one is one; the one that goes is still in the kernel */
	said(&m, 1, true);
	said(&m, 2, true);
	assert_int_equal(settle(&m), 1); /* 10.1 changes hands, 10.3 comes */
	fib_set_reap(&m.set);
	assert_int_equal(m.set.n, 3);
	adopt(&m, NULL, 0);
	assert_int_equal(settle(&m), 3);
	assert_int_equal(m.has_n, 0);
	fib_set_reap(&m.set);
	assert_int_equal(m.set.n, 0);
	fib_set_fini(&m.set);
}

/* The kernel takes routes along with their interface and says nothing. */
static void test_interface_goes(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	m.is_gone = true;
	m.has_n = 0;
	assert_int_equal(settle(&m), 0);
	m.is_gone = false;
	assert_int_equal(plan(&m), 2);
	assert_false(m.ops[0].is_lost);
	carry_out(&m);
	assert_int_equal(settle(&m), 0);
	said(&m, 1, false);
	m.has_n = 0;
	assert_int_equal(settle(&m), 0);
	fib_set_fini(&m.set);
}

static void test_vrf(void **state)
{
	struct fib f = route(1, 1);
	struct model m = { .is_up = true };

	(void)state;
	f.key.route.table = 0;
	memcpy(f.vrf, "blue", 5);
	adopt(&m, &f, 1);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1);
	assert_int_equal(m.has[0].key.route.table, VRF_TABLE);
	fib_set_fini(&m.set);

	memcpy(f.vrf, "red", 4);
	m = (struct model){ .is_up = true };
	adopt(&m, &f, 1);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 0); /* there is no such VRF */
	fib_set_fini(&m.set);
}

static void test_no_track(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	m.set.fib[0].is_no_track = m.set.fib[1].is_no_track = true;
	said(&m, 1, true);
	settle(&m);
	m.has_n--;
	assert_int_equal(settle(&m), 0);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1);
	m.is_up = false;
	m.has_n = 0;
	assert_int_equal(settle(&m), 2); /* gone with the link: that was nobody's wish */
	fib_set_fini(&m.set);
}

/* What the kernel shows otherwise than it was asked for is neither added for ever nor left behind. */
static void test_shown_otherwise(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	m.hides = true;
	said(&m, 1, true);
	assert_int_equal(settle(&m), 4); /* added, not seen, EEXIST */
	assert_int_equal(m.has_n, 2);
	said(&m, 1, false);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 0);
	fib_set_fini(&m.set);
}

static void test_failure_is_held(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	assert_int_equal(plan(&m), 2);
	m.ops[0].err = m.ops[1].err = -ENETUNREACH;
	assert_true(fib_done(&m.ops[0]) && fib_done(&m.ops[1]));
	assert_int_equal(plan(&m), 0);
	fib_release(&m.set, false);
	assert_int_equal(settle(&m), 2);
	fib_set_fini(&m.set);
}

static void test_torn_picture(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	m.is_torn = true;
	assert_int_equal(plan(&m), 2); /* no harm: they exist */
	carry_out(&m);
	said(&m, 1, false);
	assert_int_equal(plan(&m), 2); /* removals follow what is believed */
	carry_out(&m);
	assert_int_equal(m.has_n, 0);
	fib_set_fini(&m.set);
}

static void test_left_over(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	said(&m, 1, true);
	settle(&m);
	fib_set_fini(&m.set); /* killed */

	const struct fib want[] = { route(1, 2), route(1, 3) };
	struct link_table *t = links_of(&m);

	adopt(&m, want, 2);
	m.has[2] = m.has[0];
	m.has[2].proto = 4;
	m.has_n = 3;

	struct fib_pic p = pic_of(&m);

	fib_set_left_over(&m.set, &p, t);
	fib_pic_fini(&p);
	free(t);
	assert_int_equal(m.set.n, 3); /* one of nobody */
	assert_int_equal(settle(&m), 1); /* 10.1 goes; of 10.2 nobody has spoken */
	said(&m, 1, false);
	assert_int_equal(settle(&m), 1);
	assert_int_equal(m.has_n, 1);
	assert_int_equal(m.has[0].proto, 4);
	fib_set_reap(&m.set);
	assert_int_equal(m.set.n, 2);
	fib_set_fini(&m.set);
}

/* Rules are all key: another word is another rule. */
static void test_rules(void **state)
{
	struct fib f = { .inst = { 1 }, .proto = CUSTOM, .cf = &some_conf, .inst_name = "web" };
	struct fib g;
	struct model m = { .set.kind = FIB_RULE, .is_up = true };

	(void)state;
	f.key.rule = (struct rule_key){
		.family = AF_INET, .table = 100, .priority = 500, .suppress_len = -1
	};
	g = f;
	g.key.rule.mark = 1;
	adopt(&m, &f, 1);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 1);
	adopt(&m, &g, 1);
	said(&m, 1, true);
	assert_int_equal(settle(&m), 2);
	assert_int_equal(m.has_n, 1);
	assert_int_equal(m.has[0].key.rule.mark, 1);
	fib_set_fini(&m.set);
}

static void lose(struct model *m, uint32_t i)
{
	m->has_n--;
	m->has[i] = m->has[m->has_n];
}

/* Random words, losses, changes and reloads: in the end the kernel has what is wanted, nothing more. */
static void test_random(void **state)
{
	uint64_t seed = 0xf1bf1b;

	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		struct model m;
		bool is_wanted = false;
		uint32_t want_n = 2;

		model_init(&m);
		for (unsigned step = 0; step < 30; step++) {
			uint32_t r = unit_rand(&seed);
			struct fib want[4];

			if (r % 8 == 0)
				is_wanted = !is_wanted;
			if (r % 8 == 1 && m.has_n)
				lose(&m, r / 8 % m.has_n);
			if (r % 8 == 2 && m.has_n)
				m.has[r / 8 % m.has_n].print++;
			if (r % 8 == 3) {
				want_n = r / 8 % 5;
				for (uint32_t i = 0; i < want_n; i++) {
					want[i] = route(1, (uint8_t)(r / 64 % 3 + i));
					want[i].words = r / 256 % 2;
				}
				adopt(&m, want, want_n);
			}
			said(&m, 1, is_wanted);
			(void)settle(&m);
			fib_set_reap(&m.set);
			assert_int_equal(m.has_n, is_wanted ? want_n : 0);
		}
		fib_set_fini(&m.set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_made_anew),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_interface_goes),
		cmocka_unit_test(test_vrf),
		cmocka_unit_test(test_no_track),
		cmocka_unit_test(test_shown_otherwise),
		cmocka_unit_test(test_failure_is_held),
		cmocka_unit_test(test_torn_picture),
		cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
