/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hand-over record: what one director writes the next one finds, under the same and another configuration;
 * what is not of here, or nonsense, is nothing; a write that was cut short leaves what was there.
 */
#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/msg.h"
#include "core/record.h"
#include "ipvs_conf.h"
#include "unit.h"

#include <stdlib.h>

#define NOW SEC(1000)

static const struct record_here here = { .boot = { 1, 2, 3 }, .netns = 7 };
static const struct spec before[] = {
	{ .port = 80, .servers_n = 3, .probes_n = 2, .weight = 1 },
	{ .port = 81, .servers_n = 2, .probes_n = 1, .weight = 1 },
};
static const struct spec after[] = {
	{ .port = 81, .first_server = 1, .servers_n = 2, .probes_n = 1, .weight = 1 },
	{ .port = 82, .servers_n = 1, .probes_n = 1, .weight = 1 },
};

static struct conf *make(const struct spec *spec, uint32_t n, uint64_t gen)
{
	struct conf *c = ipvs_conf(spec, n);

	c->gen = gen;
	c->check = arena_alloc(&c->arena, sizeof(*c->check));
	memset(c->check, 0, sizeof(*c->check));
	for (uint32_t i = 0; i < n; i++)
		c->vs[i].s.name = spec[i].port == 80 ? "a" : spec[i].port == 81 ? "b" : "c";
	return c;
}

static uint64_t word(enum health_verdict v)
{
	return record_health_pack((struct record_health){ .verdict = (uint8_t)v, .code = 5 });
}

static struct record_mem *memory(void)
{
	struct record_mem *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	return m;
}

/* A first director that has learnt everything: every probe is DOWN but the first. */
static void fill(struct record_mem *m)
{
	struct record r;
	struct record_found found;
	struct conf *c = make(before, N_OF(before), 1);

	record_init(&r, m, &here);
	record_make(&r, c, NULL, NOW, &found);
	assert_int_equal(found.probes_n, 0);
	for (uint32_t i = 0; i < c->probe_n; i++)
		record_put(c->record, RECORD_PROBE, i, word(i ? HEALTH_DOWN : HEALTH_UP));
	for (uint32_t i = 0; i < c->vs_n; i++)
		record_put(c->record, RECORD_SERVICE, i, i + 1);
	record_settled(&r, 1);
	record_alive(&r, NOW);
	record_fini(&r);
	conf_free(c);
}

/* What is found of `spec` later, in so many probes. */
static struct conf *find(struct record *r, struct record_mem *m, const struct spec *spec,
			 uint32_t n, int64_t now_us, struct record_found *found)
{
	struct conf *c = make(spec, n, 1);

	record_init(r, m, &here);
	record_make(r, c, NULL, now_us, found);
	return c;
}

static void found_again(void **state)
{
	struct record_mem *m = memory();
	struct record_found found;
	struct record r;
	struct conf *c;

	(void)state;
	fill(m);
	c = find(&r, m, before, N_OF(before), NOW + SEC(1), &found);
	assert_int_equal(found.probes_n, c->probe_n);
	assert_int_equal(found.age_us, SEC(1));
	for (uint32_t i = 0; i < c->probe_n; i++)
		assert_int_equal(c->record->probe_was[i], word(i ? HEALTH_DOWN : HEALTH_UP));
	assert_int_equal(c->record->service_was[1], 2);
	record_fini(&r);
	conf_free(c);

	/* another configuration: the server that both have is known, the others are not */
	c = find(&r, m, after, N_OF(after), NOW + SEC(1), &found);
	assert_int_equal(found.probes_n, 1);
	assert_int_equal(c->record->probe_was[0], word(HEALTH_DOWN));
	assert_int_equal(c->record->service_was[0], 2);
	assert_int_equal(c->record->service_was[1], 0);
	record_settled(&r, 1); /* what is gone is forgotten */
	record_fini(&r);
	conf_free(c);
	c = find(&r, m, before, N_OF(before), NOW + SEC(1), &found);
	assert_int_equal(found.probes_n, 1);
	record_fini(&r);
	conf_free(c);
	free(m);
}

static void not_of_here(void **state)
{
	static const struct {
		const char *what;
		size_t at; /* a byte that differs */
	} rows[] = {
		{ "magic", offsetof(struct record_mem, magic) },
		{ "version", offsetof(struct record_mem, version) },
		{ "length", offsetof(struct record_mem, len) },
		{ "start of the machine", offsetof(struct record_mem, here.boot) + 1 },
		{ "network namespace", offsetof(struct record_mem, here.netns) },
	};
	struct record_mem *m = memory();
	struct record_found found;
	struct record r;
	struct conf *c;

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		fill(m);
		((uint8_t *)m)[rows[i].at] ^= 1;
		c = find(&r, m, before, N_OF(before), NOW, &found);
		if (found.probes_n || found.insts_n)
			fail_msg("%s: believed", rows[i].what);
		record_fini(&r);
		conf_free(c);
	}
	/* nobody has looked for too long, or the clock is another one */
	fill(m);
	c = find(&r, m, before, N_OF(before), NOW + RECORD_HEALTH_US, &found);
	assert_int_equal(found.probes_n, 0);
	record_fini(&r);
	conf_free(c);
	c = find(&r, m, before, N_OF(before), NOW - SEC(1), &found);
	assert_int_equal(found.probes_n, 0);
	record_fini(&r);
	conf_free(c);
	free(m);
}

/* Reloads: what stays keeps its slot, what goes gives it back when nobody can write there any more. */
static void reloads(void **state)
{
	struct record_mem *m = memory();
	struct record r;
	struct record_found found;
	struct conf *one = make(before, N_OF(before), 1), *two = make(after, N_OF(after), 2),
		    *three;
	uint32_t used = 0;

	(void)state;
	record_init(&r, m, &here);
	record_make(&r, one, NULL, NOW, &found);
	record_put(one->record, RECORD_PROBE, 7, word(HEALTH_UP)); /* 81, server 1 */
	record_make(&r, two, one, NOW, &found);
	assert_null(two->record->probe_was);
	assert_int_equal(two->record->slot[RECORD_PROBE][0], one->record->slot[RECORD_PROBE][7]);
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t k = 0; k < 7; k++)
			assert_int_not_equal(two->record->slot[RECORD_PROBE][i],
					     one->record->slot[RECORD_PROBE][k]);
	record_settled(&r, 2);
	for (uint32_t i = 0; i < RECORD_PROBES_N; i++)
		used += atomic_load(&m->probe[i].key) != 0;
	assert_int_equal(used, 3);
	three = make(before, N_OF(before), 3);
	record_make(&r, three, two, NOW, &found);
	assert_int_equal(atomic_load(&m->probe[three->record->slot[RECORD_PROBE][7]].word),
			 word(HEALTH_UP));
	assert_int_equal(r.homeless_n, 0);
	record_fini(&r);
	conf_free(one);
	conf_free(two);
	conf_free(three);
	free(m);
}

static void cut_short(void **state)
{
	struct record_mem *m = memory();
	struct record_map map = { .mem = m };
	uint32_t slot = 5;
	struct record_vrrp a = { .sent_us = 1, .prio = 1 }, b = { .sent_us = 2, .prio = 2 };

	(void)state;
	map.slot[RECORD_INST] = &slot;
	record_put_inst(&map, 0, &a);
	record_put_inst(&map, 0, &b);
	assert_memory_equal(&m->inst[5].copy[atomic_load(&m->inst[5].n) % 2], &b, sizeof(b));
	/* the next write, up to its last step */
	memset(&m->inst[5].copy[(atomic_load(&m->inst[5].n) + 1) % 2], 0xa5, sizeof(a) / 2);
	assert_memory_equal(&m->inst[5].copy[atomic_load(&m->inst[5].n) % 2], &b, sizeof(b));
	free(m);
}

static void nonsense(void **state)
{
	static const struct {
		uint64_t word;
		bool is_good;
	} rows[] = {
		{ 0, false }, { 1, true },           { 2, true },
		{ 3, false }, { UINT64_MAX, false }, { UINT64_C(200) << 24 | 1, false },
	};
	struct record_health h;

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++)
		assert_int_equal(record_health_unpack(rows[i].word, &h), rows[i].is_good);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_again), cmocka_unit_test(not_of_here),
		cmocka_unit_test(reloads),     cmocka_unit_test(cut_short),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
