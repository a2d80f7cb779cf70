/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the administrator wants of an instance: the rules, and an instance that follows them on a clock of the
 * test's own.
 */
#include "core/bug.h"
#include "core/record.h"
#include "unit.h"
#include "vrrp/inst.h"
#include "vrrp/kept.h"
#include "vrrp/wish.h"
#include "vrrp/wish_take.h"

#include <stdlib.h>
#include <string.h>

enum { VRID = 7, PRIO = 150 };

/* ------------------------------------------------------------------ rules */

static void rules(void **state)
{
	static const struct {
		struct wish wish;
		int64_t now_us;
		enum vrrp_state state;
		enum wish_state counts;
		bool leaves, may_rise, may_own;
		uint8_t prio; /* in the election, of an owner's 255 */
		bool nopreempt;
		enum wish_state risen; /* what is left when it has gone ACTIVE */
	} row[] = {
		{ { WISH_READY, 0 },
		  5,
		  VRRP_ACTIVE,
		  WISH_READY,
		  false,
		  true,
		  true,
		  255,
		  false,
		  WISH_READY },
		{ { WISH_READY, 0 },
		  5,
		  VRRP_BACKUP,
		  WISH_READY,
		  false,
		  true,
		  true,
		  255,
		  false,
		  WISH_READY },
		{ { WISH_RELEASED, 0 },
		  5,
		  VRRP_ACTIVE,
		  WISH_RELEASED,
		  true,
		  true,
		  false,
		  255,
		  false,
		  WISH_READY },
		{ { WISH_RELEASED, 9 },
		  5,
		  VRRP_BACKUP,
		  WISH_RELEASED,
		  false,
		  true,
		  false,
		  254,
		  true,
		  WISH_READY },
		{ { WISH_RELEASED, 9 },
		  5,
		  VRRP_FAULT,
		  WISH_RELEASED,
		  false,
		  true,
		  false,
		  254,
		  true,
		  WISH_READY },
		{ { WISH_RELEASED, 9 },
		  9,
		  VRRP_BACKUP,
		  WISH_READY,
		  false,
		  true,
		  true,
		  255,
		  false,
		  WISH_READY },
		{ { WISH_HELD, 0 },
		  5,
		  VRRP_ACTIVE,
		  WISH_HELD,
		  true,
		  false,
		  false,
		  255,
		  false,
		  WISH_HELD },
		{ { WISH_HELD, 0 },
		  5,
		  VRRP_BACKUP,
		  WISH_HELD,
		  false,
		  false,
		  false,
		  254,
		  true,
		  WISH_HELD },
		{ { WISH_HELD, 9 },
		  8,
		  VRRP_INIT,
		  WISH_HELD,
		  false,
		  false,
		  false,
		  254,
		  true,
		  WISH_HELD },
		{ { WISH_HELD, 9 },
		  10,
		  VRRP_BACKUP,
		  WISH_READY,
		  false,
		  true,
		  true,
		  255,
		  false,
		  WISH_HELD },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct elect_self self = { .state = row[i].state, .prio = ELECT_PRIO_OWNER };
		enum wish_state w = wish_now(row[i].wish, row[i].now_us);

		wish_elect(w, &self);
		if (w != row[i].counts || wish_leaves(w, row[i].state) != row[i].leaves ||
		    wish_may_rise(w) != row[i].may_rise || wish_may_own(w) != row[i].may_own ||
		    self.prio != row[i].prio || self.nopreempt != row[i].nopreempt ||
		    wish_risen(row[i].wish).state != row[i].risen)
			fail_msg("row %zu", i);
	}
}

static void packed(void **state)
{
	static const struct wish row[] = {
		{ WISH_READY, 0 },
		{ WISH_RELEASED, 1 },
		{ WISH_HELD, 0 },
		{ WISH_HELD, (int64_t)1 << 60 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		struct wish w = wish_unpack(wish_pack(row[i]));

		assert_true(wish_pack(row[i]) <= FACT_VALUE_MAX);
		assert_int_equal(w.state, row[i].state);
		assert_int_equal(w.until_us, row[i].until_us);
	}
}

/* ------------------------------------------------------------------ an instance */

static struct {
	struct timer_heap timers;
	struct inst_shell shell;
	struct conf_vrrp cf;
	struct conf_vip vip;
	struct vrrp_inst in;
	int64_t now_us;
	unsigned farewell_n; /* adverts of priority 0 */
	bool is_wanted, wanted_at_farewell;
} bed;

static const struct ip_addr own = { .family = AF_INET, .byte = { 10, 0, 0, 5 } };
static const struct ip_addr peer = { .family = AF_INET, .byte = { 10, 0, 0, 1 } };

static void on_advert(void *arg, struct vrrp_inst *in, uint8_t prio, int64_t due_us)
{
	(void)arg;
	(void)in;
	(void)due_us;
	if (prio)
		return;
	bed.farewell_n++;
	bed.wanted_at_farewell = bed.is_wanted;
}

static void on_want(void *arg, struct vrrp_inst *in)
{
	(void)arg;
	bed.is_wanted = in->r.is_wanted;
}

static void on_changed(void *arg, struct vrrp_inst *in, enum vrrp_state from)
{
	(void)arg;
	(void)in;
	(void)from;
}

static void on_prio(void *arg, struct vrrp_inst *in, uint8_t from)
{
	(void)arg;
	(void)in;
	(void)from;
}

static void on_beaten(void *arg, struct vrrp_inst *in, const struct inst_cause *cause)
{
	(void)arg;
	(void)in;
	(void)cause;
}

static void on_timer(struct timer *t, int64_t now_us)
{
	inst_timer(container_of(t, struct vrrp_inst, timer), t->at_us, now_us);
}

static void run_for(int64_t us)
{
	int64_t end_us = bed.now_us + us;

	while (timer_next_us(&bed.timers) <= end_us) {
		if (timer_next_us(&bed.timers) > bed.now_us)
			bed.now_us = timer_next_us(&bed.timers);
		(void)timer_run(&bed.timers, bed.now_us, 1);
	}
	bed.now_us = end_us;
}

static void hear(uint8_t prio)
{
	struct pkt_advert a = {
		.version = 3, .vrid = VRID, .prio = prio, .adv_int_us = bed.in.o.adv_int_us
	};

	inst_advert(&bed.in, &a, &peer, bed.now_us);
}

/* Another router of this priority speaks, for so long. */
static void hear_for(uint8_t prio, int64_t us)
{
	for (int64_t end_us = bed.now_us + us; bed.now_us < end_us;) {
		hear(prio);
		run_for(bed.in.o.adv_int_us);
	}
}

static void wish(enum wish_state s, int64_t for_us)
{
	wish_take(&bed.in, (struct wish){ s, for_us ? bed.now_us + for_us : 0 }, bed.now_us);
}

/* ACTIVE, alone. */
static void begin(uint8_t prio)
{
	memset(&bed, 0, sizeof(bed));
	bed.now_us = 1000000;
	bed.shell = (struct inst_shell){ .arg = &bed,
					 .timers = &bed.timers,
					 .on_timer = on_timer,
					 .advert = on_advert,
					 .want = on_want,
					 .changed = on_changed,
					 .prio_changed = on_prio,
					 .beaten = on_beaten };
	bed.cf.s =
		(struct fields_vrrp){ .name = "web", .vrid = VRID, .priority = prio, .version = 3 };
	bed.in.o = (struct inst_opts){
		.version = 3, .family = AF_INET, .prio = prio, .adv_int_us = 100000, .down_n = 3
	};
	inst_init(&bed.in, &bed.cf, &bed.shell);
	inst_track(&bed.in, prio, NULL, false, bed.now_us);
	inst_link(&bed.in, &own, NULL, bed.now_us);
	run_for(1000000);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
	assert_true(bed.is_wanted);
}

/* Gives up with a farewell that comes before the addresses go; the other one, though lower, stays active; and
 * when it goes as well, this one is back and the wish is over. */
static void release_and_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(i ? 255 : PRIO);
		wish(WISH_RELEASED, 0);
		assert_int_equal(bed.in.r.state, VRRP_BACKUP);
		assert_int_equal(bed.farewell_n, 1);
		assert_true(bed.wanted_at_farewell && !bed.is_wanted);
		hear_for(100, 5000000);
		assert_int_equal(bed.in.r.state, VRRP_BACKUP);
		assert_int_equal(bed.in.r.wish.state, WISH_RELEASED);
		run_for(1000000);
		assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
		assert_int_equal(bed.in.r.wish.state, WISH_READY);
		hear(100);
		assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
		assert_int_equal(bed.farewell_n, 1);
	}
}

/* When its time is over it takes back what it is the better one for. */
static void release_ends(void **state)
{
	(void)state;
	begin(PRIO);
	wish(WISH_RELEASED, 2000000);
	hear_for(100, 1900000);
	assert_int_equal(bed.in.r.state, VRRP_BACKUP);
	hear_for(100, 1000000);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
}

/* Held, it is not active though nobody is; ready, it is again. */
static void hold(void **state)
{
	(void)state;
	begin(PRIO);
	wish(WISH_HELD, 0);
	assert_int_equal(bed.farewell_n, 1);
	run_for(60000000);
	hear(0); /* somebody resigns: nothing for this one */
	run_for(1000000);
	assert_int_equal(bed.in.r.state, VRRP_BACKUP);
	inst_link(&bed.in, &own, "link_down", bed.now_us);
	inst_link(&bed.in, &own, NULL, bed.now_us);
	run_for(1000000);
	assert_int_equal(bed.in.r.state, VRRP_BACKUP);
	wish(WISH_RELEASED, 0); /* less than held: alone, it takes over */
	run_for(1000000);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
	wish(WISH_HELD, 3000000);
	run_for(2900000);
	assert_int_equal(bed.in.r.state, VRRP_BACKUP);
	run_for(1000000);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
	wish(WISH_READY, 0);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
}

/* An owner that comes up held begins as BACKUP. */
static void owner_up(void **state)
{
	(void)state;
	begin(255);
	inst_link(&bed.in, &own, "link_down", bed.now_us);
	wish(WISH_HELD, 0);
	inst_link(&bed.in, &own, NULL, bed.now_us);
	assert_int_equal(bed.in.r.state, VRRP_BACKUP);
	inst_link(&bed.in, &own, "link_down", bed.now_us);
	wish(WISH_READY, 0);
	inst_link(&bed.in, &own, NULL, bed.now_us);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
}

/* The director after this one has it as well, unless it is nonsense. */
static void outlives_the_director(void **state)
{
	struct record_mem *m = calloc(1, sizeof(*m));
	uint32_t slot = 5, *slots = &slot;
	struct record_map map = { .mem = m, .slot[RECORD_INST] = slots };
	struct conf c = { .record = &map };
	struct run r = { .inst = &bed.in, .inst_n = 1 };
	struct record_vrrp was;

	(void)state;
	BUG_ON(!m);
	for (unsigned s = 0; s <= WISH_STATE_N; s++) {
		begin(PRIO);
		bed.in.record = &map;
		wish(s < WISH_STATE_N ? (enum wish_state)s : WISH_HELD, INT64_C(60000000));
		was = m->inst[5].copy[atomic_load(&m->inst[5].n) % 2];
		was.wish |= s == WISH_STATE_N ? 3 : 0;
		map.inst_was = &was;
		bed.in.r.wish = (struct wish){ 0 };
		(void)kept_read(&r, &c, bed.now_us);
		assert_int_equal(bed.in.r.wish.state, s < WISH_STATE_N ? s : WISH_READY);
		assert_int_equal(bed.in.r.wish.until_us,
				 s < WISH_STATE_N ? bed.now_us + INT64_C(60000000) : 0);
	}
	/* one that has ended by going ACTIVE is not found again */
	begin(PRIO);
	bed.in.record = &map;
	wish(WISH_RELEASED, 0);
	run_for(1000000);
	assert_int_equal(bed.in.r.state, VRRP_ACTIVE);
	kept_write(&bed.in);
	was = m->inst[5].copy[atomic_load(&m->inst[5].n) % 2];
	assert_int_equal(wish_unpack(was.wish).state, WISH_READY);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(packed),
		cmocka_unit_test(release_and_alone),
		cmocka_unit_test(release_ends),
		cmocka_unit_test(hold),
		cmocka_unit_test(owner_up),
		cmocka_unit_test(outlives_the_director),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
