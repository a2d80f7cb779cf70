/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipvs/want.h"
#include "ipvs_conf.h"
#include "unit.h"

static const struct spec specs[] = {
	{ .port = 80, .servers_n = 3, .probes_n = 2, .weight = 5 },
	{ .port = 53,
	  .protocol = VS_UDP,
	  .sched = "mh",
	  .method = VS_DR,
	  .persistence_us = SEC(50),
	  .is_inhibit = true,
	  .servers_n = 2,
	  .probes_n = 1,
	  .weight = 7 },
	{ .port = 81, .method = VS_TUN, .servers_n = 1, .probes_n = 0, .weight = 0 },
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
	struct want_probe probe[16] = { 0 };

	(void)state;
	for (unsigned a = 0; a < 3; a++) {
		for (unsigned b = 0; b < 3; b++) {
			probe[0].verdict = (uint8_t)a;
			probe[1].verdict = (uint8_t)b;
			assert_int_equal(want_verdict(c, 0, probe), expect[a][b]);
		}
	}
	/* without a probe it is always up */
	assert_int_equal(want_verdict(c, 5, probe), HEALTH_UP);
	conf_free(c);
}

static void presence_and_weight(void **state)
{
	static const struct {
		uint32_t rs, probe;
		enum health_verdict verdict;
		enum ipvs_presence presence;
		uint32_t weight;
	} rows[] = {
		{ 3, 6, HEALTH_UP, IPVS_IN, 7 },
		{ 3, 6, HEALTH_DOWN, IPVS_IN, 0 }, /* inhibit */
		{ 3, 6, HEALTH_UNKNOWN, IPVS_KEEP, 7 },
		{ 0, 0, HEALTH_DOWN, IPVS_OUT, 0 },
		{ 0, 0, HEALTH_UP, IPVS_KEEP, 5 },
		{ 5, 8, HEALTH_UNKNOWN, IPVS_IN, 0 },
	};
	struct conf *c = ipvs_conf(specs, N_OF(specs));

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct want_probe probe[16] = { 0 };
		struct ipvs_dest d;

		probe[rows[i].probe].verdict = (uint8_t)rows[i].verdict;
		want_dest(c, rows[i].rs, probe, &d);
		assert_int_equal(d.presence, rows[i].presence);
		assert_int_equal(d.weight, rows[i].weight);
		assert_int_equal(d.ref, rows[i].rs);
	}
	conf_free(c);
}

static void services(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct ipvs_svc s;

	(void)state;
	want_svc(c, 0, &s);
	assert_string_equal(s.sched, "wlc");
	assert_int_equal(s.protocol, IPPROTO_TCP);
	assert_int_equal(s.flags, 0);
	assert_int_equal(s.timeout_s, 0);
	assert_int_equal(s.netmask, UINT32_MAX);
	want_svc(c, 1, &s);
	assert_string_equal(s.sched, "mh");
	assert_int_equal(s.protocol, IPPROTO_UDP);
	assert_int_equal(s.flags, IPVS_FLAG_PERSISTENT);
	assert_int_equal(s.timeout_s, 50);
	conf_free(c);
}

static void whole_table(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct want_probe probe[16] = { 0 };
	struct ipvs_table t = { 0 };

	(void)state;
	want_table(c, probe, &t);
	assert_int_equal(t.svc_n, 3);
	assert_int_equal(t.dest_n, 6);
	/* sorted by key, and each reference leads back */
	for (uint32_t i = 0; i < t.svc_n; i++) {
		const struct ipvs_svc *s = &t.svc[i];

		assert_true(!i || table_cmp_svc(s - 1, s) < 0);
		assert_int_equal(c->vs[s->ref].s.port, s->port);
		assert_int_equal(table_find_svc(&t, s), i);
		for (uint32_t k = s->first; k < s->first + s->n; k++) {
			assert_int_equal(c->rs[t.dest[k].ref].vs, s->ref);
			assert_int_equal(table_find_dest(&t, s, &t.dest[k]), k);
		}
	}
	table_fini(&t);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(presence_and_weight),
		cmocka_unit_test(services),
		cmocka_unit_test(whole_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
