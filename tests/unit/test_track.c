/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The arithmetic of tracking as keepalived has it: a table for each kind, and what groups and owners
 * make of a rule.
 */
#include "unit.h"
#include "vrrp/track.h"
#include "vrrp/tracker.h"

#include <errno.h>
#include <string.h>

static void shares(void **state)
{
	static const struct {
		int16_t weight;
		bool is_reverse, is_up;
		int32_t add;
		bool is_fault;
	} rows[] = {
		{ 10, false, true, 10, false },   { 10, false, false, 0, false },
		{ -10, false, true, 0, false },   { -10, false, false, -10, false },
		{ 10, true, true, -10, false },   { 10, true, false, 0, false },
		{ -10, true, true, 0, false },    { -10, true, false, 10, false },
		{ 0, false, true, 0, false },     { 0, false, false, 0, true },
		{ 0, true, true, 0, true },       { 0, true, false, 0, false },
		{ 253, false, true, 253, false }, { -253, false, false, -253, false },
	};
	static const enum track_kind kinds[] = { TRACK_IFACE, TRACK_SCRIPT, TRACK_PROCESS };

	(void)state;
	for (size_t k = 0; k < N_OF(kinds); k++) {
		for (size_t i = 0; i < N_OF(rows); i++) {
			struct track_rule r = {
				.kind = kinds[k],
				.weight = rows[i].weight,
				.is_reverse = rows[i].is_reverse,
			};
			struct track_state s = { .is_known = true, .is_up = rows[i].is_up };
			struct track_share got = track_share(&r, &s);

			if (got.add != rows[i].add || got.is_fault != rows[i].is_fault)
				fail_msg("kind %zu row %zu: %d %d", k, i, got.add, got.is_fault);
			assert_false(got.is_pending);
			s.is_known = false;
			got = track_share(&r, &s);
			assert_int_equal(got.add, 0);
			assert_false(got.is_fault);
			assert_int_equal(got.is_pending, !r.weight);
		}
	}
}

static void file_shares(void **state)
{
	static const struct {
		int16_t weight;
		bool is_reverse;
		int32_t value, add;
		bool is_fault;
	} rows[] = {
		{ 1, false, 0, 0, false },          { 1, false, 7, 7, false },
		{ 1, false, -7, -7, false },        { -2, false, 7, -14, false },
		{ 2, true, 7, -14, false },         { 1, false, 253, 253, false },
		{ 1, false, 254, 253, false },      { 1, false, -253, -253, false },
		{ 1, false, -254, 0, true },        { 254, false, INT32_MAX, 253, false },
		{ 254, false, INT32_MIN, 0, true }, { 254, true, INT32_MIN, 253, false },
		{ 0, false, 0, 0, false },          { 0, false, 1, 0, true },
		{ 0, false, -1, 0, true },          { 0, true, 0, 0, true },
		{ 0, true, 5, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct track_rule r = {
			.kind = TRACK_FILE,
			.weight = rows[i].weight,
			.is_reverse = rows[i].is_reverse,
		};
		struct track_state s = { .is_known = true, .value = rows[i].value };
		struct track_share got = track_share(&r, &s);

		if (got.add != rows[i].add || got.is_fault != rows[i].is_fault)
			fail_msg("row %zu: %d %d", i, got.add, got.is_fault);
	}
}

/* V101 */
static void priorities(void **state)
{
	static const struct {
		uint8_t base;
		int64_t sum;
		uint8_t prio;
	} rows[] = {
		{ 100, 0, 100 },   { 100, 50, 150 },      { 100, -99, 1 },
		{ 100, -100, 1 },  { 100, -500, 1 },      { 100, 154, 254 },
		{ 100, 155, 254 }, { 254, 1, 254 },       { 255, -100, 255 },
		{ 255, 0, 255 },   { 1, INT32_MAX, 254 }, { 1, INT64_MIN / 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(track_prio(rows[i].base, rows[i].sum), rows[i].prio);
}

static void adaptations(void **state)
{
	static const struct track_who lone = { 0 }, owner = { .is_owner = true },
				      member = { .is_member = true },
				      keeper = { .is_member = true, .keeps_weights = true },
				      of_group = { .is_member = true, .is_of_group = true },
				      owner_of_group = { .is_owner = true,
							 .is_member = true,
							 .is_of_group = true };
	static const struct {
		const struct track_who *who;
		enum track_kind kind;
		int16_t weight;
		bool counts;
		int16_t becomes;
	} rows[] = {
		{ &lone, TRACK_SCRIPT, 5, true, 5 },
		{ &lone, TRACK_FILE, 1, true, 1 },
		{ &owner, TRACK_SCRIPT, 5, false, 0 },
		{ &owner, TRACK_SCRIPT, 0, true, 0 },
		{ &owner, TRACK_FILE, 1, true, 0 },
		{ &owner, TRACK_FILE, 2, false, 0 },
		{ &owner, TRACK_IFACE, -5, false, 0 },
		{ &member, TRACK_IFACE, 5, true, 0 },
		{ &member, TRACK_SCRIPT, 5, false, 0 },
		{ &member, TRACK_SCRIPT, 0, true, 0 },
		{ &member, TRACK_FILE, 1, true, 0 },
		{ &member, TRACK_FILE, 2, false, 0 },
		{ &member, TRACK_PROCESS, 5, true, 5 },
		{ &keeper, TRACK_SCRIPT, 5, true, 5 },
		{ &keeper, TRACK_IFACE, 5, true, 5 },
		{ &of_group, TRACK_SCRIPT, 5, true, 5 },
		{ &of_group, TRACK_FILE, 2, true, 2 },
		{ &owner_of_group, TRACK_SCRIPT, 5, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct track_rule r = { .kind = rows[i].kind, .weight = rows[i].weight };
		bool counts = track_adapt(&r, rows[i].who);

		if (counts != rows[i].counts || (counts && r.weight != rows[i].becomes))
			fail_msg("row %zu: %d, weight %d", i, counts, r.weight);
	}
}

static void facts(void **state)
{
	static const struct track_state rows[] = {
		{ 0 },
		{ .is_known = true },
		{ .is_known = true, .is_up = true },
		{ .is_known = true, .value = -1 },
		{ .is_known = true, .is_up = true, .value = INT32_MIN },
		{ .is_known = true, .value = INT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct track_state got = track_unpack(track_pack(rows[i]));

		assert_int_equal(got.is_known, rows[i].is_known);
		assert_int_equal(got.is_up, rows[i].is_up);
		assert_int_equal(got.value, rows[i].value);
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int err;
		int32_t value;
	} rows[] = {
		{ "", 0, 0 },
		{ "12", 0, 12 },
		{ " -7 and more", 0, -7 },
		{ "0x1e\n", 0, 30 },
		{ "010", 0, 8 },
		{ "none", 0, 0 },
		{ "2147483647", 0, INT32_MAX },
		{ "-2147483648", 0, INT32_MIN },
		{ "2147483648", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		int32_t value = 77;

		assert_int_equal(tracker_number(rows[i].text, &value), rows[i].err);
		assert_int_equal(value, rows[i].err ? 77 : rows[i].value);
	}
}

/* Results as letters: s a success, f a failure; what it counts as after each: u up, d down, ? unknown. */
static void counts(void **state)
{
	static const struct {
		uint16_t rise, fall;
		const char *results, *counts;
		bool is_init_fail;
	} rows[] = {
		{ 1, 1, "sfsf", "udud", false },
		{ 3, 3, "s", "u", false }, /* the first success is enough */
		{ 3, 3, "f", "d", false }, /* and so is the first failure */
		{ 3, 3, "fsss", "dddu", false },
		{ 3, 3, "fssfsss",
		  "dddddd"
		  "u",
		  false },
		{ 1, 3, "sfffs", "uuudu", false },
		{ 2, 3, "sffsfff",
		  "uuuuuu"
		  "d",
		  false }, /* a success in between, and it begins anew */
		{ 3, 1, "sss", "ddu", true },
		{ 1, 1, "s", "u", true },
		{ 2, 2, "fsfss",
		  "dddd"
		  "u",
		  true },
		{ 65535, 65535, "sf", "uu", false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct track_count c = { .is_known = rows[i].is_init_fail };

		assert_int_equal(strlen(rows[i].results), strlen(rows[i].counts));
		for (size_t k = 0; rows[i].results[k]; k++) {
			struct track_count was = c;
			bool changed = track_count(&c, rows[i].results[k] == 's', rows[i].rise,
						   rows[i].fall);

			if (!c.is_known || c.is_up != (rows[i].counts[k] == 'u'))
				fail_msg("row %zu result %zu", i, k);
			assert_int_equal(changed, !was.is_known || was.is_up != c.is_up);
		}
	}
}

/* What follows each count of processes, in keepalived's way. */
static void quorums(void **state)
{
	enum { FORK_US = 5, EXIT_US = 7 };
	static const struct {
		bool is_up, is_waiting; /* before */
		uint32_t n; /* quorum 2 to 3 */
		enum track_cause cause;
		enum track_step step;
		int64_t wait_us;
		bool becomes_up;
	} rows[] = {
		{ true, false, 2, TRACK_EXIT, TRACK_STAY, 0, true },
		{ true, false, 1, TRACK_EXIT, TRACK_WAIT, EXIT_US, true },
		{ true, true, 0, TRACK_EXIT, TRACK_STAY, 0, true },
		{ true, true, 2, TRACK_FORK, TRACK_CALM, 0, true },
		{ true, true, 2, TRACK_EXEC, TRACK_CALM, 0, true },
		{ true, false, 1, TRACK_EXEC, TRACK_TURN, 0, false },
		{ true, true, 1, TRACK_EXEC, TRACK_TURN, 0, false },
		{ true, false, 1, TRACK_SCAN, TRACK_WAIT, EXIT_US, true },
		{ true, false, 4, TRACK_FORK, TRACK_WAIT, FORK_US, true },
		{ true, false, 4, TRACK_EXEC, TRACK_TURN, 0, false },
		{ false, false, 1, TRACK_FORK, TRACK_STAY, 0, false },
		{ false, false, 2, TRACK_FORK, TRACK_WAIT, FORK_US, false },
		{ false, true, 1, TRACK_EXIT, TRACK_CALM, 0, false },
		{ false, false, 2, TRACK_EXEC, TRACK_TURN, 0, true },
		{ false, false, 2, TRACK_SCAN, TRACK_TURN, 0, true },
		{ false, false, 3, TRACK_EXIT, TRACK_WAIT, EXIT_US, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct track_quorum q = {
			.min = 2,
			.max = 3,
			.fork_us = FORK_US,
			.exit_us = EXIT_US,
			.is_known = true,
			.is_up = rows[i].is_up,
			.is_waiting = rows[i].is_waiting,
		};
		int64_t wait_us = 0;

		if (track_quorum(&q, rows[i].n, rows[i].cause, &wait_us) != rows[i].step ||
		    wait_us != rows[i].wait_us || q.is_up != rows[i].becomes_up)
			fail_msg("row %zu", i);
		assert_int_equal(q.is_waiting,
				 rows[i].step == TRACK_WAIT ||
					 (rows[i].step == TRACK_STAY && rows[i].is_waiting));
	}
}

/* The first count is told whatever it is; times of 0 are none; the end of one looks at what is there. */
static void quorum_edges(void **state)
{
	struct track_quorum q = { .min = 1, .max = UINT32_MAX, .fork_us = 9, .exit_us = 9 };
	int64_t wait_us = 0;

	(void)state;
	assert_int_equal(track_quorum(&q, 0, TRACK_SCAN, &wait_us), TRACK_TURN);
	assert_true(q.is_known && !q.is_up);
	assert_int_equal(track_quorum(&q, 1, TRACK_FORK, &wait_us), TRACK_WAIT);
	assert_true(track_quorum_end(&q, 1));
	assert_true(q.is_up && !q.is_waiting);
	assert_int_equal(track_quorum(&q, 0, TRACK_EXIT, &wait_us), TRACK_WAIT);
	assert_false(track_quorum_end(&q, 5));
	q.fork_us = q.exit_us = 0;
	assert_int_equal(track_quorum(&q, 0, TRACK_EXIT, &wait_us), TRACK_TURN);
	assert_int_equal(track_quorum(&q, 1, TRACK_FORK, &wait_us), TRACK_TURN);
	assert_true(q.is_up);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares),       cmocka_unit_test(file_shares),
		SAYS("V101", priorities),       cmocka_unit_test(adaptations),
		cmocka_unit_test(facts),        cmocka_unit_test(numbers),
		cmocka_unit_test(counts),       cmocka_unit_test(quorums),
		cmocka_unit_test(quorum_edges),
	};

	return cmocka_run_group_tests_name("track", tests, NULL, NULL);
}
