/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/due: whatever is armed, moved and disarmed, what comes out is in order and complete.
 */
#include "check/due.h"

#include "unit.h"

#include <string.h>

enum { N = 500, STEPS_N = 20000 };

static uint32_t random_next(uint32_t *r)
{
	*r ^= *r << 13;
	*r ^= *r >> 17;
	*r ^= *r << 5;
	return *r;
}

static void test_empty(void **state)
{
	struct due_heap h = { 0 };
	struct due d = { 0 };

	(void)state;
	assert_null(due_first(&h));
	due_disarm(&h, &d);
	due_room(&h, 1);
	due_arm(&h, &d, 7);
	assert_ptr_equal(due_first(&h), &d);
	due_arm(&h, &d, 5);
	assert_int_equal(due_first(&h)->at_us, 5);
	due_disarm(&h, &d);
	due_disarm(&h, &d);
	assert_null(due_first(&h));
	due_fini(&h);
}

static int64_t least(const struct due *d, uint32_t *armed_n)
{
	int64_t at_us = INT64_MAX;

	*armed_n = 0;
	for (unsigned i = 0; i < N; i++) {
		if (!d[i].place)
			continue;
		++*armed_n;
		at_us = d[i].at_us < at_us ? d[i].at_us : at_us;
	}
	return at_us;
}

static void test_random(void **state)
{
	static struct due d[N];
	struct due_heap h = { 0 };
	uint32_t r = 12345, n;
	int64_t last_us = 0;

	(void)state;
	memset(d, 0, sizeof(d));
	due_room(&h, N);
	for (unsigned i = 0; i < STEPS_N; i++) {
		struct due *one = &d[random_next(&r) % N];

		if (random_next(&r) % 3)
			due_arm(&h, one, random_next(&r) % 1000);
		else
			due_disarm(&h, one);

		int64_t want_us = least(d, &n);

		assert_int_equal(h.n, n);
		assert_true(!n || due_first(&h)->at_us == want_us);
	}
	due_room(&h, 0); /* those that are armed stay */
	for (struct due *one; (one = due_first(&h)); last_us = one->at_us) {
		assert_true(one->at_us >= last_us);
		due_disarm(&h, one);
	}
	assert_int_equal(h.n, 0);
	due_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
