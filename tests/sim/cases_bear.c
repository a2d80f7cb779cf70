/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What routers must bear: strange packets and strange clocks of others, interfaces that change, reloads.
 */
#include "cases.h"

enum { FLAPS_N = 1000 };

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

static const struct case_row rows[] = {
	{ "V36, V55, V128: unicast from afar, from unknown sources", strange_sources },
	{ "V47, V50, V51, V52: other addresses", other_addresses },
	{ "V30, V33: both forms of the checksum, and no third", checksum_forms },
	{ "V10, V90: our own address", own_adverts },
	{ "V12: more addresses than fit", small_mtu },
	{ "V140: the send buffer is full", full_buffer },
	{ "V119: AH, one joins in", ah_joins },
	{ "V119: AH, equals rise at once", ah_equals },
	{ "V126, V127: auth_hmac and one without", hmac_joins },
	{ "V95: the link flaps a thousand times", link_flaps },
	{ "dont_track_primary", untracked_link },
	{ "interface_up_down_delays", link_delays },
	{ "V3: the address changes", addresses_change },
	{ "another interface of the name", interface_replaced },
	{ "reloads that change no state", reload_all_the_time },
};

unsigned cases_bear_run(const char *name)
{
	return cases_rows(rows, sizeof(rows) / sizeof(rows[0]), 101, name);
}
