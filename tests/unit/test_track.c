/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The arithmetic of tracking as keepalived has it: a table for each kind, and what groups and owners
 * make of a rule.
 */
#include "unit.h"
#include "vrrp/track.h"
#include "vrrp/tracker.h"

#include <errno.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares), cmocka_unit_test(file_shares),
		SAYS("V101", priorities), cmocka_unit_test(adaptations),
		cmocka_unit_test(facts),  cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests_name("track", tests, NULL, NULL);
}
