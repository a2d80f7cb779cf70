/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One instance on a clock of the test's own, with a world that writes down what it is told.
 */
#include "core/bug.h"
#include "unit.h"
#include "vrrp/inst.h"
#include "vrrp/kept.h"
#include "vrrp/times.h"

#include <stdio.h>
#include <string.h>

enum { NOTES_LEN = 65536 };

struct bed {
	struct timer_heap timers;
	struct inst_shell shell;
	struct conf_vrrp cf[2];
	struct conf_vip vip[2];
	struct vrrp_inst in[2];
	int64_t now_us;
	char notes[NOTES_LEN]; /* what the world was told, a word each */
	size_t len;
	unsigned advert_n, beaten_n;
	int64_t advert_at_us, advert_due_us;
};

static struct bed bed;
static const struct ip_addr own = { .family = AF_INET, .byte = { 10, 0, 0, 5 } };
static const struct ip_addr low = { .family = AF_INET, .byte = { 10, 0, 0, 1 } };
static const struct ip_addr high = { .family = AF_INET, .byte = { 10, 0, 0, 9 } };
static struct conf conf; /* where their lists lie */

static const struct ip_addr none = { 0 };

static void note(const char *word, int value)
{
	int n = snprintf(bed.notes + bed.len, sizeof(bed.notes) - bed.len, " %s", word);

	assert_true(n > 0 && (size_t)n + 12 < sizeof(bed.notes) - bed.len);
	bed.len += (size_t)n;
	if (value >= 0)
		bed.len += (size_t)snprintf(bed.notes + bed.len, sizeof(bed.notes) - bed.len, "%d",
					    value);
}

static void on_advert(void *arg, struct vrrp_inst *in, uint8_t prio, int64_t due_us)
{
	(void)in;
	assert_ptr_equal(arg, &bed);
	note("advert", prio);
	bed.advert_n++;
	bed.advert_at_us = bed.now_us;
	bed.advert_due_us = due_us;
}

static void on_want(void *arg, struct vrrp_inst *in)
{
	(void)arg;
	note("want", in->r.is_wanted);
}

static void on_changed(void *arg, struct vrrp_inst *in, enum vrrp_state from)
{
	(void)arg;
	assert_int_not_equal(from, in->r.state);
	note(fsm_state_name[in->r.state], -1);
}

static void on_prio(void *arg, struct vrrp_inst *in, uint8_t from)
{
	(void)arg;
	assert_int_not_equal(in->r.prio, from);
	note("prio", in->r.prio);
}

/* Counted apart: each comes with an answer or an announcement. */
static void on_beaten(void *arg, struct vrrp_inst *in, const struct inst_cause *cause)
{
	(void)arg;
	assert_int_equal(in->r.state, VRRP_ACTIVE);
	assert_non_null(cause->from);
	assert_true(cause->advert->prio <= in->r.prio);
	bed.beaten_n++;
}

static void on_regroup(void *arg, struct vrrp_inst *in)
{
	(void)arg;
	(void)in;
	note("regroup", -1);
}

static void on_timer(struct timer *t, int64_t now_us)
{
	inst_timer(container_of(t, struct vrrp_inst, timer), t->at_us, now_us);
}

/* What was noted since the last call must be this. */
static void expect_notes(const char *want)
{
	assert_string_equal(bed.len ? bed.notes + 1 : "", want);
	bed.len = 0;
	bed.notes[0] = '\0';
}

static void run_until(int64_t at_us)
{
	for (;;) {
		int64_t next_us = timer_next_us(&bed.timers);

		if (next_us > at_us)
			break;
		if (next_us > bed.now_us)
			bed.now_us = next_us;
		(void)timer_run(&bed.timers, bed.now_us, 1);
	}
	bed.now_us = at_us;
}

static void advert_at(struct vrrp_inst *in, uint8_t prio, const struct ip_addr *from,
		      int64_t adv_int_us)
{
	struct pkt_advert a = {
		.version = in->cf->s.version,
		.vrid = in->cf->s.vrid,
		.prio = prio,
		.adv_int_us = adv_int_us,
	};

	inst_advert(in, &a, from, bed.now_us);
}

/* From a peer with our settings. */
static void hear(uint8_t prio, const struct ip_addr *from)
{
	advert_at(&bed.in[0], prio, from, bed.cf[0].s.adv_int_us);
}

static void event(enum vrrp_event e)
{
	inst_event(&bed.in[0], &(struct inst_cause){
				       .event = e,
				       .now_us = bed.now_us,
				       .due_us = bed.now_us,
			       });
}

/* Fresh memory, as the configuration has it. */
static void renew(unsigned i)
{
	timer_disarm(&bed.timers, &bed.in[i].timer);
	memset(&bed.in[i], 0, sizeof(bed.in[i]));
	opts_make(&bed.in[i].o, &conf, &bed.cf[i]);
	inst_init(&bed.in[i], &bed.cf[i], &bed.shell);
}

static int bed_setup(void **state)
{
	(void)state;
	bed = (struct bed){ .now_us = SEC(1000) };
	bed.shell = (struct inst_shell){
		.arg = &bed,
		.timers = &bed.timers,
		.on_timer = on_timer,
		.advert = on_advert,
		.want = on_want,
		.changed = on_changed,
		.prio_changed = on_prio,
		.beaten = on_beaten,
		.regroup = on_regroup,
	};
	for (unsigned i = 0; i < 2; i++) {
		bed.vip[i].s.prefix.addr = addr_v4(htonl(0xc0000264 + i));
		bed.cf[i].id.v = 7;
		bed.cf[i].s.name = "web";
		bed.cf[i].s.interface = "eth0";
		bed.cf[i].s.vrid = 51;
		bed.cf[i].s.version = 2;
		bed.cf[i].s.priority = 150;
		bed.cf[i].s.adv_int_us = SEC(1);
		bed.cf[i].s.down_adverts_n = 3;
		bed.cf[i].s.garp_lower_repeat_n = 5;
		bed.cf[i].s.vips = (struct conf_range){ .first = 0, .n = 2 };
	}
	conf.vip = bed.vip;
	conf.global.s.mcast_group4 = addr_v4(htonl(PKT_GROUP_V4));
	renew(0);
	return 0;
}

/* bed.in[0] anew with these settings. */
static void use(uint8_t version, int64_t adv_int_us, uint8_t prio)
{
	bed.cf[0].s.version = bed.cf[1].s.version = version;
	bed.cf[0].s.adv_int_us = bed.cf[1].s.adv_int_us = adv_int_us;
	bed.cf[0].s.priority = bed.cf[1].s.priority = prio;
	renew(0);
}

static void go_up(void)
{
	inst_link(&bed.in[0], &own, NULL, bed.now_us);
}

static void go_active(void)
{
	go_up();
	run_until(bed.in[0].timer.at_us);
	assert_int_equal(bed.in[0].r.state, VRRP_ACTIVE);
	bed.len = 0;
}

static void takeover_is_exact(void **state)
{
	static const struct {
		uint8_t version, prio;
		int64_t adv_int_us, down_us;
	} rows[] = {
		/* V72 */
		{ 2, 150, SEC(1), 3414063 },
		{ 3, 150, CS(50), 1707031 },
		{ 3, 254, CS(1), 30078 },
		{ 2, 100, SEC(1), 3609375 },
		{ 3, 1, CS(4095), 3 * CS(4095) + 40790039 },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t t0_us;

		bed_setup(state);
		use(rows[i].version, rows[i].adv_int_us, rows[i].prio);
		t0_us = bed.now_us;
		go_up();
		expect_notes("BACKUP"); /* V75 */
		run_until(t0_us + rows[i].down_us - 1);
		expect_notes("");
		assert_int_equal(bed.in[0].r.state, VRRP_BACKUP);
		run_until(t0_us + rows[i].down_us);
		assert_int_equal(bed.in[0].r.state, VRRP_ACTIVE);
		assert_int_equal(bed.advert_at_us, t0_us + rows[i].down_us);
		assert_int_equal(bed.advert_due_us, t0_us + rows[i].down_us);
		assert_int_equal(bed.in[0].r.transitions_n, 1);
		assert_string_equal(bed.in[0].r.why, "down_timer");
	}
}

/* One of thousands: only the first interval is shorter, so that their adverts are not due together. */
static void first_interval_is_its_own(void **state)
{
	int64_t t0_us, t1_us;

	(void)state;
	bed.in[0].early_us = MS(100);
	go_active();
	t0_us = bed.advert_at_us;
	t1_us = times_first_us(t0_us, SEC(1), MS(100));
	run_until(t1_us - 1);
	assert_int_equal(bed.advert_at_us, t0_us);
	run_until(t1_us);
	assert_int_equal(bed.advert_at_us, t1_us);
	run_until(t1_us + SEC(1) - 1);
	assert_int_equal(bed.advert_at_us, t1_us);
	run_until(t1_us + SEC(1));
	assert_int_equal(bed.advert_at_us, t1_us + SEC(1));
}

static void order_of_a_takeover(void **state)
{
	(void)state;
	go_up();
	run_until(bed.now_us + 3414063);
	expect_notes("BACKUP advert150 want1 ACTIVE"); /* V78 */
	run_until(bed.now_us + SEC(3));
	expect_notes("advert150 advert150 advert150"); /* V84 */
	event(VRRP_EV_STOP);
	expect_notes("advert0 want0 INIT"); /* V85 */
	assert_false(bed.in[0].timer.is_armed);
	assert_int_equal(timer_next_us(&bed.timers), TIMER_NEVER);
}

static void owner_starts_active(void **state)
{
	(void)state;
	use(2, SEC(1), 255);
	go_up();
	expect_notes("advert255 want1 ACTIVE"); /* V74 */
	run_until(bed.now_us + SEC(1));
	expect_notes("advert255");
}

/* V73: lateness is not added to the next deadline. */
static void adverts_do_not_drift(void **state)
{
	int64_t first_us;

	(void)state;
	go_active();
	first_us = bed.advert_at_us;
	for (int i = 1; i <= 100; i++) {
		assert_int_equal(bed.in[0].timer.at_us, first_us + i * SEC(1));
		bed.now_us = first_us + i * SEC(1) + MS(i * 9); /* later and later */
		(void)timer_run(&bed.timers, bed.now_us, 1);
		assert_int_equal(bed.advert_due_us, first_us + i * SEC(1));
	}
	/* after a stall of many intervals: one advert, and then at the usual pace */
	bed.advert_n = 0;
	bed.now_us += SEC(20);
	(void)timer_run(&bed.timers, bed.now_us, 10);
	assert_int_equal(bed.advert_n, 1);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + SEC(1));
}

/* Adverts put the timer off in BACKUP when they win, and only then. */
static void backup_listens(void **state)
{
	int64_t down_us = times_down_us(2, 150, SEC(1), 3), at_us;

	(void)state;
	go_up();
	for (int i = 0; i < 50; i++) {
		run_until(bed.now_us + SEC(1));
		hear(i & 1 ? 150 : 200, i & 2 ? &low : &high); /* V80, V83 */
		assert_int_equal(bed.in[0].timer.at_us, bed.now_us + down_us);
	}
	at_us = bed.in[0].timer.at_us;
	run_until(bed.now_us + SEC(1));
	hear(149, &high); /* V82, V135 */
	assert_int_equal(bed.in[0].timer.at_us, at_us);
	bed.in[0].o.nopreempt = true;
	hear(149, &high); /* V81 */
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + down_us);
	expect_notes("BACKUP");
	assert_int_equal(bed.in[0].r.rx_n, 52);
}

/* V69, V79 */
static void peer_resigns(void **state)
{
	int64_t t0_us;

	(void)state;
	go_up();
	hear(200, &high);
	run_until(bed.now_us + MS(300));
	t0_us = bed.now_us;
	hear(0, &high);
	assert_int_equal(bed.in[0].timer.at_us, t0_us + 414063);
	/* a second one, as keepalived sends it, does not start the wait again */
	run_until(t0_us + MS(100));
	hear(0, &high);
	assert_int_equal(bed.in[0].timer.at_us, t0_us + 414063);
	run_until(t0_us + 414063);
	expect_notes("BACKUP advert150 want1 ACTIVE");
}

/* Somebody else takes over after a resignation: the full wait again. */
static void peer_resigns_and_another_comes(void **state)
{
	(void)state;
	go_up();
	hear(0, &high);
	hear(160, &low);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + times_down_us(2, 150, SEC(1), 3));
	hear(0, &low);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + 414063);
}

/* V66, V67, V69 with the learnt interval */
static void version_3_learns(void **state)
{
	(void)state;
	use(3, CS(50), 150);
	go_up();
	advert_at(&bed.in[0], 200, &high, CS(200));
	assert_int_equal(bed.in[0].r.active_adv_us, CS(200));
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + times_down_us(3, 150, CS(200), 3));
	advert_at(&bed.in[0], 0, &high, CS(200));
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + times_skew_us(3, 150, CS(200)));
	/* V68: as the active it uses its own again */
	run_until(bed.in[0].timer.at_us);
	assert_int_equal(bed.in[0].r.state, VRRP_ACTIVE);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + CS(50));
	/* V87: yielding, it learns */
	advert_at(&bed.in[0], 200, &high, CS(100));
	assert_int_equal(bed.in[0].r.state, VRRP_BACKUP);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + times_down_us(3, 150, CS(100), 3));
}

static void active_yields(void **state)
{
	(void)state;
	go_active();
	hear(151, &low); /* V87: and sends nothing */
	expect_notes("want0 BACKUP");
	go_active();
	hear(150, &high); /* V88 */
	expect_notes("want0 BACKUP");
}

/* V89 answered at once; V134: the own schedule is untouched. */
static void active_answers_losers(void **state)
{
	int64_t at_us;

	(void)state;
	go_active();
	at_us = bed.in[0].timer.at_us;
	run_until(bed.now_us + MS(300));
	hear(149, &high);
	expect_notes("advert150 want1");
	assert_int_equal(bed.in[0].timer.at_us, at_us);
	hear(150, &low);
	expect_notes(""); /* answered a moment ago */
	run_until(bed.now_us + MS(250));
	hear(150, &low);
	expect_notes("advert150"); /* announcing again so soon would be too much */
	assert_int_equal(bed.in[0].timer.at_us, at_us);
	run_until(at_us);
	expect_notes("advert150");
}

/* V13: after a stall, the answer to an advert that was waiting is the advert that was due. */
static void answer_is_the_advert_that_was_due(void **state)
{
	int64_t due_us;

	(void)state;
	go_active();
	due_us = bed.in[0].timer.at_us;
	bed.now_us = due_us + MS(1500);
	hear(149, &high);
	expect_notes("advert150 want1");
	assert_int_equal(bed.advert_due_us, due_us); /* it is late, and counts as that */
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + SEC(1));
	run_until(bed.now_us + SEC(1) - 1);
	expect_notes("");
	run_until(bed.now_us + 1);
	expect_notes("advert150");
	/* a short lateness does not add up (V73) */
	due_us = bed.in[0].timer.at_us;
	bed.now_us = due_us + MS(5);
	hear(149, &high);
	assert_int_equal(bed.in[0].timer.at_us, due_us + SEC(1));
}

/* V86: answered at once, and Adver_Timer starts anew. */
static void active_answers_a_resignation(void **state)
{
	(void)state;
	go_active();
	run_until(bed.now_us + MS(300));
	hear(0, &high);
	expect_notes("advert150 want1");
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + SEC(1));
	/* the next one is too soon for an answer at once; but it has shortened the wait of every
	 * backup, so our next advert comes as soon as an answer may */
	run_until(bed.now_us + MS(100));
	hear(0, &high);
	expect_notes("");
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + MS(150));
	run_until(bed.now_us + MS(150));
	expect_notes("advert150");
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + SEC(1));
}

/* V134: a flood for a minute. Our own adverts leave at least once an interval, at most five times. */
static void flood_of_losers(void **state)
{
	static const uint8_t prios[] = { 1, 0 };

	for (size_t k = 0; k < N_OF(prios); k++) {
		int64_t t0_us;

		bed_setup(state);
		go_active();
		t0_us = bed.now_us;
		bed.advert_n = 0;
		while (bed.now_us < t0_us + SEC(60)) {
			run_until(bed.now_us + MS(1));
			hear(prios[k], &high);
			assert_true(bed.now_us - bed.advert_at_us <= SEC(1));
			bed.len = 0;
		}
		assert_in_range(bed.advert_n, 60, 5 * 60 + 1);
		assert_int_equal(bed.in[0].r.state, VRRP_ACTIVE);
		/* each announcement is many frames */
		assert_in_range(bed.in[0].r.want_n + bed.in[0].r.lower_n, 3, 3 + 60 / 3);
	}
}

/* A flood of resignations must not keep a backup from taking over. */
static void flood_of_resignations(void **state)
{
	int64_t t0_us = bed.now_us;

	(void)state;
	go_up();
	while (bed.in[0].r.state == VRRP_BACKUP && bed.now_us < t0_us + SEC(5)) {
		hear(0, &high);
		run_until(bed.now_us + MS(1));
	}
	assert_int_equal(bed.in[0].r.state, VRRP_ACTIVE);
	assert_true(bed.now_us - t0_us < MS(416));
}

static void link_comes_and_goes(void **state)
{
	(void)state;
	inst_link(&bed.in[0], &none, "no_interface", bed.now_us);
	expect_notes("FAULT");
	assert_string_equal(bed.in[0].r.why, "no_interface");
	inst_link(&bed.in[0], &none, "link_down", bed.now_us);
	expect_notes("");
	go_up();
	expect_notes("BACKUP"); /* V95 */
	inst_link(&bed.in[0], &low, NULL, bed.now_us);
	expect_notes("");
	assert_true(addr_eq(&bed.in[0].r.src, &low)); /* the new address from now on */
	inst_link(&bed.in[0], &none, "link_down", bed.now_us);
	expect_notes("FAULT");
	assert_false(bed.in[0].timer.is_armed);
	go_active();
	inst_link(&bed.in[0], &none, "no_address", bed.now_us);
	expect_notes("advert0 want0 FAULT");
	assert_true(addr_eq(&bed.in[0].r.src, &own)); /* it was sent from there */
	assert_false(bed.in[0].timer.is_armed);
}

static void source_of_an_owner(void **state)
{
	struct ip_addr a = inst_source(&bed.in[0], &none);

	(void)state;
	assert_int_equal(a.family, 0); /* V3: never a virtual address */
	use(2, SEC(1), 255);
	a = inst_source(&bed.in[0], &none);
	assert_true(addr_eq(&a, &bed.vip[0].s.prefix.addr));
	a = inst_source(&bed.in[0], &own);
	assert_true(addr_eq(&a, &own));
}

/* True when cf[b] in the place of cf[a] starts the instance anew. */
static bool needs_restart(unsigned a, unsigned b)
{
	struct vrrp_inst was = { .cf = &bed.cf[a] }, now = { .cf = &bed.cf[b] };

	opts_make(&was.o, &conf, &bed.cf[a]);
	opts_make(&now.o, &conf, &bed.cf[b]);
	return inst_needs_restart(&conf, &was, &conf, &now);
}

/* The next generation: in[1] takes over from in[0] with the settings in cf[1]. */
static struct vrrp_inst *reload(void)
{
	renew(1);
	inst_take(&bed.in[1], &bed.in[0], bed.now_us);
	inst_track(&bed.in[1], bed.in[1].o.prio, NULL, false, bed.now_us);
	assert_false(bed.in[0].timer.is_armed);
	return &bed.in[1];
}

static void reload_keeps_all(void **state)
{
	int64_t at_us;

	(void)state;
	go_active();
	run_until(bed.now_us + MS(400));
	at_us = bed.in[0].timer.at_us;
	bed.len = 0;

	struct vrrp_inst *in = reload();

	assert_int_equal(in->timer.at_us, at_us);
	assert_int_equal(in->r.state, VRRP_ACTIVE);
	run_until(at_us);
	expect_notes("advert150");
}

/* V70 */
static void reload_shifts_the_deadline(void **state)
{
	int64_t at_us;

	(void)state;
	go_up();
	run_until(bed.now_us + SEC(1));
	at_us = bed.in[0].timer.at_us;
	bed.cf[1].s.priority = 100;
	assert_false(needs_restart(0, 1));
	assert_int_equal(reload()->timer.at_us, at_us + 3609375 - 3414063);
}

static void reload_shifts_a_skew(void **state)
{
	(void)state;
	go_up();
	hear(0, &high);
	bed.cf[1].s.priority = 100;
	assert_int_equal(reload()->timer.at_us, bed.now_us + 609375);
}

static void reload_changes_the_interval(void **state)
{
	(void)state;
	/* in BACKUP: ours, as long as none was learnt */
	use(3, SEC(1), 150);
	go_up();
	bed.cf[1].s.adv_int_us = CS(50);
	assert_int_equal(reload()->timer.at_us, bed.now_us + 1707031);
	/* a learnt one stays */
	use(3, SEC(1), 150);
	bed.cf[1].s.adv_int_us = CS(50);
	go_up();
	advert_at(&bed.in[0], 200, &high, SEC(2));
	assert_int_equal(reload()->timer.at_us, bed.now_us + times_down_us(3, 150, SEC(2), 3));
	/* in ACTIVE: a shorter one counts at once, a longer one after the next advert */
	renew(1);
	use(3, SEC(1), 150);
	go_active();
	bed.cf[1].s.adv_int_us = CS(50);
	assert_int_equal(reload()->timer.at_us, bed.now_us + CS(50));
	renew(1);
	use(3, SEC(1), 150);
	go_active();
	bed.cf[1].s.adv_int_us = SEC(10);
	assert_int_equal(reload()->timer.at_us, bed.now_us + SEC(1));
	run_until(bed.now_us + SEC(1));
	assert_int_equal(bed.in[1].timer.at_us, bed.now_us + SEC(10));
}

/* Both routers get a shorter interval, the ACTIVE first: from then on a version 2 BACKUP drops its
 * adverts. When it is reloaded itself, it has still to listen before it takes over. */
static void reload_of_both_is_no_failover(void **state)
{
	(void)state;
	use(2, SEC(10), 150);
	go_up();
	hear(200, &high);
	run_until(bed.now_us + SEC(15));
	assert_int_equal(bed.in[0].r.state, VRRP_BACKUP);
	bed.cf[1].s.adv_int_us = SEC(1);
	assert_int_equal(reload()->timer.at_us, bed.now_us + 3414063);
	/* the same while Skew_Time runs */
	use(3, SEC(10), 150);
	go_up();
	hear(0, &high);
	run_until(bed.now_us + SEC(3));
	bed.cf[1].s.adv_int_us = SEC(1);
	assert_int_equal(reload()->timer.at_us, bed.now_us + times_skew_us(3, 150, SEC(1)));
}

static void reload_that_restarts(void **state)
{
	(void)state;
	assert_false(needs_restart(0, 1));
	bed.cf[1].s.nopreempt = true;
	assert_false(needs_restart(0, 1));
	bed.cf[1].s.priority = 255;
	assert_true(needs_restart(0, 1));
	assert_true(needs_restart(1, 0));
	bed.cf[1] = bed.cf[0];
	bed.cf[1].s.vrid = 52;
	assert_true(needs_restart(0, 1));
	/* what it wished for last is remembered, so that the next wish is a new value */
	go_active();
	event(VRRP_EV_STOP);
	renew(1);
	inst_take_counters(&bed.in[1], &bed.in[0]);
	assert_int_equal(bed.in[1].r.want_n, 3); /* the first is 1 */
	assert_int_equal(bed.in[1].r.transitions_n, 1);
	assert_int_equal(bed.in[1].r.state, VRRP_INIT);
}

static void tells_once_a_state(void **state)
{
	(void)state;
	go_up();
	assert_true(inst_tell(&bed.in[0], VRRP_DROP_CHECKSUM));
	assert_false(inst_tell(&bed.in[0], VRRP_DROP_CHECKSUM));
	assert_true(inst_tell(&bed.in[0], VRRP_DROP_TTL));
	assert_true(inst_tell(&bed.in[0], INST_TELL_SUM));
	go_active();
	assert_true(inst_tell(&bed.in[0], VRRP_DROP_CHECKSUM));
	assert_false(inst_tell(&bed.in[0], INST_TELL_SUM)); /* once for good */
}

/* ------------------------------------------------------------------ election options */

/* V93: the delay counts from the first advert of a lower priority. */
static void preempt_delay(void **state)
{
	int64_t first_us;

	(void)state;
	bed.cf[0].s.preempt_delay_us = SEC(10);
	renew(0);
	go_up();
	run_until(bed.now_us + SEC(1));
	first_us = bed.now_us;
	for (int i = 0; i < 10; i++) {
		hear(100, &low);
		assert_int_equal(bed.in[0].timer.at_us, bed.now_us + 3414063);
		run_until(bed.now_us + SEC(1));
	}
	hear(100, &low); /* it has passed: not heard any more */
	assert_int_equal(bed.in[0].timer.at_us, first_us + SEC(9) + 3414063);
	run_until(bed.in[0].timer.at_us);
	assert_int_equal(bed.in[0].r.state, VRRP_ACTIVE);
	/* one with a priority as high as ours takes it back */
	hear(200, &high);
	hear(100, &low);
	run_until(bed.now_us + SEC(3));
	hear(150, &low);
	run_until(bed.now_us + SEC(3));
	hear(100, &low);
	assert_int_equal(bed.in[0].r.preempt_at_us, bed.now_us + SEC(10));
}

/* V92 and what else clears what. */
static void preemption_matrix(void **state)
{
	static const struct {
		uint8_t prio, state;
		bool nopreempt, is_strict, then_nopreempt, then_delay;
	} rows[] = {
		{ 150, CONF_STATE_BACKUP, false, false, false, true },
		{ 150, CONF_STATE_BACKUP, true, false, true, false },
		{ 150, CONF_STATE_MASTER, true, false, false, false },
		{ 150, CONF_STATE_MASTER, false, false, false, false },
		{ 255, CONF_STATE_MASTER, true, false, false, false },
		{ 255, CONF_STATE_BACKUP, true, false, false, false },
		{ 150, CONF_STATE_BACKUP, false, true, false, false },
		{ 150, CONF_STATE_BACKUP, true, true, true, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct fields_vrrp *s = &bed.cf[0].s;

		s->priority = rows[i].prio;
		s->state = rows[i].state;
		s->nopreempt = rows[i].nopreempt;
		s->strict = rows[i].is_strict;
		s->preempt_delay_us = SEC(5);
		s->late_backup = 254;
		renew(0);
		if (bed.in[0].o.nopreempt != rows[i].then_nopreempt ||
		    !bed.in[0].o.preempt_delay_us != !rows[i].then_delay ||
		    !bed.in[0].o.late_prio != !rows[i].then_nopreempt)
			fail_msg("row %zu", i);
	}
}

/* V71 */
static void other_numbers_of_adverts(void **state)
{
	(void)state;
	bed.cf[0].s.down_adverts_n = 1;
	renew(0);
	go_up();
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + 1414063);
	/* another number at a reload moves the deadline */
	bed.cf[1].s.down_adverts_n = 10;
	assert_int_equal(reload()->timer.at_us, bed.now_us + 10414063);
}

static void lower_gets_no_advert(void **state)
{
	(void)state;
	bed.cf[0].s.lower_no_advert = true;
	renew(0);
	go_active();
	hear(100, &low);
	expect_notes("want1"); /* the addresses are announced all the same */
	assert_int_equal(bed.beaten_n, 1);
	run_until(bed.now_us + MS(300));
	hear(0, &low); /* V86 is another matter */
	expect_notes("advert150");
	bed.cf[0].s.strict = true;
	renew(0);
	go_active();
	hear(100, &low);
	expect_notes("");
}

/* V91 */
static void higher_gets_a_last_advert(void **state)
{
	(void)state;
	bed.cf[0].s.higher_send_advert = true;
	renew(0);
	go_active();
	hear(200, &low);
	expect_notes("advert150 want0 BACKUP");
}

/* V98: silent for so long that the others have taken over, and this network has lost what they said. */
static void stalled_active_yields(void **state)
{
	(void)state;
	bed.cf[0].s.nopreempt = true;
	bed.cf[0].s.late_backup = 254;
	renew(0);
	go_active();
	bed.now_us = bed.in[0].timer.at_us + SEC(2);
	(void)timer_run(&bed.timers, bed.now_us, 1);
	expect_notes("advert150"); /* 3 s since the last one: nobody can have */
	bed.now_us = bed.in[0].timer.at_us + SEC(2) + MS(8);
	(void)timer_run(&bed.timers, bed.now_us, 1);
	expect_notes("want0 BACKUP");
	assert_string_equal(bed.in[0].r.why, "stalled");
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + 3414063);
}

/* V70, V101: what it tracks. */
static void tracking_moves_the_deadline(void **state)
{
	int64_t at_us;

	(void)state;
	go_up();
	at_us = bed.in[0].timer.at_us;
	run_until(bed.now_us + SEC(1));
	inst_track(&bed.in[0], 100, NULL, false, bed.now_us);
	assert_int_equal(bed.in[0].timer.at_us, at_us + 3609375 - 3414063);
	expect_notes("BACKUP prio100");
	hear(120, &low);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + 3609375);
	run_until(bed.in[0].timer.at_us);
	expect_notes("advert100 want1 ACTIVE"); /* V16 */
	inst_track(&bed.in[0], 90, NULL, false, bed.now_us);
	run_until(bed.now_us + SEC(1));
	expect_notes("prio90 advert90");
	hear(95, &low);
	expect_notes("want0 BACKUP");
}

static void tracking_means_fault(void **state)
{
	(void)state;
	/* before it begins, a script without a result only holds it */
	inst_track(&bed.in[0], 150, NULL, true, bed.now_us);
	go_up();
	expect_notes("");
	inst_track(&bed.in[0], 150, "track_script", false, bed.now_us);
	expect_notes("FAULT");
	assert_string_equal(bed.in[0].r.why, "track_script");
	inst_track(&bed.in[0], 150, NULL, false, bed.now_us);
	expect_notes("BACKUP");
	run_until(bed.in[0].timer.at_us);
	bed.len = 0;
	/* two reasons: it goes on when the last is gone */
	inst_track(&bed.in[0], 150, "track_file", false, bed.now_us);
	expect_notes("advert0 want0 FAULT");
	inst_link(&bed.in[0], &none, "link_down", bed.now_us);
	inst_track(&bed.in[0], 150, NULL, false, bed.now_us);
	expect_notes("");
	go_up();
	expect_notes("BACKUP");
	/* and one that is new after a reload does not disturb it */
	inst_track(&bed.in[0], 150, NULL, true, bed.now_us);
	expect_notes("");
	assert_int_equal(bed.in[0].r.state, VRRP_BACKUP);
}

/* V56: nothing begins while a start-up delay runs. */
static void held_at_start(void **state)
{
	(void)state;
	bed.in[0].r.is_held = true;
	go_up();
	inst_link(&bed.in[0], &none, "link_down", bed.now_us);
	go_up();
	expect_notes("");
	bed.in[0].r.is_held = false;
	go_up();
	expect_notes("BACKUP");
}

/* A member of a sync group only says what it would do. */
static void member_asks_its_group(void **state)
{
	(void)state;
	bed.in[0].group = (struct run_group *)(void *)&bed; /* never looked into */
	go_up();
	expect_notes("regroup");
	inst_apply(&bed.in[0], true, bed.now_us);
	expect_notes("BACKUP");
	run_until(bed.in[0].timer.at_us);
	expect_notes("regroup");
	assert_true(bed.in[0].r.wants_active);
	assert_int_equal(bed.in[0].timer.at_us, bed.now_us + 3414063);
	hear(200, &high);
	assert_false(bed.in[0].r.wants_active);
	/* an owner among others begins as BACKUP */
	use(2, SEC(1), 255);
	bed.in[0].group = (struct run_group *)(void *)&bed;
	go_up();
	inst_apply(&bed.in[0], true, bed.now_us);
	expect_notes("regroup BACKUP");
	event(VRRP_EV_DOWN_TMR);
	event(VRRP_EV_YIELD);
	expect_notes("advert255 want1 ACTIVE want0 BACKUP"); /* V96: no priority 0 */
}

/* Random events in random states: the invariants hold after each. */
static void random_walk(void **state)
{
	static const struct ip_addr *const peers[] = { &low, &high };
	uint64_t seed = 4711;

	(void)state;
	use(3, CS(10), 150);
	for (unsigned i = 0; i < 200000; i++) {
		struct vrrp_inst *in = &bed.in[0];
		bool is_on = in->r.state == VRRP_BACKUP || in->r.state == VRRP_ACTIVE;
		uint32_t dice = unit_rand(&seed) % 100;

		if (dice < 60)
			run_until(bed.now_us + unit_rand(&seed) % CS(20));
		else if (dice < 95 && is_on)
			advert_at(in, (uint8_t)(dice < 90 ? 149 + unit_rand(&seed) % 3 : 0),
				  peers[unit_rand(&seed) % 2], CS(1 + unit_rand(&seed) % 50));
		else if (dice < 97)
			go_up();
		else if (dice < 99)
			inst_link(in, &none, "link_down", bed.now_us);
		else
			event(VRRP_EV_STOP);
		bed.len = 0;
		is_on = in->r.state == VRRP_BACKUP || in->r.state == VRRP_ACTIVE;
		assert_int_equal(in->timer.is_armed, is_on);
		assert_int_equal(in->r.is_wanted, in->r.state == VRRP_ACTIVE);
		assert_true(in->r.active_adv_us > 0);
		if (in->r.state == VRRP_ACTIVE)
			assert_true(in->timer.at_us <= bed.now_us + CS(10));
		if (in->r.state == VRRP_BACKUP)
			assert_true(in->timer.at_us <=
				    bed.now_us + times_down_us(3, 150, CS(50), 3));
	}
	assert_true(bed.in[0].r.transitions_n > 100);
}

/* ---- the hand-over ---- */

/* It was ACTIVE in the director before, a moment ago. */
static void keep(int64_t until_us, uint8_t prio)
{
	use(3, SEC(1), 150);
	bed.in[0].r.kept_until_us = until_us;
	bed.in[0].r.kept_prio = prio;
}

static void goes_on(void **state)
{
	struct vrrp_inst *in = &bed.in[0];

	(void)state;
	keep(bed.now_us + 1, 140);
	inst_track(in, 150, NULL, true, bed.now_us);
	expect_notes("prio140");
	inst_link(in, &own, NULL, bed.now_us);
	expect_notes("advert140 want1 ACTIVE");
	/* its priority is what it was, until the trackers have spoken */
	inst_track(in, 120, NULL, true, bed.now_us);
	expect_notes("");
	inst_track(in, 160, NULL, false, bed.now_us);
	expect_notes("prio160");
	inst_track(in, 150, NULL, true, bed.now_us);
	expect_notes("prio150");
}

static void goes_on_no_more(void **state)
{
	struct vrrp_inst *in = &bed.in[0];

	(void)state;
	/* too late */
	keep(bed.now_us, 0);
	inst_link(in, &own, NULL, bed.now_us);
	expect_notes("BACKUP");
	/* a fault ends it */
	keep(bed.now_us + SEC(1), 0);
	inst_link(in, &none, "link_down", bed.now_us);
	expect_notes("FAULT");
	inst_link(in, &own, NULL, bed.now_us);
	expect_notes("BACKUP");
	/* so does the time in which nothing is known of its interface */
	keep(bed.now_us + SEC(1), 0);
	bed.now_us += SEC(1);
	inst_link(in, &own, NULL, bed.now_us);
	expect_notes("BACKUP");
}

/* A BACKUP waits for the interval that it had learnt, a whole one. */
static void goes_on_as_backup(void **state)
{
	struct vrrp_inst *in = &bed.in[0];

	(void)state;
	use(3, SEC(1), 150);
	in->r.kept_adv_us = SEC(2);
	inst_link(in, &own, NULL, bed.now_us);
	expect_notes("BACKUP");
	assert_true(in->r.has_learned);
	assert_int_equal(in->timer.at_us, bed.now_us + times_down_us(3, 150, SEC(2), 3));
	/* version 2 learns nothing */
	use(2, SEC(1), 150);
	in->r.kept_adv_us = SEC(2);
	inst_link(in, &own, NULL, bed.now_us);
	expect_notes("BACKUP");
	assert_int_equal(in->timer.at_us, bed.now_us + times_down_us(2, 150, SEC(1), 3));
}

/* No backup of any priority can have taken over before. */
static void kept_until(void **state)
{
	static const struct {
		uint8_t version, down_n;
		int64_t adv_us, want_us;
	} rows[] = {
		{ 2, 3, SEC(1), SEC(3) + 7813 },
		{ 3, 3, MS(100), MS(300) + 781 },
		{ 3, 2, MS(100), MS(200) + 781 },
		{ 3, 5, MS(100), MS(300) + 781 },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct inst_opts o = { .version = rows[i].version,
				       .down_n = rows[i].down_n,
				       .adv_int_us = rows[i].adv_us };

		assert_int_equal(kept_until_us(&o, SEC(9)), SEC(9) + rows[i].want_us);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, bed_setup)
	const struct CMUnitTest tests[] = {
		SAYS_SETUP("V61, V63, V65, V72, V75", takeover_is_exact, bed_setup),
		SAYS_SETUP("V78, V84, V85", order_of_a_takeover, bed_setup),
		SAYS_SETUP("V74", owner_starts_active, bed_setup),
		SAYS_SETUP("V73", adverts_do_not_drift, bed_setup),
		SAYS_SETUP("V80, V81, V82, V83, V135", backup_listens, bed_setup),
		SAYS_SETUP("V69, V79", peer_resigns, bed_setup),
		TEST(first_interval_is_its_own),
		TEST(peer_resigns_and_another_comes),
		SAYS_SETUP("V66, V67, V68, V69, V87", version_3_learns, bed_setup),
		SAYS_SETUP("V87, V88", active_yields, bed_setup),
		SAYS_SETUP("V89, V134", active_answers_losers, bed_setup),
		SAYS_SETUP("V13, V73", answer_is_the_advert_that_was_due, bed_setup),
		SAYS_SETUP("V86", active_answers_a_resignation, bed_setup),
		SAYS_SETUP("V134", flood_of_losers, bed_setup),
		TEST(flood_of_resignations),
		SAYS_SETUP("V77, V95", link_comes_and_goes, bed_setup),
		SAYS_SETUP("V3", source_of_an_owner, bed_setup),
		TEST(reload_keeps_all),
		SAYS_SETUP("V70", reload_shifts_the_deadline, bed_setup),
		TEST(reload_shifts_a_skew),
		TEST(reload_changes_the_interval),
		TEST(reload_of_both_is_no_failover),
		TEST(reload_that_restarts),
		SAYS_SETUP("V57", tells_once_a_state, bed_setup),
		SAYS_SETUP("V93", preempt_delay, bed_setup),
		SAYS_SETUP("V92, V94", preemption_matrix, bed_setup),
		SAYS_SETUP("V71", other_numbers_of_adverts, bed_setup),
		SAYS_SETUP("V89", lower_gets_no_advert, bed_setup),
		SAYS_SETUP("V91", higher_gets_a_last_advert, bed_setup),
		SAYS_SETUP("V98", stalled_active_yields, bed_setup),
		SAYS_SETUP("V16, V70, V101", tracking_moves_the_deadline, bed_setup),
		TEST(tracking_means_fault),
		SAYS_SETUP("V56", held_at_start, bed_setup),
		SAYS_SETUP("V96", member_asks_its_group, bed_setup),
		TEST(goes_on),
		TEST(goes_on_no_more),
		TEST(goes_on_as_backup),
		TEST(kept_until),
		TEST(random_walk),
	};

	return cmocka_run_group_tests_name("inst", tests, NULL, NULL);
}
