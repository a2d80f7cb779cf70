/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Snapshots under threads: readers in short sections, holders that stay, a publisher that never
 * waits; every snapshot is freed exactly once and never while somebody looks at it.
 */
#include "core/bug.h"
#include "core/snap.h"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum { PUBLISH_N = 3000, READERS_N = 2, HOLDERS_N = 2 };

struct thing {
	struct snap snap;
	int gen, copy; /* always equal */
};

static struct snap_slot slot;
static atomic_bool is_over;
static atomic_int freed;

static void thing_free(struct snap *s)
{
	struct thing *t = container_of(s, struct thing, snap);

	t->gen = -1; /* whoever still looks sees them differ */
	atomic_fetch_add(&freed, 1);
	free(t);
}

static void publish(int gen)
{
	struct thing *t = calloc(1, sizeof(*t));

	t->snap.free = thing_free;
	t->gen = t->copy = gen;
	snap_publish(&slot, &t->snap);
}

static void *read_short(void *arg)
{
	int last = 0;

	(void)arg;
	snap_thread_register();
	while (!atomic_load(&is_over)) {
		snap_enter();

		struct thing *t = container_of(snap_get(&slot), struct thing, snap);

		BUG_ON(t->gen != t->copy || t->gen < last);
		last = t->gen;
		snap_leave();
	}
	snap_thread_unregister();
	return NULL;
}

static void *hold_long(void *arg)
{
	(void)arg;
	snap_thread_register();
	while (!atomic_load(&is_over)) {
		struct thing *t = container_of(snap_hold(&slot), struct thing, snap);
		int gen = t->gen;

		for (int i = 0; i < 50; i++) {
			(void)sched_yield();
			BUG_ON(t->gen != gen || t->copy != gen);
		}
		snap_drop(&t->snap);
	}
	snap_thread_unregister();
	return NULL;
}

static void under_threads(void **state)
{
	pthread_t t[READERS_N + HOLDERS_N];

	(void)state;
	snap_thread_register();
	publish(1);
	for (int i = 0; i < READERS_N + HOLDERS_N; i++)
		assert_int_equal(pthread_create(&t[i], NULL, i < READERS_N ? read_short : hold_long,
						NULL),
				 0);
	for (int gen = 2; gen <= PUBLISH_N; gen++) {
		publish(gen);
		if (gen % 16 == 0)
			(void)sched_yield();
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < READERS_N + HOLDERS_N; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	snap_publish(&slot, NULL);
	snap_barrier();
	assert_int_equal(atomic_load(&freed), PUBLISH_N);
	snap_thread_unregister();
}

static void empty_slot(void **state)
{
	struct snap_slot none = { NULL };

	(void)state;
	snap_thread_register();
	assert_null(snap_hold(&none));
	snap_enter();
	assert_null(snap_get(&none));
	snap_leave();
	snap_publish(&none, NULL);
	snap_thread_unregister();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_slot),
		cmocka_unit_test(under_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
