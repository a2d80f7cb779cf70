/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs made by hand, a row each: what keepalived does otherwise than the RFC, or beyond it, and vipd does
 * as well (statements V.., page 3a of its behaviour), so that a pair of both may agree; and what routers
 * must bear. The model watches all of them but groups, as in random runs.
 */
#include "sim.h"

#include "core/clock.h"

#include <string.h>

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			sim_fail("cases.c:%d: not so: %s", __LINE__, #cond);                       \
	} while (0)

enum { FLAPS_N = 1000 };

static struct sim_inst s; /* from which routers are made; each case begins with the default */

static struct sim_router *r(unsigned i)
{
	return &sim.router[i];
}

static void start_conf(unsigned i, const struct sim_conf *c)
{
	r(i)->is_modelled = !c->is_group && !c->global && !c->top;
	router_start(r(i), c);
}

static struct sim_conf conf_of(uint8_t prio)
{
	struct sim_conf c = { .inst[0] = s };

	c.inst[0].prio = prio;
	return c;
}

static void start(unsigned i, uint8_t prio)
{
	struct sim_conf c = conf_of(prio);

	start_conf(i, &c);
}

static void reload(unsigned i, uint8_t prio)
{
	struct sim_conf c = conf_of(prio);

	router_reload(r(i), &c);
}

static enum vrrp_state state(unsigned i)
{
	const struct vrrp_inst *in = router_inst(r(i), 0);

	return in ? in->r.state : VRRP_INIT;
}

static bool is_active(unsigned i)
{
	return state(i) == VRRP_ACTIVE;
}

static uint64_t dropped(unsigned i, enum vrrp_drop why)
{
	const struct vrrp_inst *in = router_inst(r(i), 0);

	return in ? in->r.drop_n[why] : 0;
}

static uint64_t heard(unsigned i)
{
	return router_inst(r(i), 0)->r.rx_n;
}

/* Two routers, the first of which is active. */
static void pair(uint8_t first, uint8_t second)
{
	start(0, first);
	sim_run(SEC(10));
	MUST(is_active(0));
	start(1, second);
	sim_run(SEC(1));
}

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

/* ------------------------------------------------------------------ what is believed */

static void strange_sources(void)
{
	s.is_unicast = true;
	s.more = "unicast_ttl=64;";
	pair(200, 100);
	MUST(state(1) == VRRP_BACKUP); /* V36: over unicast the way may be long */
	router_renumber(r(2), 0, 77); /* nobody's peer */
	start(2, 250);
	sim_run(SEC(1));
	MUST(is_active(2) && state(0) == VRRP_BACKUP && state(1) == VRRP_BACKUP);
}

/* V50, V51, V47: told, and no reason to drop. */
static void other_addresses(void)
{
	s.family = AF_INET6;
	pair(200, 100);
	s.has_other_vips = true;
	start(2, 50);
	s.more = "skip_check_adv_addr=true;"; /* V52 */
	start(3, 40);
	sim_run(SEC(2));
	MUST(is_active(0) && state(2) == VRRP_BACKUP && state(3) == VRRP_BACKUP);
	MUST(router_inst(r(2), 0)->r.list_differs_n > 10);
	MUST(router_inst(r(3), 0)->r.list_differs_n == 1);
	router_stop(r(0), true);
	router_stop(r(1), true);
	s.has_other_vips = false;
	start(0, 30);
	sim_run(SEC(2));
	MUST(is_active(2) && state(0) == VRRP_BACKUP);
	MUST(r(2)->log_n[LOG_VRRP_PEER] == 1); /* once, not with every advert */
	MUST(r(0)->log_n[LOG_VRRP_PEER] == 2); /* V47: and that the first is no link-local one */
}

/* V29, V30 */
static void checksum_forms(void)
{
	s.more = "v3_checksum_as_v2=true;";
	start(0, 200);
	s.more = NULL;
	start(1, 100);
	sim_run(SEC(5));
	MUST(is_active(0) && state(1) == VRRP_BACKUP && !dropped(1, VRRP_DROP_CHECKSUM));
	sim.net[0].damage = 1000; /* V33: what is wrong in both forms is wrong */
	sim_run(MS(200));
	sim.net[0].damage = 0;
	MUST(heard(0) == 0 && is_active(0) && dropped(1, VRRP_DROP_CHECKSUM) > 0);
	router_stop(r(0), false);
	sim_run(SEC(1));
	MUST(is_active(1));
}

/* V119: one counter for both directions; a router that was away joins in. */
static void ah_joins(void)
{
	s.version = 2;
	s.adv_us = SEC(1);
	s.auth = SIM_AUTH_AH;
	pair(100, 50);
	sim_run(SEC(30));
	start(2, 200);
	sim_run(SEC(6));
	MUST(is_active(2) && state(0) == VRRP_BACKUP && !dropped(0, VRRP_DROP_REPLAY));
	rules_quiet(SEC(10));
}

/* V119: equals that rise at the same moment. keepalived's never part. */
static void ah_equals(void)
{
	s.version = 2;
	s.adv_us = SEC(1);
	s.auth = SIM_AUTH_AH;
	s.is_unicast = true;
	sim.net[0].delay_us = MS(2);
	for (unsigned i = 0; i < 4; i++)
		start(i, 100);
	sim_run(SEC(20));
	rules_quiet(SEC(20));
}

/* V126, V127: keys come to a network in steps; a router without is not heard by those that insist. */
static void hmac_joins(void)
{
	s.auth = SIM_AUTH_HMAC;
	pair(200, 100);
	MUST(state(1) == VRRP_BACKUP);
	s.auth = SIM_AUTH_NONE;
	sim.net[0].side[2] = 1;
	start(2, 250);
	sim_run(SEC(1));
	MUST(is_active(2));
	sim.net[0].side[2] = 0;
	rules_disturb(NULL);
	sim_run(MS(100));
	MUST(is_active(0) && dropped(0, VRRP_DROP_AUTH) > 0 && dropped(2, VRRP_DROP_LENGTH) > 0);
}

/* What the network sends back, and a router that has our address (V90). */
static void own_adverts(void)
{
	sim.net[0].echo = 1000;
	pair(200, 100);
	sim_run(SEC(5));
	MUST(is_active(0) && r(0)->change_n == 2 && dropped(0, VRRP_DROP_OWN) > 40);
	router_renumber(r(1), 0, 1);
	sim_run(SEC(2));
	MUST(is_active(0) && is_active(1)); /* nobody can tell them apart */
	MUST(r(1)->log_n[LOG_VRRP_DROP] == 2); /* once in each state */
	router_renumber(r(1), 0, 2);
	sim_run(SEC(1));
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
}

/* V12: what does not fit into a packet is held and not named; wire.c looks at the packets. */
static void small_mtu(void)
{
	s.family = AF_INET6;
	r(0)->link[0].mtu = r(1)->link[0].mtu = 40 + 8 + 16 + 28;
	pair(200, 100);
	MUST(state(1) == VRRP_BACKUP && router_inst(r(0), 0)->o.vip_n == 2);
}

/* V140: what could not be sent is counted, and sent at the next tick. */
static void full_buffer(void)
{
	uint64_t turns_n, before;

	pair(200, 100);
	before = router_inst(r(0), 0)->r.tx_n;
	turns_n = r(0)->turn_n;
	sim.send_error_until_us = sim.now_us + MS(250);
	sim_run(MS(240));
	MUST(router_inst(r(0), 0)->r.tx_fail_n >= 2 && router_inst(r(0), 0)->r.tx_n == before);
	MUST(r(0)->turn_n - turns_n <= 3 && r(0)->log_n[LOG_VRRP_SEND] == 1);
	sim_run(MS(500));
	MUST(router_inst(r(0), 0)->r.tx_n >= before + 4);
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
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

/* ------------------------------------------------------------------ interfaces */

/* V95 */
static void link_flaps(void)
{
	pair(200, 100);
	for (unsigned i = 0; i < FLAPS_N; i++) {
		router_link(r(0), 0, false);
		sim_run(MS(sim_rand(50)));
		MUST(state(0) == VRRP_FAULT);
		router_link(r(0), 0, true);
		sim_run(MS(sim_rand(400)));
	}
	sim_run(SEC(2));
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
	rules_quiet(SEC(5));
}

static void untracked_link(void)
{
	s.more = "dont_track_primary=true;";
	start(0, 200);
	r(0)->is_modelled = false;
	sim_run(SEC(1));
	router_link(r(0), 0, false);
	sim_run(SEC(1));
	MUST(is_active(0) && r(0)->change_n == 2);
}

/* A flap that is shorter is none. */
static void link_delays(void)
{
	struct sim_conf c = conf_of(200);

	c.top = "interface_up_down_delays=({interface=\"eth0\";down=\"50ms\";up=\"1s\";});";
	start_conf(0, &c);
	sim_run(SEC(1));
	for (unsigned i = 0; i < 50; i++) {
		router_link(r(0), 0, false);
		sim_run(MS(45));
		router_link(r(0), 0, true);
		sim_run(MS(20));
	}
	MUST(is_active(0) && r(0)->change_n == 2);
	router_link(r(0), 0, false);
	sim_run(MS(55));
	router_link(r(0), 0, true);
	sim_run(MS(950));
	MUST(state(0) == VRRP_FAULT);
	sim_run(MS(100));
	MUST(state(0) == VRRP_BACKUP);
}

static void addresses_change(void)
{
	pair(200, 100);
	for (unsigned i = 0; i < 100; i++) {
		router_renumber(r(0), 0, (uint8_t)(100 + i));
		sim_run(MS(30));
	}
	MUST(is_active(0) && r(0)->change_n == 2 && state(1) == VRRP_BACKUP);
	router_renumber(r(0), 0, 0);
	MUST(state(0) == VRRP_FAULT);
	sim_run(SEC(1));
	MUST(is_active(1));
	router_renumber(r(0), 0, 9);
	sim_run(SEC(1));
	MUST(is_active(0));
}

static void interface_replaced(void)
{
	pair(200, 100);
	router_replace(r(0), 0);
	MUST(state(0) == VRRP_BACKUP); /* nobody knows what happened meanwhile */
	sim_run(SEC(1));
	MUST(is_active(0) && state(1) == VRRP_BACKUP);
	rules_quiet(SEC(5));
}

/* ------------------------------------------------------------------ reload */

static void reload_all_the_time(void)
{
	pair(200, 100);
	for (unsigned i = 0; i < 300; i++) {
		s.more = i % 2 ? "virtual_ipaddress_excluded=(\"10.9.0.1/32\");" : NULL;
		s.preempt_delay_us = i % 3 * MS(10);
		reload(i % 2, i % 2 ? 100 : (uint8_t)(200 + i % 50));
		sim_run(MS(17));
	}
	MUST(is_active(0) && r(0)->change_n == 2 && r(1)->change_n == 1);
}

/* ------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
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
	{ "V36, V55, V128: unicast from afar, from unknown sources", strange_sources },
	{ "V47, V50, V51, V52: other addresses", other_addresses },
	{ "V30, V33: both forms of the checksum, and no third", checksum_forms },
	{ "V10, V90: our own address", own_adverts },
	{ "V12: more addresses than fit", small_mtu },
	{ "V140: the send buffer is full", full_buffer },
	{ "V119: AH, one joins in", ah_joins },
	{ "V119: AH, equals rise at once", ah_equals },
	{ "V126, V127: auth_hmac and one without", hmac_joins },
	{ "V89: a beaten one is answered, in version 2 too", answers },
	{ "V89: lower_prio_no_advert", silent },
	{ "V91: higher_prio_send_advert", farewell },
	{ "V96: a fault of one member", group_fault },
	{ "V96: one network of two is cut", group_cut },
	{ "V96: beaten without priority 0", group_beaten },
	{ "V95: the link flaps a thousand times", link_flaps },
	{ "dont_track_primary", untracked_link },
	{ "interface_up_down_delays", link_delays },
	{ "V3: the address changes", addresses_change },
	{ "another interface of the name", interface_replaced },
	{ "reloads that change no state", reload_all_the_time },
};

unsigned cases_run(const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (name && strcmp(name, rows[i].name) != 0)
			continue;
		s = sim_inst_default();
		sim_begin(rows[i].name, i + 1);
		rows[i].run();
		sim_end();
		n++;
	}
	return n;
}
