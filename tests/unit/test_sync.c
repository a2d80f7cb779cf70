/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sync groups: a table of cases, and random groups that must come to rest in a state that the rules
 * allow.
 */
#include "unit.h"
#include "vrrp/sync.h"

static void moves(void **state)
{
	static const struct {
		const char *name;
		struct sync_view v;
		enum sync_move move;
		bool is_active;
	} rows[] = {
		{ "at rest in BACKUP", { .n = 3, .backup_n = 3 }, SYNC_STAY, false },
		{ "at rest in ACTIVE",
		  { .n = 3, .active_n = 3, .want_n = 3, .is_active = true },
		  SYNC_STAY,
		  true },
		{ "V96: one broken", { .n = 3, .backup_n = 3, .broken_n = 1 }, SYNC_FAULT, false },
		{ "V96: one broken of an active group",
		  { .n = 3, .active_n = 3, .want_n = 3, .broken_n = 1, .is_active = true },
		  SYNC_FAULT,
		  false },
		{ "all are in FAULT for it",
		  { .n = 3, .fault_n = 3, .broken_n = 2 },
		  SYNC_STAY,
		  false },
		{ "the last fault is gone", { .n = 3, .fault_n = 3 }, SYNC_BEGIN, false },
		{ "start", { .n = 2, .init_n = 2 }, SYNC_BEGIN, false },
		{ "start, but a script has not run",
		  { .n = 2, .init_n = 2, .is_pending = true },
		  SYNC_STAY,
		  false },
		{ "start, one broken, a script has not run",
		  { .n = 2, .init_n = 2, .broken_n = 1, .is_pending = true },
		  SYNC_FAULT,
		  false },
		{ "one wants, the others do not",
		  { .n = 3, .backup_n = 3, .want_n = 2 },
		  SYNC_STAY,
		  false },
		{ "V96: all want", { .n = 3, .backup_n = 3, .want_n = 3 }, SYNC_RISE, false },
		{ "V96: one was beaten",
		  { .n = 3,
		    .backup_n = 1,
		    .active_n = 2,
		    .want_n = 2,
		    .has_fallen = true,
		    .is_active = true },
		  SYNC_RETREAT,
		  true },
		{ "all were beaten",
		  { .n = 3, .backup_n = 3, .has_fallen = true, .is_active = true },
		  SYNC_STAY,
		  false },
		{ "a new member of an active group waits",
		  { .n = 3, .backup_n = 1, .active_n = 2, .want_n = 2, .is_active = true },
		  SYNC_STAY,
		  true },
		{ "its time has come",
		  { .n = 3, .backup_n = 1, .active_n = 2, .want_n = 3, .is_active = true },
		  SYNC_RISE,
		  true },
		{ "it begins",
		  { .n = 3, .init_n = 1, .active_n = 2, .want_n = 2, .is_active = true },
		  SYNC_BEGIN,
		  true },
		{ "an active and a waiting one are put together",
		  { .n = 2, .backup_n = 1, .active_n = 1, .want_n = 1 },
		  SYNC_STAY,
		  false },
		{ "a single member", { .n = 1, .backup_n = 1, .want_n = 1 }, SYNC_RISE, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		if (sync_move(&rows[i].v) != rows[i].move)
			fail_msg("%s: %d", rows[i].name, sync_move(&rows[i].v));
		if (sync_is_active(&rows[i].v) != rows[i].is_active)
			fail_msg("%s: is_active", rows[i].name);
	}
}

enum { MEMBERS_N = 5, STEPS_N = 40, MOVES_MAX_N = 8 };
enum state { INIT, BACKUP, ACTIVE, FAULT };

struct group {
	enum state state[MEMBERS_N];
	bool is_broken[MEMBERS_N], wants[MEMBERS_N], is_pending[MEMBERS_N];
	uint32_t n;
	bool has_fallen, is_active;
};

static struct sync_view view_of(const struct group *g)
{
	struct sync_view v = { .n = g->n, .has_fallen = g->has_fallen, .is_active = g->is_active };

	for (uint32_t i = 0; i < g->n; i++) {
		v.init_n += g->state[i] == INIT;
		v.backup_n += g->state[i] == BACKUP;
		v.active_n += g->state[i] == ACTIVE;
		v.fault_n += g->state[i] == FAULT;
		v.broken_n += g->is_broken[i];
		v.want_n += g->state[i] == ACTIVE || (g->state[i] == BACKUP && g->wants[i]);
		v.is_pending |= g->is_pending[i];
	}
	return v;
}

static void make(struct group *g, enum sync_move move)
{
	for (uint32_t i = 0; i < g->n; i++) {
		enum state *s = &g->state[i];

		if (move == SYNC_FAULT)
			*s = FAULT;
		if (move == SYNC_BEGIN && (*s == INIT || *s == FAULT))
			*s = BACKUP;
		if (move == SYNC_RETREAT && *s == ACTIVE)
			*s = BACKUP;
		if (move == SYNC_RISE && *s == BACKUP && g->wants[i])
			*s = ACTIVE;
		if (move != SYNC_STAY)
			g->wants[i] = g->wants[i] && *s == BACKUP;
	}
}

static void rest(struct group *g)
{
	unsigned moves_n = 0;

	for (;;) {
		struct sync_view v = view_of(g);
		enum sync_move move = sync_move(&v);

		g->is_active = sync_is_active(&v);
		if (move == SYNC_STAY)
			break;
		make(g, move);
		if (move == SYNC_RETREAT)
			g->has_fallen = false;
		assert_true(++moves_n < MOVES_MAX_N);
	}
	g->has_fallen = false;
}

/* One thing happens to one member. */
static void disturb(struct group *g, uint64_t *seed)
{
	uint32_t i = unit_rand(seed) % g->n;

	switch (unit_rand(seed) % 5) {
	case 0:
		g->is_broken[i] = !g->is_broken[i];
		break;
	case 1:
	case 2:
		g->wants[i] = g->state[i] == BACKUP;
		break;
	case 3:
		g->wants[i] = false; /* hears somebody better */
		if (g->state[i] == ACTIVE) {
			g->state[i] = BACKUP;
			g->has_fallen = true;
		}
		break;
	default:
		g->is_pending[i] = !g->is_pending[i] && g->state[i] == INIT;
	}
}

static void random_groups(void **state)
{
	uint64_t seed = 20261124;
	unsigned active_n = 0, fault_n = 0;

	(void)state;
	for (unsigned run = 0; run < 2000; run++) {
		struct group g = { .n = 1 + unit_rand(&seed) % MEMBERS_N };

		for (unsigned step = 0; step < STEPS_N; step++) {
			disturb(&g, &seed);
			rest(&g);

			struct sync_view v = view_of(&g);

			/* all or none, and FAULT just when one is broken */
			if (v.broken_n)
				assert_int_equal(v.fault_n, g.n);
			else if (!v.is_pending)
				assert_true(v.active_n == g.n || v.backup_n == g.n);
			active_n += v.active_n == g.n;
			fault_n += v.broken_n > 0;
		}
	}
	assert_true(active_n > 1000 && fault_n > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(random_groups),
	};

	return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
