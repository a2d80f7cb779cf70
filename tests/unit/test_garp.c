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
	struct garp_job j[JOBS_N] = { 0 };

	(void)state;
	garp_queue_init(&q);
	for (unsigned i = 0; i < JOBS_N; i++)
		garp_ask(&q, &j[i], 3);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < JOBS_N; i++)
			assert_ptr_equal(garp_take(&q), &j[i]);
	assert_null(garp_take(&q));
	assert_int_equal(q.n, 0);
}

static void test_asking_again_replaces(void **state)
{
	struct garp_queue q;
	struct garp_job j = { 0 };

	(void)state;
	garp_queue_init(&q);
	garp_ask(&q, &j, 5);
	assert_ptr_equal(garp_take(&q), &j);
	garp_ask(&q, &j, 2);
	assert_int_equal(q.n, 1);
	assert_ptr_equal(garp_take(&q), &j);
	assert_ptr_equal(garp_take(&q), &j);
	assert_null(garp_take(&q));
	garp_ask(&q, &j, 2);
	garp_ask(&q, &j, 0);
	assert_null(garp_take(&q));
}

static void test_cancel_ends_it(void **state)
{
	struct garp_queue q;
	struct garp_job j[3] = { 0 };

	(void)state;
	garp_queue_init(&q);
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
	struct garp_job j = { 0 };
	unsigned n = 0;

	(void)state;
	garp_queue_init(&q);
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
		cmocka_unit_test(test_frame_is_golden),       cmocka_unit_test(test_goes_round),
		cmocka_unit_test(test_asking_again_replaces), cmocka_unit_test(test_cancel_ends_it),
		cmocka_unit_test(test_untake_gives_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
