/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * core/conf/idmap: ids close together, with holes, and far apart.
 */
#include "core/conf/idmap.h"

#include "unit.h"

/* Ids first, first + step, ...: all are found, and nothing else is. */
static void check_run_of(uint32_t first, uint32_t step, uint32_t n, bool is_span)
{
	struct arena a;
	struct idmap m;

	arena_init(&a);
	if (is_span)
		idmap_init_span(&m, &a, n, first, n ? first + (n - 1) * step : 0);
	else
		idmap_init(&m, &a, n);
	for (uint32_t i = 0; i < n; i++)
		idmap_put(&m, first + i * step, i);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(idmap_find(&m, first + i * step), i);
		assert_int_equal(idmap_find(&m, first + i * step + 1),
				 step == 1 && i + 1 < n ? i + 1 : IDMAP_NONE);
	}
	assert_int_equal(idmap_find(&m, 0), IDMAP_NONE);
	assert_int_equal(idmap_find(&m, first - 1), IDMAP_NONE);
	assert_int_equal(idmap_find(&m, UINT32_MAX), IDMAP_NONE);
	arena_fini(&a);
}

static void test_runs(void **state)
{
	(void)state;
	for (unsigned is_span = 0; is_span < 2; is_span++) {
		check_run_of(1, 1, 1000, is_span);
		check_run_of(70000, 1, 1, is_span);
		check_run_of(5, 3, 1000, is_span); /* an array with holes */
		check_run_of(5, 4000, 1000, is_span); /* not worth one */
		check_run_of(5, 1, 0, is_span);
	}
}

/* What it takes does not grow with what has been. */
static void test_sparse(void **state)
{
	struct arena a;
	struct idmap m;

	(void)state;
	arena_init(&a);
	idmap_init_span(&m, &a, 2, 1, UINT32_MAX - 1);
	idmap_put(&m, UINT32_MAX - 1, 0);
	idmap_put(&m, 1, 1);
	assert_int_equal(idmap_find(&m, UINT32_MAX - 1), 0);
	assert_int_equal(idmap_find(&m, 1), 1);
	assert_int_equal(idmap_find(&m, 2), IDMAP_NONE);
	assert_true(a.used_len < 1024);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_sparse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
