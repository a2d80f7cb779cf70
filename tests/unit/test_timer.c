/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/timer.h"
#include "unit.h"

#include <stdlib.h>

struct probe {
	struct timer t;
	int fired;
	int64_t fired_us;
};

static int64_t last_us;
static struct timer_heap heap;

static void fire(struct timer *t, int64_t now_us)
{
	struct probe *p = (struct probe *)(void *)t;

	p->fired++;
	p->fired_us = now_us;
	assert_true(t->at_us >= last_us); /* earliest first */
	assert_true(t->at_us <= now_us);
	last_us = t->at_us;
}

static void boundaries(void **state)
{
	struct probe p = { 0 };

	(void)state;
	heap.root = NULL;
	last_us = 0;
	timer_init(&p.t, fire);
	assert_true(timer_next_us(&heap) == TIMER_NEVER);
	timer_arm(&heap, &p.t, 1000);
	assert_true(timer_next_us(&heap) == 1000);
	assert_int_equal(timer_run(&heap, 999, 10), 0);
	assert_int_equal(timer_run(&heap, 1000, 10), 1);
	assert_int_equal(p.fired, 1);
	assert_false(p.t.is_armed);
	assert_int_equal(timer_run(&heap, 5000, 10), 0);
	timer_disarm(&heap, &p.t); /* not armed: nothing */
}

/* Thousands of arms, moves and disarms in random order: everything armed fires, once, in order. */
static void random_walk(void **state)
{
	enum { N = 2000 };
	struct probe *p = calloc(N, sizeof(*p));
	uint64_t seed = 88172645463325252u;
	int want = 0, got = 0;

	(void)state;
	heap.root = NULL;
	for (int i = 0; i < N; i++)
		timer_init(&p[i].t, fire);
	for (int i = 0; i < 20 * N; i++) {
		struct probe *x = &p[unit_rand(&seed) % N];

		if (unit_rand(&seed) % 3)
			timer_arm(&heap, &x->t, 1 + unit_rand(&seed) % 100000);
		else
			timer_disarm(&heap, &x->t);
	}
	for (int i = 0; i < N; i++)
		want += p[i].t.is_armed;
	last_us = 0;
	for (int64_t now = 0; now <= 100001; now += 37)
		got += (int)timer_run(&heap, now, UINT32_MAX);
	got += (int)timer_run(&heap, 200000, UINT32_MAX);
	assert_int_equal(got, want);
	assert_null(heap.root);
	for (int i = 0; i < N; i++)
		assert_true(p[i].fired <= 1);
	free(p);
}

static void again(struct timer *t, int64_t now_us)
{
	((struct probe *)(void *)t)->fired++;
	timer_arm(&heap, t, now_us); /* due at once: must not starve the caller */
}

static void bounded(void **state)
{
	struct probe p = { 0 };

	(void)state;
	heap.root = NULL;
	timer_init(&p.t, again);
	timer_arm(&heap, &p.t, 0);
	assert_int_equal(timer_run(&heap, 10, 7), 7);
	assert_int_equal(p.fired, 7);
	timer_disarm(&heap, &p.t);
}

/* Sorted insertion makes the widest heap there is: no recursion may follow it. */
static void wide(void **state)
{
	enum { N = 200000 };
	struct probe *p = calloc(N, sizeof(*p));

	(void)state;
	heap.root = NULL;
	last_us = 0;
	for (int i = 0; i < N; i++) {
		timer_init(&p[i].t, fire);
		timer_arm(&heap, &p[i].t, i);
	}
	assert_int_equal(timer_run(&heap, N, UINT32_MAX), N);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries),
		cmocka_unit_test(random_walk),
		cmocka_unit_test(bounded),
		cmocka_unit_test(wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
