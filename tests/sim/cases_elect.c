/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who is active, alone and in a group, when and after which answers: above all what keepalived does
 * otherwise than the RFC, or beyond it, and vipd does as well (statements V.., page 3a of its behaviour),
 * so that a pair of both may agree.
 */
#include "cases.h"

/* ------------------------------------------------------------------ who is active */

static void owner_elects(void)
{
	start(0, 255);
	MUST(is_active(0)); /* V74: at once */
	start(1, 255);
	sim_run(SEC(1));
	MUST(is_active(1) &&
	     state(0) == VRRP_BACKUP); /* the lower address yields (V97's first half) */
	rules_quiet(SEC(60));
}

static void owner_ignores(void)
{
	s.more = "owner_ignore_adverts=true;";
	start(0, 255);
	s.more = NULL;
	start(1, 255);
	r(1)->is_modelled = false;
	sim.net[0].side[1] = 1; /* else this would be two actives for ever, as configured */
	sim_run(SEC(1));
	sim.net[0].side[1] = 0;
	rules_disturb(NULL);
	sim_run(MS(100));
	MUST(is_active(0) && dropped(0, VRRP_DROP_OWNER) > 0);
}

static void owner_preempts(void)
{
	s.nopreempt = true;
	start(1, 100);
	sim_run(SEC(2));
	MUST(is_active(1));
	start(0, 255);
	sim_run(MS(1));
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
	rules_quiet(SEC(10));
}

/* Active alone; then a better one comes and must not take over. */
static void nopreempt(void)
{
	s.nopreempt = true;
	pair(100, 200);
	sim_run(SEC(20));
	MUST(is_active(0) && r(1)->change_n == 1);
	router_stop(r(0), true);
	sim_run(MS(323)); /* 3 intervals and (256 - 200) / 256 of one, from the last advert */
	MUST(is_active(1));
}

static void preempt_delay(void)
{
	s.preempt_delay_us = SEC(5);
	pair(100, 200);
	sim_run(MS(
		4200)); /* the delay began with the first advert; then the down timer must run out */
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
	sim_run(MS(300));
	MUST(is_active(1) && state(0) == VRRP_BACKUP);
	rules_quiet(SEC(20));
}

static void state_master(void)
{
	s.more = "state=\"MASTER\";";
	s.nopreempt = true;
	start(0, 200);
	sim_run(MS(300));
	MUST(state(0) == VRRP_BACKUP); /* it waits as any other */
	sim_run(MS(25));
	MUST(is_active(0));
	s.more = NULL;
	start(1, 250);
	sim_run(SEC(5));
	MUST(is_active(0)); /* nopreempt of router 1 counts */
}

/* Page 3a: `state MASTER` clears nopreempt. */
static void master_preempts(void)
{
	pair(100, 50);
	s.more = "state=\"MASTER\"; nopreempt=true;";
	start(2, 200);
	r(2)->is_modelled = true;
	sim_run(SEC(1));
	MUST(is_active(2) && state(0) == VRRP_BACKUP);
}

static void equals(void)
{
	for (unsigned i = 0; i < SIM_ROUTERS_N; i++)
		start(i, 100);
	sim_run(SEC(1));
	MUST(is_active(SIM_ROUTERS_N - 1)); /* all rose at once; V88 */
	rules_quiet(SEC(30));
	router_stop(r(SIM_ROUTERS_N - 1), false);
	sim_run(SEC(1));
	MUST(is_active(SIM_ROUTERS_N - 2));
	start(SIM_ROUTERS_N - 1, 100);
	sim_run(SEC(10));
	MUST(is_active(SIM_ROUTERS_N - 2)); /* V83: no tie-break in BACKUP */
}

static void hand_back(void)
{
	s.adv_us = MS(10);
	pair(100, 50);
	start(2, 200);
	sim_run(SEC(1));
	MUST(is_active(2) && r(2)->change_n == 2 && r(0)->change_n == 3);
	rules_quiet(SEC(5));
}

/* ------------------------------------------------------------------ timers */

static void down_adverts(void)
{
	s.down_n = 10;
	pair(200, 100);
	router_stop(r(0), true);
	sim_run(MS(900));
	MUST(state(1) == VRRP_BACKUP);
	sim_run(MS(170));
	MUST(is_active(1));
}

/* V66, V49: the interval is the active's. */
static void learns(void)
{
	s.adv_us = SEC(1);
	start(0, 200);
	sim_run(SEC(5));
	s.adv_us = MS(10);
	start(1, 100);
	sim_run(SEC(20));
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
	rules_quiet(SEC(20));
}

/* V48: version 2 drops what has another interval, so both are active: that is how it is configured. */
static void v2_intervals(void)
{
	s.version = 2;
	s.adv_us = SEC(1);
	start(0, 200);
	sim_run(SEC(5));
	s.adv_us = SEC(2);
	start(1, 100);
	sim_run(SEC(4));
	MUST(is_active(0) && state(1) == VRRP_BACKUP && dropped(1, VRRP_DROP_INTERVAL) > 2);
}

/* V69, V79: the second of two resignations must not put the takeover off. */
static void resigns_twice(void)
{
	pair(200, 1);
	router_stop(r(0), false);
	start(0, 200);
	sim_run(MS(50));
	router_stop(r(0), false);
	sim_run(MS(50));
	MUST(is_active(1));
}

/* V70 */
static void prio_moves_deadline(void)
{
	s.has_file = true;
	s.version = 2;
	s.adv_us = SEC(1);
	start(0, 10); /* 3 s and 246/256 s */
	sim_run(SEC(3));
	router_file(r(0), 100); /* 210: 3 s and 46/256 s */
	MUST(state(0) == VRRP_BACKUP);
	sim_run(MS(180));
	MUST(is_active(0));
}

/* V98 */
static void stalled_yields(void)
{
	s.nopreempt = true;
	s.late_prio = 100;
	start(0, 200);
	r(0)->is_modelled = false;
	sim_run(SEC(2));
	MUST(is_active(0));
	router_stall(r(0), SEC(5));
	sim_run(SEC(5));
	MUST(state(0) == VRRP_BACKUP);
	sim_run(SEC(1));
	MUST(is_active(0));
}

static void startup_delay(void)
{
	struct sim_conf c = conf_of(200);

	start(0, 100);
	sim_run(SEC(2));
	c.global = "vrrp_startup_delay=10;";
	start_conf(1, &c);
	sim_run(SEC(9));
	MUST(state(1) == VRRP_INIT && dropped(1, VRRP_DROP_STATE) > 80 && !heard(1));
	sim_run(SEC(2));
	MUST(is_active(1));
}

static void clock_steps(void)
{
	pair(200, 100);
	for (unsigned i = 0; i < 100; i++) {
		r(0)->wall_off_us = SEC(sim_rand(1000000000));
		r(1)->wall_off_us = SEC(sim_rand(1000000000));
		sim_run(MS(70));
	}
	MUST(is_active(0) && r(0)->change_n == 2 && r(1)->change_n == 1);
}

/* ------------------------------------------------------------------ answers */

/* V89 in both versions: RFC 3768 would be silent. */
static void answers(void)
{
	unsigned before;

	s.version = 2;
	s.adv_us = SEC(1);
	sim.net[0].side[1] = 1;
	start(0, 200);
	start(1, 100);
	sim_run(SEC(10));
	MUST(is_active(0) && is_active(1));
	sim_run(MS(500) - sim.now_us % MS(500) + MS(50));
	before = r(1)->change_n;
	sim.net[0].side[1] = 0;
	rules_disturb(NULL);
	while (r(1)->change_n == before && sim.now_us < SEC(20))
		sim_run(MS(1));
	MUST(state(1) == VRRP_BACKUP && is_active(0));
}

static void silent(void)
{
	unsigned n;

	s.lower_no_advert = true;
	s.adv_us = SEC(1);
	sim.net[0].side[1] = 1;
	start(0, 200);
	sim_run(MS(500));
	start(1, 100);
	sim_run(SEC(10));
	sim_run(r(0)->advert_us[0] + MS(1010) - sim.now_us); /* just after router 0's advert */
	n = r(0)->advert_n[0];
	sim.net[0].side[1] = 0;
	rules_disturb(NULL);
	sim_run(MS(900));
	MUST(r(0)->advert_n[0] == n && is_active(1)); /* it has heard router 1 and not answered */
	sim_run(MS(200));
	MUST(state(1) == VRRP_BACKUP);
}

/* V91 */
static void farewell(void)
{
	unsigned n;

	s.higher_send_advert = true;
	pair(100, 50);
	n = r(0)->resign_n[0];
	start(2, 200);
	sim_run(SEC(1));
	MUST(is_active(2) && r(0)->resign_n[0] == n);
	MUST(r(0)->advert_us[0] > r(2)->advert_us[0] - SEC(1));
}

/* ------------------------------------------------------------------ groups */

static void start_group(unsigned i, uint8_t prio)
{
	struct sim_conf c = conf_of(prio);

	c.is_group = true;
	c.inst[1] = c.inst[0];
	c.inst[1].net = 1;
	start_conf(i, &c);
}

/* V96: one member in FAULT puts all there, and all take over elsewhere. */
static void group_fault(void)
{
	start_group(0, 200);
	start_group(1, 100);
	sim_run(SEC(2));
	MUST(is_active(0));
	router_link(r(0), 1, false);
	sim_run(MS(1));
	MUST(state(0) == VRRP_FAULT);
	sim_run(SEC(1));
	MUST(is_active(1));
	router_link(r(0), 1, true);
	sim_run(SEC(1));
	MUST(is_active(0));
	rules_quiet(SEC(10));
}

/* V96: the network of one member is cut between the routers; the other member keeps both quiet. */
static void group_cut(void)
{
	start_group(0, 200);
	start_group(1, 100);
	sim_run(SEC(2));
	sim.net[1].side[1] = 1;
	rules_disturb(NULL);
	sim_run(SEC(20));
	MUST(is_active(0) && state(1) == VRRP_BACKUP && r(1)->change_n == 2);
	sim.net[1].side[1] = 0;
	rules_disturb(NULL);
	sim_run(SEC(1));
	rules_quiet(SEC(10));
}

/* V96: what is pulled back says nothing of priority 0. */
static void group_beaten(void)
{
	start_group(0, 100);
	sim_run(SEC(2));
	start_group(1, 200);
	sim_run(SEC(2));
	MUST(is_active(1) && state(0) == VRRP_BACKUP);
	MUST(!r(0)->resign_n[0] && !r(0)->resign_n[1]);
}

/* ------------------------------------------------------------------ */

static const struct case_row rows[] = {
	{ "V53: an owner elects; of two the lower address yields", owner_elects },
	{ "V53: owner_ignore_adverts", owner_ignores },
	{ "V92: nopreempt is nothing to an owner", owner_preempts },
	{ "V81: nopreempt", nopreempt },
	{ "V93: preempt_delay", preempt_delay },
	{ "V94: state MASTER waits as any other", state_master },
	{ "V94: state MASTER clears nopreempt", master_preempts },
	{ "V83: eight equals", equals },
	{ "V87: hand-back with 10 ms adverts", hand_back },
	{ "V71: down_timer_adverts", down_adverts },
	{ "V49, V66: the active's interval counts", learns },
	{ "V48: version 2 with other intervals", v2_intervals },
	{ "V69, V79: resigning twice", resigns_twice },
	{ "V70: a priority moves the deadline", prio_moves_deadline },
	{ "V98: a stalled one yields", stalled_yields },
	{ "V56: vrrp_startup_delay", startup_delay },
	{ "V73: the wall clock steps", clock_steps },
	{ "V89: a beaten one is answered, in version 2 too", answers },
	{ "V89: lower_prio_no_advert", silent },
	{ "V91: higher_prio_send_advert", farewell },
	{ "V96: a fault of one member", group_fault },
	{ "V96: one network of two is cut", group_cut },
	{ "V96: beaten without priority 0", group_beaten },
};

unsigned cases_elect_run(const char *name)
{
	return cases_rows(rows, sizeof(rows) / sizeof(rows[0]), 1, name);
}
