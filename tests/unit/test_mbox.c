/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The mailbox under threads: nothing is lost, the latest value always arrives, a fact that is idle
 * may be freed at once. Waits for the eventfd, never for time.
 */
#include "core/mbox.h"
#include "unit.h"
#include "unit_mbox.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

enum { PRODUCERS_N = 4, FACTS_N = 8, POSTS_N = 20000 };

struct producer {
	pthread_t thread;
	struct mbox *box;
	unsigned index;
	struct fact fact[FACTS_N];
};

static uint64_t seen[PRODUCERS_N * FACTS_N];
static unsigned taken;

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (uint64_t v = 1; v <= POSTS_N; v++)
		for (unsigned k = 0; k < FACTS_N; k++)
			fact_post(p->box, &p->fact[k], v);
	return NULL;
}

static void on_fact(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	(void)arg;
	assert_int_equal(type, MSG_HEALTH);
	assert_true(id < PRODUCERS_N * FACTS_N);
	assert_true(value >= seen[id]); /* never an older value after a newer one */
	seen[id] = value;
	taken++;
}

static bool all_seen(void)
{
	for (size_t i = 0; i < N_OF(seen); i++)
		if (seen[i] != POSTS_N)
			return false;
	return true;
}

static void many_producers(void **state)
{
	static struct producer p[PRODUCERS_N];
	static struct mbox box;

	(void)state;
	assert_int_equal(mbox_init(&box), 0);
	for (unsigned i = 0; i < PRODUCERS_N; i++) {
		p[i].box = &box;
		p[i].index = i;
		for (unsigned k = 0; k < FACTS_N; k++)
			fact_init(&p[i].fact[k], MSG_HEALTH, i * FACTS_N + k);
		assert_int_equal(pthread_create(&p[i].thread, NULL, produce, &p[i]), 0);
	}
	while (!all_seen()) {
		struct pollfd pfd = { .fd = box.event_fd, .events = POLLIN };

		/* a lost wake-up would hang here; the limit is for that case only */
		assert_int_equal(poll(&pfd, 1, 60000), 1);
		mbox_take(&box, on_fact, NULL);
	}
	for (unsigned i = 0; i < PRODUCERS_N; i++) {
		assert_int_equal(pthread_join(p[i].thread, NULL), 0);
		for (unsigned k = 0; k < FACTS_N; k++)
			assert_true(fact_is_idle(&p[i].fact[k]));
	}
	assert_true(taken <= PRODUCERS_N * FACTS_N * POSTS_N);
	mbox_fini(&box);
}

static unsigned n_taken;
static uint64_t last_value;

static void count_fact(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	(void)arg;
	(void)type;
	(void)id;
	n_taken++;
	last_value = value;
}

static void coalesces(void **state)
{
	struct mbox box;
	struct fact f;

	(void)state;
	assert_int_equal(mbox_init(&box), 0);
	fact_init(&f, MSG_LINK, 7);
	assert_true(fact_is_idle(&f));
	for (uint64_t v = 1; v <= 100; v++)
		fact_post(&box, &f, v);
	assert_false(fact_is_idle(&f));
	n_taken = 0;
	mbox_take(&box, count_fact, NULL);
	assert_int_equal(n_taken, 1);
	assert_true(last_value == 100);
	assert_true(fact_is_idle(&f));
	assert_true(fact_value(&f) == 100);
	mbox_take(&box, count_fact, NULL);
	assert_int_equal(n_taken, 1);
	fact_post(&box, &f, FACT_VALUE_MAX);
	mbox_take(&box, count_fact, NULL);
	assert_true(last_value == FACT_VALUE_MAX);
	mbox_fini(&box);
}

/* The sender frees a fact as soon as it is idle, while the consumer is still in mbox_deliver(): what
 * ASan and TSan are here for. */
static void *post_and_free(void *arg)
{
	struct mbox *box = arg;

	for (int i = 0; i < 5000; i++) {
		struct fact *f = malloc(sizeof(*f));

		fact_init(f, MSG_HEALTH, 0);
		fact_post(box, f, 1);
		while (!fact_is_idle(f))
			(void)sched_yield();
		free(f);
	}
	return NULL;
}

static void freed_when_idle(void **state)
{
	struct mbox box;
	pthread_t t;

	(void)state;
	assert_int_equal(mbox_init(&box), 0);
	assert_int_equal(pthread_create(&t, NULL, post_and_free, &box), 0);
	n_taken = 0;
	while (n_taken < 5000)
		mbox_take(&box, count_fact, NULL);
	assert_int_equal(pthread_join(t, NULL), 0);
	mbox_fini(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coalesces),
		cmocka_unit_test(many_producers),
		cmocka_unit_test(freed_when_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
