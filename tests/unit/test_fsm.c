/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state table: what must hold for every cell, and each rule of the protocol as a row.
 */
#include "unit.h"
#include "vrrp/fsm.h"

#include <stdbool.h>

#define ARM (FSM_ARM_ADV | FSM_ARM_DOWN | FSM_ARM_SKEW)
#define SEND (FSM_RESIGN | FSM_ADVERT | FSM_ANSWER)

static bool is_one_at_most(unsigned bits)
{
	return !(bits & (bits - 1));
}

static void every_cell_keeps_the_invariants(void **state)
{
	(void)state;
	for (unsigned s = VRRP_INIT; s < VRRP_STATE_N; s++)
		for (unsigned e = 0; e < VRRP_EVENT_N; e++) {
			unsigned next = fsm_table[s][e].next, act = fsm_table[s][e].act;
			bool is_change = next != s;

			/* filled, and with a state */
			assert_in_range(next, VRRP_INIT, VRRP_STATE_N - 1);
			/* one timer, one kind of advert, one wish */
			assert_true(is_one_at_most(act & ARM));
			assert_true(is_one_at_most(act & SEND));
			assert_true(is_one_at_most(act & (FSM_VIP_ADD | FSM_VIP_DEL)));
			/* each state has its timer: Adver in ACTIVE, Active_Down in BACKUP, none else */
			if (act & FSM_ARM_ADV)
				assert_int_equal(next, VRRP_ACTIVE);
			if (act & (FSM_ARM_DOWN | FSM_ARM_SKEW))
				assert_int_equal(next, VRRP_BACKUP);
			if (is_change && next == VRRP_ACTIVE)
				assert_int_equal(act & ARM, FSM_ARM_ADV);
			if (is_change && next == VRRP_BACKUP)
				assert_int_equal(act & ARM, FSM_ARM_DOWN);
			if ((s == VRRP_BACKUP || s == VRRP_ACTIVE) && is_change)
				assert_true(act & FSM_DISARM);
			/* the addresses are wanted in ACTIVE and nowhere else */
			assert_int_equal(is_change && next == VRRP_ACTIVE, !!(act & FSM_VIP_ADD));
			assert_int_equal(is_change && s == VRRP_ACTIVE, !!(act & FSM_VIP_DEL));
			/* V75, V77: who is not active sends nothing */
			if (s != VRRP_ACTIVE && next != VRRP_ACTIVE)
				assert_false(act & SEND);
			/* nobody learns without an advert */
			if (act & FSM_LEARN)
				assert_int_equal(e, VRRP_EV_LOSE);
			/* a cell that can't be reached does nothing */
			if (act & FSM_BUG) {
				assert_int_equal(act, FSM_BUG);
				assert_false(is_change);
			}
		}
}

/* A timer event is a bug exactly where that timer does not run. */
static void timers_fire_where_they_run(void **state)
{
	(void)state;
	for (unsigned s = VRRP_INIT; s < VRRP_STATE_N; s++) {
		assert_int_equal(!(fsm_table[s][VRRP_EV_ADV_TMR].act & FSM_BUG), s == VRRP_ACTIVE);
		assert_int_equal(!(fsm_table[s][VRRP_EV_DOWN_TMR].act & FSM_BUG), s == VRRP_BACKUP);
	}
}

static void adverts_before_addresses(void **state)
{
	(void)state;
	/* V78, V85: the order of the bits is the order of the actions */
	assert_true(FSM_ADVERT < FSM_VIP_ADD && FSM_RESIGN < FSM_VIP_DEL);
	assert_true(FSM_ANSWER < FSM_ANNOUNCE);
	/* an answer that is not sent takes what is above it along */
	assert_true(FSM_ANSWER < FSM_ARM_ADV);
	/* a timer is stopped before one is armed, and an interval known before it counts */
	assert_true(FSM_DISARM < FSM_ARM_ADV && FSM_DISARM < FSM_ARM_DOWN);
	assert_true(FSM_LEARN < FSM_ARM_DOWN && FSM_FORGET < FSM_ARM_DOWN);
}

struct rule {
	const char *name;
	uint8_t from, event, to;
	unsigned does, does_not;
};

static const struct rule rules[] = {
	{ "V74", VRRP_INIT, VRRP_EV_UP_OWNER, VRRP_ACTIVE, FSM_ADVERT | FSM_VIP_ADD, 0 },
	{ "V75", VRRP_INIT, VRRP_EV_UP, VRRP_BACKUP, FSM_ARM_DOWN, SEND },
	{ "V77", VRRP_BACKUP, VRRP_EV_STOP, VRRP_INIT, FSM_DISARM, SEND },
	{ "V78", VRRP_BACKUP, VRRP_EV_DOWN_TMR, VRRP_ACTIVE, FSM_ADVERT | FSM_VIP_ADD, 0 },
	{ "V79", VRRP_BACKUP, VRRP_EV_RESIGN, VRRP_BACKUP, FSM_ARM_SKEW, SEND | FSM_LEARN },
	{ "V80", VRRP_BACKUP, VRRP_EV_LOSE, VRRP_BACKUP, FSM_LEARN | FSM_ARM_DOWN, SEND },
	{ "V82", VRRP_BACKUP, VRRP_EV_WIN, VRRP_BACKUP, 0, ~0u },
	{ "V84", VRRP_ACTIVE, VRRP_EV_ADV_TMR, VRRP_ACTIVE, FSM_ADVERT | FSM_ARM_ADV, 0 },
	{ "V85", VRRP_ACTIVE, VRRP_EV_STOP, VRRP_INIT, FSM_RESIGN | FSM_VIP_DEL, 0 },
	{ "V86", VRRP_ACTIVE, VRRP_EV_RESIGN, VRRP_ACTIVE, FSM_ANSWER | FSM_ARM_ADV, 0 },
	{ "V87", VRRP_ACTIVE, VRRP_EV_LOSE, VRRP_BACKUP, FSM_LEARN | FSM_VIP_DEL, SEND },
	{ "V89", VRRP_ACTIVE, VRRP_EV_WIN, VRRP_ACTIVE, FSM_ANSWER, 0 },
	{ "V134", VRRP_ACTIVE, VRRP_EV_WIN, VRRP_ACTIVE, 0, ARM | FSM_DISARM },
	{ "V95 down", VRRP_ACTIVE, VRRP_EV_FAULT, VRRP_FAULT, FSM_RESIGN | FSM_VIP_DEL, 0 },
	{ "V95 up", VRRP_FAULT, VRRP_EV_UP, VRRP_BACKUP, FSM_ARM_DOWN | FSM_FORGET, SEND },
	{ "V95 owner", VRRP_FAULT, VRRP_EV_UP_OWNER, VRRP_ACTIVE, FSM_ADVERT, 0 },
	{ "V56 resign", VRRP_FAULT, VRRP_EV_RESIGN, VRRP_FAULT, 0, ~0u },
	{ "V56 lose", VRRP_FAULT, VRRP_EV_LOSE, VRRP_FAULT, 0, ~0u },
	{ "V56 win", VRRP_INIT, VRRP_EV_WIN, VRRP_INIT, 0, ~0u },
};

static void rules_of_the_protocol(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rules); i++) {
		const struct rule *r = &rules[i];
		struct fsm_cell c = fsm_table[r->from][r->event];

		if (c.next != r->to || (c.act & r->does) != r->does || (c.act & r->does_not))
			fail_msg("%s: next %u act %#x", r->name, c.next, (unsigned)c.act);
	}
}

static void everything_has_a_name(void **state)
{
	(void)state;
	for (unsigned s = VRRP_INIT; s < VRRP_STATE_N; s++)
		assert_non_null(fsm_state_name[s]);
	for (unsigned e = 0; e < VRRP_EVENT_N; e++)
		assert_non_null(fsm_event_name[e]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_keeps_the_invariants),
		cmocka_unit_test(timers_fire_where_they_run),
		SAYS("V78, V85, V99", adverts_before_addresses),
		cmocka_unit_test(rules_of_the_protocol),
		cmocka_unit_test(everything_has_a_name),
	};

	return cmocka_run_group_tests_name("fsm", tests, NULL, NULL);
}
