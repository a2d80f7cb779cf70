/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rings of events and the history of those that were told: order, overflow, resync, and both ends on
 * threads of their own.
 */
#include "core/event.h"
#include "core/ops/past.h"
#include "core/reason.h"

#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static void post(struct event_ring *r, uint32_t id, uint8_t to)
{
	event_post(r, &(struct event){ .type = EVENT_SERVER, .id = id, .to = to });
}

static void in_order(void **state)
{
	struct event_ring r;

	(void)state;
	event_ring_init(&r, 5, 1, NULL);
	assert_null(event_peek(&r));
	event_adopted(&r, 7);
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 8; i++)
			post(&r, i, 1);
		for (uint32_t i = 0; i < 8; i++) {
			const struct event *e = event_peek(&r);

			assert_non_null(e);
			assert_int_equal(e->id, i);
			assert_int_equal(e->gen, 7);
			assert_true(e->wall_us > 0);
			event_take(&r);
		}
		assert_null(event_peek(&r));
	}
	assert_int_equal(event_lost_n(&r), 0);
	assert_int_equal(event_resync_from(&r), EVENT_NO_RESYNC);
	event_ring_fini(&r);
}

/* What does not fit is counted, and asks for all states once there is room for many. */
static void overflow(void **state)
{
	struct event_ring r;
	uint32_t i;

	(void)state;
	event_ring_init(&r, 8, 1, NULL);
	for (i = 0; i < 11; i++)
		post(&r, i, 1);
	assert_int_equal(event_lost_n(&r), 3);
	assert_int_equal(event_resync_from(&r), EVENT_NO_RESYNC); /* still full */
	for (i = 0; i < 8; i++) {
		assert_int_equal(event_peek(&r)->id, i);
		event_take(&r);
	}
	/* 11 objects in a ring of 8: in two steps, without a loss */
	assert_int_equal(event_resync_from(&r), 0);
	for (i = 0; i < 11 && event_has_room(&r); i++)
		post(&r, i, 2);
	assert_int_equal(i, 8);
	event_resync_to(&r, i);
	assert_int_equal(event_resync_from(&r), EVENT_NO_RESYNC);
	while (event_peek(&r))
		event_take(&r);
	assert_int_equal(event_resync_from(&r), 8);
	event_resync_to(&r, EVENT_NO_RESYNC);
	assert_int_equal(event_lost_n(&r), 3);
	event_ring_fini(&r);
}

static void without_a_ring(void **state)
{
	(void)state;
	post(NULL, 1, 1);
	event_adopted(NULL, 1);
	assert_int_equal(event_resync_from(NULL), EVENT_NO_RESYNC);
}

enum { POSTS_N = 200000, OBJECTS_N = 16 };

static struct event_ring shared;
static uint8_t now[OBJECTS_N]; /* the producer's */
static atomic_bool has_ended;

static void tell_all(void)
{
	uint32_t i = event_resync_from(&shared);

	if (i == EVENT_NO_RESYNC)
		return;
	for (; i < OBJECTS_N && event_has_room(&shared); i++)
		post(&shared, i, now[i]);
	event_resync_to(&shared, i < OBJECTS_N ? i : EVENT_NO_RESYNC);
}

static void *produce(void *arg)
{
	uint64_t seed = 42;

	(void)arg;
	for (uint32_t n = 0; n < POSTS_N; n++) {
		uint32_t id = unit_rand(&seed) % OBJECTS_N;

		now[id]++;
		post(&shared, id, now[id]);
		tell_all();
	}
	while (shared.resync_at != EVENT_NO_RESYNC) {
		tell_all();
		(void)sched_yield();
	}
	atomic_store(&has_ended, true);
	return NULL;
}

/* Whatever is lost: in the end each object's last state was told. */
static void two_threads(void **state)
{
	static uint8_t told[OBJECTS_N];
	pthread_t thread;

	(void)state;
	event_ring_init(&shared, 32, 1, NULL);
	assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
	for (;;) {
		bool is_last = atomic_load(&has_ended);
		const struct event *e = event_peek(&shared);

		if (e) {
			told[e->id] = e->to;
			event_take(&shared);
		} else if (is_last) {
			break;
		} else {
			(void)sched_yield();
		}
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_memory_equal(told, now, sizeof(told));
	event_ring_fini(&shared);
}

static void history_keeps_the_last(void **state)
{
	struct past *h = past_new();
	struct past_entry e;
	uint64_t at = 0;

	(void)state;
	assert_false(past_read(h, &at, &e));
	for (uint32_t i = 0; i < PAST_N + 10; i++)
		past_put(h, &(struct past_entry){ .type = EVENT_SERVER, .id = i, .to = 2 });
	assert_int_equal(past_next(h), PAST_N + 10);
	assert_true(past_read(h, &at, &e));
	assert_int_equal(e.n, 10);
	assert_int_equal(e.id, 10);
	assert_string_equal(past_kind(&e), "server");
	assert_string_equal(past_what(&e), "state");
	assert_string_equal(past_word(&e, e.to), "up");
	assert_string_equal(past_word(&e, 200), "");
	at = past_next(h) - 1;
	assert_true(past_read(h, &at, &e));
	assert_false(past_read(h, &at, &e));
	past_free(h);
}

static void as_json(void **state)
{
	char *text = past_json(&(struct past_entry){ .type = EVENT_SERVER,
						     .wall_us = 1000001,
						     .gen = 3,
						     .from = 2,
						     .to = 1,
						     .reason = REASON_L7STS,
						     .code = 503,
						     .duration_us = 7,
						     .number = EVENT_NO_NUMBER,
						     .name = "a \"b\"",
						     .server = "10.0.0.1:80" });

	(void)state;
	assert_string_equal(
		text,
		"{\"time\":\"1970-01-01T00:00:01.000001Z\",\"kind\":\"server\",\"what\":\"state\","
		"\"name\":\"a "
		"\\\"b\\\"\",\"server\":\"10.0.0.1:80\",\"from\":\"up\",\"to\":\"down\","
		"\"reason\":\"L7STS\",\"code\":503,\"duration_us\":7,\"generation\":3}\n");
	free(text);
}

static struct past *shared_history;

static void *write_history(void *arg)
{
	struct past_entry e = { .type = EVENT_INST };

	(void)arg;
	for (uint32_t i = 0; i < POSTS_N / 4; i++) {
		e.id = i;
		e.number = i;
		memset(e.name, 'a' + (int)(i % 26), sizeof(e.name) - 1);
		past_put(shared_history, &e);
	}
	return NULL;
}

/* An entry that is read while others are written is whole. */
static void history_under_threads(void **state)
{
	pthread_t thread;
	struct past_entry e = { .n = 0 };
	uint64_t at = 0, last = 0;

	(void)state;
	shared_history = past_new();
	assert_int_equal(pthread_create(&thread, NULL, write_history, NULL), 0);
	while (last < POSTS_N / 4 - 1) {
		if (!past_read(shared_history, &at, &e)) {
			(void)sched_yield();
			continue;
		}
		assert_true(!e.n || e.n > last);
		last = e.n;
		assert_int_equal(e.id, e.n);
		assert_int_equal(e.number, e.n);
		for (unsigned i = 0; i < sizeof(e.name) - 1; i++)
			assert_int_equal(e.name[i], 'a' + (int)(e.n % 26));
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	past_free(shared_history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(overflow),
		cmocka_unit_test(without_a_ring),
		cmocka_unit_test(two_threads),
		cmocka_unit_test(history_keeps_the_last),
		cmocka_unit_test(as_json),
		cmocka_unit_test(history_under_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
