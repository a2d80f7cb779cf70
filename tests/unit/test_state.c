/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is known of servers and services: verdicts, weights, sums for quorum, over reloads.
 */
#include "ipvs/state.h"
#include "ipvs_conf.h"
#include "unit.h"

static const struct spec specs[] = {
	{ .port = 80, .servers_n = 3, .probes_n = 2, .weight = 5 },
	{ .port = 81, .servers_n = 2, .probes_n = 1, .weight = 7, .is_alpha = true },
	{ .port = 82, .servers_n = 1, .probes_n = 0, .weight = 3 },
};

/* All probes UP is up, any DOWN is down, anything else is not known. */
static void verdicts(void **state)
{
	static const enum health_verdict expect[3][3] = {
		[HEALTH_UNKNOWN] = { HEALTH_UNKNOWN, HEALTH_DOWN, HEALTH_UNKNOWN },
		[HEALTH_DOWN] = { HEALTH_DOWN, HEALTH_DOWN, HEALTH_DOWN },
		[HEALTH_UP] = { HEALTH_UNKNOWN, HEALTH_DOWN, HEALTH_UP },
	};
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct state_probe probe[16] = { 0 };

	(void)state;
	for (unsigned a = 0; a < 3; a++) {
		for (unsigned b = 0; b < 3; b++) {
			probe[0].verdict = (uint8_t)a;
			probe[1].verdict = (uint8_t)b;
			assert_int_equal(state_verdict(c, 0, probe), expect[a][b]);
		}
	}
	/* without a probe it is always up */
	assert_int_equal(state_verdict(c, 5, probe), HEALTH_UP);
	conf_free(c);
}

static void expect_sum(const struct state *st, uint32_t vs, uint64_t up, uint64_t maybe,
		       uint64_t total)
{
	assert_int_equal(st->service[vs].sum.up, up);
	assert_int_equal(st->service[vs].sum.maybe, maybe);
	assert_int_equal(st->service[vs].sum.total, total);
}

static bool probe(struct state *st, uint32_t i, enum health_verdict v, int32_t weight)
{
	return state_take_probe(st, i,
				&(struct state_probe){ .verdict = (uint8_t)v, .weight = weight });
}

static void sums(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct state st = { 0 };

	(void)state;
	state_adopt(&st, NULL, c);
	expect_sum(&st, 0, 0, 15, 15);
	expect_sum(&st, 1, 0, 0, 14); /* alpha: not known is down */
	assert_int_equal(st.service[1].sum.unheard, 14);
	expect_sum(&st, 2, 3, 0, 3);
	assert_int_equal(state_alive(&st, 0), HEALTH_UNKNOWN);
	assert_int_equal(state_alive(&st, 3), HEALTH_DOWN);

	assert_false(probe(&st, 0, HEALTH_UP, 0)); /* one of two */
	assert_true(probe(&st, 1, HEALTH_UP, 0));
	expect_sum(&st, 0, 5, 10, 15);
	assert_true(probe(&st, 2, HEALTH_DOWN, 0));
	expect_sum(&st, 0, 5, 5, 15);
	assert_false(probe(&st, 3, HEALTH_DOWN, 0));
	/* weights that checks add, within bounds */
	assert_true(probe(&st, 0, HEALTH_UP, 10));
	expect_sum(&st, 0, 15, 5, 15);
	assert_true(probe(&st, 1, HEALTH_UP, -100));
	assert_int_equal(state_weight(&st, 0), 0);
	expect_sum(&st, 0, 0, 5, 15);
	assert_true(probe(&st, 1, HEALTH_UP, INT32_MAX));
	assert_int_equal(state_weight(&st, 0), INT32_MAX);
	expect_sum(&st, 0, INT32_MAX, 5, 15);
	assert_true(probe(&st, 1, HEALTH_UP, 0));
	expect_sum(&st, 0, 15, 5, 15);

	/* what the administrator takes away is no part of quorum */
	struct admin a = { .state = ADMIN_DRAIN };

	assert_true(state_take_admin(&st, 0, a));
	assert_false(state_take_admin(&st, 0, a));
	expect_sum(&st, 0, 0, 5, 15);
	/* another weight is no other drain: one that is over stays over */
	st.server[0].is_drained = true;
	a = (struct admin){ .state = ADMIN_DRAIN, .has_weight = true, .weight = 9 };
	assert_true(state_take_admin(&st, 0, a));
	assert_true(st.server[0].is_drained);
	a = (struct admin){ .state = ADMIN_MAINT };
	assert_true(state_take_admin(&st, 0, a));
	assert_false(st.server[0].is_drained);
	expect_sum(&st, 0, 0, 5, 15);
	a = (struct admin){ .state = ADMIN_READY, .has_weight = true, .weight = 100 };
	assert_true(state_take_admin(&st, 0, a));
	expect_sum(&st, 0, 110, 5, 15);
	state_fini(&st);
	conf_free(c);
}

/* The sums are what a count from nothing gives, whatever happened before. */
static void sums_stay_right(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct state st = { 0 };
	uint64_t seed = 12345;

	(void)state;
	state_adopt(&st, NULL, c);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t rs = unit_rand(&seed) % c->rs_n;
		struct admin a = { .state = (uint8_t)(unit_rand(&seed) % 3),
				   .has_weight = unit_rand(&seed) % 2,
				   .weight = unit_rand(&seed) % 10 };

		if (unit_rand(&seed) % 2)
			(void)probe(&st, unit_rand(&seed) % c->probe_n,
				    (enum health_verdict)(unit_rand(&seed) % 3),
				    (int32_t)(unit_rand(&seed) % 9) - 4);
		else
			(void)state_take_admin(&st, rs, a);
		for (uint32_t vs = 0; vs < c->vs_n; vs++) {
			uint64_t up = 0, maybe = 0, unheard = 0;

			for (uint32_t k = 0; k < c->rs_n; k++) {
				if (c->rs[k].vs != vs || st.server[k].admin != ADMIN_READY)
					continue;
				if (state_alive(&st, k) == HEALTH_UP)
					up += state_weight(&st, k);
				if (state_alive(&st, k) == HEALTH_UNKNOWN)
					maybe += state_weight(&st, k);
				if (c->rs[k].s.alpha && st.server[k].verdict == HEALTH_UNKNOWN)
					unheard += state_weight(&st, k);
			}
			assert_int_equal(st.service[vs].sum.up, up);
			assert_int_equal(st.service[vs].sum.maybe, maybe);
			assert_int_equal(st.service[vs].sum.unheard, unheard);
		}
	}
	state_fini(&st);
	conf_free(c);
}

/* What was known stays with the ids; what was set by hand until the file says something new. */
static void reloads(void **state)
{
	struct spec other[N_OF(specs)];
	struct conf *a = ipvs_conf(specs, N_OF(specs)), *b, *again;
	struct state st = { 0 };

	(void)state;
	memcpy(other, specs, sizeof(specs));
	other[0].first_server = 1; /* the first is gone, a fourth has come */
	state_adopt(&st, NULL, a);
	for (uint32_t i = 0; i < 6; i++)
		(void)probe(&st, i, i < 4 ? HEALTH_UP : HEALTH_DOWN, 0);
	(void)state_settle(&st, 0);
	assert_int_equal(st.service[0].quorum, QUORUM_UP);
	(void)state_take_admin(&st, 1, (struct admin){ ADMIN_DRAIN, true, 9 });
	(void)state_take_admin(&st, 2, (struct admin){ ADMIN_MAINT, false, 0 });
	st.server[1].is_drained = true;

	b = ipvs_conf(other, N_OF(other));
	state_adopt(&st, a, b);
	assert_int_equal(st.server[0].verdict, HEALTH_UP);
	assert_int_equal(st.server[0].admin, ADMIN_DRAIN);
	assert_true(st.server[0].is_drained);
	assert_true(st.server[0].has_weight);
	assert_int_equal(st.server[0].weight, 9);
	assert_int_equal(st.server[1].verdict, HEALTH_DOWN);
	assert_int_equal(st.server[1].admin, ADMIN_MAINT);
	assert_int_equal(st.server[2].verdict, HEALTH_UNKNOWN);
	assert_int_equal(st.server[2].admin, ADMIN_READY);
	assert_int_equal(st.service[0].quorum, QUORUM_UP);
	expect_sum(&st, 0, 0, 5, 15);

	/* the file's word is newer */
	again = ipvs_conf(other, N_OF(other));
	again->rs[0].s.weight = 6;
	again->rs[1].s.admin = ADMIN_DRAIN;
	state_adopt(&st, b, again);
	assert_int_equal(st.server[0].admin, ADMIN_DRAIN);
	assert_int_equal(state_weight(&st, 0), 6);
	assert_int_equal(st.server[1].admin, ADMIN_DRAIN);
	state_fini(&st);
	conf_free(a);
	conf_free(b);
	conf_free(again);
}

static void ramps(void **state)
{
	static const struct fields_slow_start s = { .window_us = SEC(10), .min_percent = 20 };
	static const struct {
		int64_t since_us;
		uint8_t percent;
	} rows[] = {
		{ -1, 20 },          { 0, 20 },        { SEC(5), 60 },
		{ SEC(10) - 1, 99 }, { SEC(10), 100 }, { SEC(100), 100 },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++)
		assert_int_equal(state_ramp(&s, rows[i].since_us), rows[i].percent);
}

/* ------------------------------------------------------------------ here.h */

static uint32_t moved_n;

static void on_moved(void *arg, uint32_t vs)
{
	(void)arg;
	(void)vs;
	moved_n++;
}

/* A service is here while one of its addresses is one of an active instance. */
static void suspends(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct conf_vip vip[3] = { 0 };
	struct conf_vrrp vrrp[2] = { 0 };
	struct conf_vsaddr list[3] = { 0 };
	struct state st = { 0 };

	(void)state;
	vip[0].s.prefix.addr = addr_v4(htonl(0x0a010001));
	vip[1].s.prefix.addr = addr_v4(htonl(0x0a010002));
	vip[2].s.prefix.addr = addr_v4(htonl(0x0a010003));
	vrrp[0].s.vips = (struct conf_range){ 0, 1 };
	vrrp[1].s.evips = (struct conf_range){ 1, 2 };
	list[0].s.prefix = (struct ip_prefix){ vip[0].s.prefix.addr, 32, { 0 } };
	list[1].s.prefix = (struct ip_prefix){ vip[2].s.prefix.addr, 32, { 0 } };
	list[2].s.prefix = (struct ip_prefix){ addr_v4(htonl(0x0a010009)), 32, { 0 } };
	c->vip = vip;
	c->vrrp = vrrp;
	c->vsaddr = list;
	c->vip_n = c->vsaddr_n = 3;
	c->vrrp_n = 2;
	c->vs[0].s.ha_suspend = c->vs[1].s.ha_suspend = true;
	c->vs[0].where = (struct conf_range){ 0, 3 };
	c->vs[1].s.addr = addr_v4(htonl(0x0a0100ff)); /* of no instance */
	state_adopt(&st, NULL, c);
	assert_true(st.service[0].is_suspended);
	assert_false(st.service[1].is_suspended);
	assert_false(st.service[2].is_suspended);
	here_set(&st.here, 0, true, on_moved, NULL);
	assert_true(here_has(&st.here, 0));
	assert_int_equal(moved_n, 1);
	here_set(&st.here, 0, true, on_moved, NULL);
	here_set(&st.here, 1, true, on_moved, NULL);
	here_set(&st.here, 0, false, on_moved, NULL);
	assert_true(here_has(&st.here, 0));
	assert_int_equal(moved_n, 1);
	here_set(&st.here, 1, false, on_moved, NULL);
	assert_false(here_has(&st.here, 0));
	assert_int_equal(moved_n, 2);
	state_fini(&st);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),        cmocka_unit_test(sums),
		cmocka_unit_test(sums_stay_right), cmocka_unit_test(reloads),
		cmocka_unit_test(ramps),           cmocka_unit_test(suspends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
