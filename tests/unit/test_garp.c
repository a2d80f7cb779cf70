/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/garp: the frame's bytes, and the order in which frames leave.
 */
#include "vrrp/garp.h"

#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

enum { JOBS_N = 5 };

/* As captured from keepalived: see the golden frames. */
static void test_frame_is_golden(void **state)
{
	static const uint8_t want[GARP_FRAME_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x08, 0x06,
		0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0a,
		0xc0, 0x00, 0x02, 0x64, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc0, 0x00, 0x02, 0x64,
	};
	static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 0x0a };
	uint8_t got[GARP_FRAME_LEN];

	(void)state;
	garp_frame(got, mac, htonl(0xc0000264));
	assert_memory_equal(got, want, sizeof(want));
}

/* All addresses once, then all of them again: nobody waits for another's last frame. */
static void test_goes_round(void **state)
{
	struct garp_queue q;
	struct garp_lane l;
	struct garp_job j[JOBS_N] = { 0 };

	(void)state;
	garp_queue_init(&q);
	garp_lane_init(&l, 0);
	for (unsigned i = 0; i < JOBS_N; i++)
		j[i].lane = &l;
	for (unsigned i = 0; i < JOBS_N; i++)
		garp_ask(&q, &j[i], 3);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < JOBS_N; i++)
			assert_ptr_equal(garp_take(&q), &j[i]);
	assert_null(garp_take(&q));
	assert_int_equal(q.n, 0);
}

/* An address that comes while others are in their burst is heard of before their second frames, and so
 * is one whose first frame the interface did not take. */
static void test_first_frames_first(void **state)
{
	struct garp_queue q;
	struct garp_lane l;
	struct garp_job a = { .lane = &l }, b = { .lane = &l }, c = { .lane = &l };

	(void)state;
	garp_queue_init(&q);
	garp_lane_init(&l, 0);
	garp_ask(&q, &a, 2);
	garp_ask(&q, &b, 2);
	assert_ptr_equal(garp_take(&q), &a);
	garp_ask(&q, &c, 2);
	assert_ptr_equal(garp_take(&q), &b);
	garp_untake(&q, &b);
	assert_ptr_equal(garp_take(&q), &c);
	assert_ptr_equal(garp_take(&q), &b);
	assert_ptr_equal(garp_take(&q), &a);
	assert_ptr_equal(garp_take(&q), &c);
	assert_ptr_equal(garp_take(&q), &b);
	assert_null(garp_take(&q));
}

/* A refresh does not shorten a burst that is under way. */
static void test_asking_again(void **state)
{
	struct garp_queue q;
	struct garp_lane l;
	struct garp_job j = { .lane = &l };
	unsigned n = 0;

	(void)state;
	garp_queue_init(&q);
	garp_lane_init(&l, 0);
	garp_ask(&q, &j, 5);
	assert_ptr_equal(garp_take(&q), &j);
	garp_ask(&q, &j, 2);
	assert_int_equal(q.n, 1);
	while (garp_take(&q))
		n++;
	assert_int_equal(n, 4);
	garp_ask(&q, &j, 2);
	garp_ask(&q, &j, 5);
	for (n = 0; garp_take(&q);)
		n++;
	assert_int_equal(n, 5);
	garp_ask(&q, &j, 0);
	assert_null(garp_take(&q));
}

/* G5: a lane with an interval sends one frame, then rests; others are not held up by it. */
static void test_lanes(void **state)
{
	struct garp_queue q;
	struct garp_lane slow, fast;
	struct garp_job a = { .lane = &slow }, b = { .lane = &slow }, c = { .lane = &fast };

	(void)state;
	garp_queue_init(&q);
	garp_lane_init(&slow, 1000);
	garp_lane_init(&fast, 0);
	garp_ask(&q, &a, 2);
	garp_ask(&q, &b, 1);
	garp_ask(&q, &c, 3);
	assert_ptr_equal(garp_take(&q), &a);
	for (unsigned i = 0; i < 3; i++)
		assert_ptr_equal(garp_take(&q), &c);
	assert_null(garp_take(&q));
	assert_int_equal(q.n, 0);
	garp_ask(&q, &c, 1); /* while the other one rests */
	garp_ask(&q, &b, 1);
	assert_ptr_equal(garp_take(&q), &c);
	assert_null(garp_take(&q));
	garp_rested(&q, &slow);
	garp_rested(&q, &slow);
	assert_ptr_equal(garp_take(&q), &b);
	garp_cancel(&q, &a);
	garp_rested(&q, &slow);
	assert_null(garp_take(&q));
	garp_ask(&q, &a, 1); /* it has rested long enough */
	assert_ptr_equal(garp_take(&q), &a);
	garp_untake(&q, &a); /* the interface was full: it rests all the same */
	assert_null(garp_take(&q));
	garp_rested(&q, &slow);
	assert_ptr_equal(garp_take(&q), &a);
	assert_int_equal(slow.n, 0);
}

/* Random wishes in several lanes: the queue's count is right, and every frame leaves once. */
static void test_random_lanes(void **state)
{
	enum { LANES_N = 3, MANY_N = 12, STEPS_N = 20000 };
	struct garp_queue q;
	struct garp_lane l[LANES_N];
	struct garp_job j[MANY_N] = { 0 };
	uint64_t seed = 0x9a59;

	(void)state;
	garp_queue_init(&q);
	for (unsigned i = 0; i < LANES_N; i++)
		garp_lane_init(&l[i], i);
	for (unsigned i = 0; i < MANY_N; i++)
		j[i].lane = &l[i % LANES_N];
	for (unsigned step = 0; step < STEPS_N; step++) {
		uint32_t r = unit_rand(&seed), n = 0;
		struct garp_job *job = &j[r / 8 % MANY_N];

		if (r % 8 < 3)
			garp_ask(&q, job, (uint16_t)(r / 128 % 4));
		else if (r % 8 < 5)
			job = garp_take(&q);
		else if (r % 8 == 5)
			garp_cancel(&q, job);
		else if (r % 8 == 6)
			garp_rested(&q, &l[r / 8 % LANES_N]);
		else if ((job = garp_take(&q)))
			garp_untake(&q, job);
		for (unsigned i = 0; i < MANY_N; i++) {
			assert_int_equal(j[i].next != NULL, j[i].left_n > 0);
			n += j[i].next && !j[i].lane->is_resting;
		}
		assert_int_equal(q.n, n);
	}
}

/* What is sent when: keepalived's rules (3a, Gratuitous ARP / NA). */
static void test_steps(void **state)
{
	static const struct {
		struct garp_times t;
		struct {
			uint16_t n;
			int64_t wait_us;
		} step[4];
	} cases[] = {
		/* the default: two bursts */
		{ { 5, 1, 5000000, 0 }, { { 5, 5000000 }, { 5, 0 } } },
		/* one burst */
		{ { 3, 1, 0, 0 }, { { 3, 0 } } },
		/* G6: the first refresh comes a period after the second burst */
		{ { 5, 2, 5000000, 60000000 },
		  { { 5, 5000000 }, { 5, 60000000 }, { 2, 60000000 }, { 2, 60000000 } } },
		{ { 1, 1, 0, 1000000 },
		  { { 1, 1000000 }, { 1, 1000000 }, { 1, 1000000 }, { 1, 1000000 } } },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(cases); i++) {
		enum garp_stage stage = GARP_FIRST;

		for (unsigned k = 0; k < N_OF(cases[i].step); k++) {
			struct garp_step s = garp_step(&cases[i].t, stage);

			assert_int_equal(s.n, cases[i].step[k].n);
			assert_int_equal(s.wait_us, cases[i].step[k].wait_us);
			if (!s.wait_us)
				break;
			stage = s.next;
		}
	}
}

static void test_cancel_ends_it(void **state)
{
	struct garp_queue q;
	struct garp_lane l;
	struct garp_job j[3] = { { .lane = &l }, { .lane = &l }, { .lane = &l } };

	(void)state;
	garp_queue_init(&q);
	garp_lane_init(&l, 0);
	for (unsigned i = 0; i < 3; i++)
		garp_ask(&q, &j[i], 2);
	garp_cancel(&q, &j[1]);
	garp_cancel(&q, &j[1]);
	for (unsigned round = 0; round < 2; round++) {
		assert_ptr_equal(garp_take(&q), &j[0]);
		assert_ptr_equal(garp_take(&q), &j[2]);
	}
	assert_null(garp_take(&q));
}

static void test_untake_gives_back(void **state)
{
	struct garp_queue q;
	struct garp_lane l;
	struct garp_job j = { .lane = &l };
	unsigned n = 0;

	(void)state;
	garp_queue_init(&q);
	garp_lane_init(&l, 0);
	garp_ask(&q, &j, 2);
	assert_ptr_equal(garp_take(&q), &j);
	assert_ptr_equal(garp_take(&q), &j);
	garp_untake(&q, &j);
	garp_untake(&q, &j);
	while (garp_take(&q))
		n++;
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS("G1", test_frame_is_golden),
		cmocka_unit_test(test_goes_round),
		cmocka_unit_test(test_asking_again),
		SAYS("G4", test_cancel_ends_it),
		SAYS("G5", test_lanes),
		cmocka_unit_test(test_random_lanes),
		SAYS("G3, G6", test_steps),
		cmocka_unit_test(test_first_frames_first),
		cmocka_unit_test(test_untake_gives_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
