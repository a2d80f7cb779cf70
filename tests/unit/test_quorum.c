/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipvs/quorum.h"
#include "unit.h"

#define U QUORUM_UNKNOWN
#define D QUORUM_DOWN
#define G QUORUM_UP

/* quorum, hysteresis, total; weight alive and weight not known; what follows on each state */
static const struct {
	uint32_t quorum, hysteresis;
	uint64_t total, up, maybe;
	enum quorum_state from_unknown, from_down, from_up;
} rows[] = {
	/* the default: one of anything */
	{ 1, 0, 4, 0, 0, D, D, D },
	{ 1, 0, 4, 1, 0, G, G, G },
	{ 1, 0, 4, 4, 0, G, G, G },
	/* nothing is known yet: nothing is decided */
	{ 1, 0, 4, 0, 4, U, D, G },
	{ 1, 0, 4, 0, 1, U, D, G },
	{ 1, 0, 4, 1, 3, G, G, G },
	/* the thresholds of a quorum without hysteresis */
	{ 3, 0, 4, 2, 0, D, D, D },
	{ 3, 0, 4, 3, 0, G, G, G },
	{ 3, 0, 4, 2, 1, U, D, G },
	{ 3, 0, 4, 0, 2, D, D, D }, /* can't be reached any more */
	/* hysteresis: gained at 3 + 1, lost below 3 - 1 */
	{ 3, 1, 8, 4, 0, G, G, G },
	{ 3, 1, 8, 3, 0, D, D, G },
	{ 3, 1, 8, 2, 0, D, D, G },
	{ 3, 1, 8, 1, 0, D, D, D },
	{ 3, 1, 8, 3, 1, U, D, G },
	{ 3, 1, 8, 1, 1, D, D, G },
	/* a quorum beyond all weight is all weight; hysteresis at most one less */
	{ 100, 0, 4, 3, 0, D, D, D },
	{ 100, 0, 4, 4, 0, G, G, G },
	{ 2, 9, 4, 3, 0, G, G, G }, /* 2 + 1 */
	{ 2, 9, 4, 1, 0, D, D, G }, /* not below 2 - 1 */
	{ 2, 9, 4, 0, 0, D, D, D }, /* nothing alive is never enough */
	{ 1, 9, 4, 1, 0, G, G, G },
	/* hysteresis above the total: never gained, as in keepalived */
	{ 4, 3, 4, 4, 0, D, D, G },
	/* servers without weight, and none at all */
	{ 1, 0, 0, 0, 0, D, D, D },
	{ 5, 3, 0, 0, 0, D, D, D },
	/* sums beyond 32 bits */
	{ UINT32_MAX, 0, UINT64_C(1) << 40, UINT64_C(1) << 33, 0, G, G, G },
	{ UINT32_MAX, UINT32_MAX, UINT64_C(1) << 40, UINT64_C(1) << 33, 0, G, G, G },
	{ UINT32_MAX, 0, UINT64_C(1) << 40, UINT32_MAX - 1u, 0, D, D, D },
};

static void transitions(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct quorum_rule rule = { .quorum = rows[i].quorum,
					    .hysteresis = rows[i].hysteresis };
		struct quorum_sum sum = { rows[i].up, rows[i].maybe, rows[i].total, 0 };

		assert_int_equal(quorum_next(QUORUM_UNKNOWN, rule, &sum), rows[i].from_unknown);
		assert_int_equal(quorum_next(QUORUM_DOWN, rule, &sum), rows[i].from_down);
		assert_int_equal(quorum_next(QUORUM_UP, rule, &sum), rows[i].from_up);
	}
}

/* What is decided stays while nothing changes, and more that is known never turns a decision around. */
static void stable(void **state)
{
	(void)state;
	for (uint32_t quorum = 1; quorum < 8; quorum++)
		for (uint32_t hysteresis = 0; hysteresis < 8; hysteresis++)
			for (uint64_t up = 0; up < 8; up++)
				for (uint64_t maybe = 0; up + maybe < 8; maybe++) {
					struct quorum_rule rule = { quorum, hysteresis, 0 };
					struct quorum_sum sum = { up, maybe, 8, 0 };
					struct quorum_sum best = { up + maybe, 0, 8, 0 };
					struct quorum_sum worst = { up, 0, 8, 0 };
					enum quorum_state q =
						quorum_next(QUORUM_UNKNOWN, rule, &sum);

					assert_int_equal(quorum_next(q, rule, &sum), q);
					if (q == QUORUM_UP)
						assert_int_equal(quorum_next(q, rule, &best), q);
					if (q == QUORUM_DOWN)
						assert_int_equal(quorum_next(q, rule, &worst), q);
				}
}

static void panic(void **state)
{
	static const struct {
		uint8_t percent;
		uint64_t total, up, maybe;
		bool is_panic;
	} cases[] = {
		{ 0, 10, 0, 0, false },  { 50, 10, 4, 0, true },  { 50, 10, 5, 0, false },
		{ 50, 10, 4, 1, false }, { 100, 10, 9, 0, true }, { 100, 10, 10, 0, false },
		{ 50, 0, 0, 0, false },  { 1, 10, 0, 0, true },   { 1, 10, 0, 1, false },
		{ 34, 3, 1, 0, true },   { 33, 3, 1, 0, false },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(cases); i++) {
		struct quorum_rule rule = { 1, 0, cases[i].percent };
		struct quorum_sum sum = { cases[i].up, cases[i].maybe, cases[i].total, 0 };

		assert_int_equal(quorum_is_panic(rule, &sum), cases[i].is_panic);
		sum.unheard = sum.total;
		assert_false(quorum_is_panic(rule, &sum));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(transitions),
		cmocka_unit_test(stable),
		cmocka_unit_test(panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
