/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A run made of a number: routers and their settings, then a while in which anything happens to them and
 * to the network, then peace. In peace the rules of rules.c must hold, the active router dies or resigns,
 * and another must take over within the bound of the RFC.
 */
#include "sim.h"

#include "core/bug.h"
#include "core/clock.h"

#include <inttypes.h>
#include <string.h>

enum {
	EVENTS_N = 16, /* of the troubled time, at most */
	WALL_STEP_S = 100000000, /* the wall clock is set by up to that */
};

/* What is the same in all routers of a run. */
struct plan {
	unsigned routers_n;
	struct sim_conf conf;
	bool is_mixed; /* version 3: each router has an interval of its own */
	bool has_owner, has_preempt;
	int64_t adv_us; /* the longest */
};

static struct plan plan;

static bool half(void)
{
	return sim_rand(2);
}

/* ------------------------------------------------------------------ settings */

static int64_t some_adv_us(uint8_t version)
{
	static const int64_t v2[] = { SEC(1), SEC(1), SEC(2) };
	static const int64_t v3[] = { MS(10), MS(50), MS(100), MS(100), MS(500), SEC(1) };

	return version == 2 ? v2[sim_rand(3)] : v3[sim_rand(6)];
}

static enum sim_auth some_auth(const struct sim_inst *s)
{
	if (half())
		return SIM_AUTH_NONE;
	if (s->version == 2)
		return (enum sim_auth)(1 + sim_rand(3));
	return sim_chance(300) ? SIM_AUTH_HMAC : SIM_AUTH_NONE;
}

static void make_conf(struct sim_conf *c)
{
	struct sim_inst *s = &c->inst[0];

	memset(c, 0, sizeof(*c));
	*s = sim_inst_default();
	s->version = half() ? 3 : 2;
	if (s->version == 3 && half())
		s->family = AF_INET6;
	s->adv_us = some_adv_us(s->version);
	s->auth = some_auth(s);
	s->is_unicast = sim_chance(200);
	s->lower_no_advert = sim_chance(300);
	s->higher_send_advert = sim_chance(200);
	if (sim_chance(100))
		s->down_n = (uint8_t)(2 + sim_rand(4));
	c->is_group = sim_chance(150);
	if (c->is_group || sim_chance(150)) {
		c->inst[1] = *s;
		c->inst[1].net = 1;
		c->inst[1].vrid = half() ? 51 : 52;
	}
	s->has_file = !c->is_group && sim_chance(300);
}

static void make_plan(void)
{
	plan = (struct plan){ .routers_n = 2 + sim_rand(SIM_ROUTERS_N - 1) };
	make_conf(&plan.conf);
	plan.is_mixed = plan.conf.inst[0].version == 3 && !plan.conf.is_group && sim_chance(300);
	plan.has_owner = sim_chance(150);
	plan.has_preempt = half();
	plan.adv_us = plan.conf.inst[0].adv_us;
	/* among equals of different intervals, one that is silent when it is beaten lets the others, who
	 * learn the shorter interval of each other, rise again and again */
	if (plan.is_mixed)
		plan.conf.inst[0].lower_no_advert = false;
}

/* Few priorities, so that many are equal. */
static uint8_t some_prio(unsigned router)
{
	if (plan.has_owner && !router)
		return 255;
	return sim_chance(100) ? (uint8_t)(1 + sim_rand(254)) : (uint8_t)(50 * (1 + sim_rand(4)));
}

/* A router's own form of the plan. */
static struct sim_conf conf_of(unsigned router)
{
	struct sim_conf c = plan.conf;
	struct sim_inst *s = &c.inst[0];

	s->prio = some_prio(router);
	if (plan.is_mixed && half()) {
		s->adv_us *= half() ? 2 : 5;
		plan.adv_us = s->adv_us > plan.adv_us ? s->adv_us : plan.adv_us;
	}
	if (!plan.has_preempt && s->prio != 255) {
		s->nopreempt = sim_chance(700);
		if (!s->nopreempt && !c.is_group && half())
			s->preempt_delay_us = (1 + sim_rand(10)) * s->adv_us;
	}
	if (c.inst[1].is_there) {
		c.inst[1].prio = s->prio;
		c.inst[1].nopreempt = s->nopreempt;
	}
	return c;
}

/* ------------------------------------------------------------------ trouble */

static struct sim_router *some_router(void)
{
	return &sim.router[sim_rand(plan.routers_n)];
}

static int64_t some_us(int64_t below_us)
{
	return (int64_t)((uint64_t)sim_rand(UINT32_MAX) % (uint64_t)below_us);
}

static void life(struct sim_router *r)
{
	struct sim_conf c = r->conf;

	if (!r->v) {
		if (half())
			c = conf_of(r->index);
		router_start(r, &c);
	} else {
		router_stop(r, half());
	}
}

static void reload(struct sim_router *r)
{
	struct sim_conf c = conf_of(r->index);

	if (!r->v)
		return;
	if (half())
		c.inst[0].adv_us = r->conf.inst[0].adv_us;
	/* another instance comes or goes; the first must not feel it */
	if (!c.is_group && !c.inst[1].is_there && half()) {
		c.inst[2] = sim_inst_default();
		c.inst[2].vrid = 77;
		c.inst[2].adv_us = plan.adv_us < SEC(1) ? plan.adv_us : SEC(1);
	}
	router_reload(r, &c);
}

static void links(struct sim_router *r)
{
	unsigned net = sim_rand(SIM_NETS_N);
	uint8_t host = half() ? 0 : (uint8_t)(1 + r->index + 10 * sim_rand(5));

	switch (sim_rand(4)) {
	case 0:
		/* An owner sends from the virtual address then. Equals of a group whose addresses say one
		 * thing on one network and another on the other never agree. */
		if (!r->conf.inst[0].is_unicast && r->conf.inst[0].prio != 255)
			router_renumber(r, net, host);
		if (r->conf.is_group && r->link[net].host == host)
			router_renumber(r, 1 - net, host);
		break;
	case 1:
		router_replace(r, net);
		break;
	default:
		router_link(r, net, !r->link[net].is_up);
		break;
	}
}

static void weather(void)
{
	struct sim_net *n = &sim.net[sim_rand(SIM_NETS_N)];
	int64_t adv_us = plan.conf.inst[0].adv_us;

	rules_disturb(NULL);
	n->delay_us = US(50) + some_us(adv_us / 10);
	n->jitter_us = half() ? some_us(adv_us * 3) : some_us(adv_us / 10);
	n->loss = half() ? sim_rand(800) : 0;
	n->copies = half() ? sim_rand(300) : 0;
	n->damage = half() ? sim_rand(300) : 0;
	n->echo = half() ? sim_rand(500) : 0;
	for (unsigned i = 0; i < SIM_ROUTERS_N; i++)
		n->side[i] = half() ? 0 : (uint8_t)sim_rand(2);
	sim_note("weather: loss %u copies %u damage %u jitter %" PRId64, n->loss, n->copies,
		 n->damage, n->jitter_us);
}

/* Bytes that nobody signed: they must change nothing (V134, V135). */
static void garbage(void)
{
	struct sim_packet p = { .at_us = sim.now_us, .to = (uint8_t)sim_rand(plan.routers_n) };
	const struct sim_inst *s = &plan.conf.inst[0];
	uint32_t head = s->family == AF_INET ? PKT_IP_LEN : 0;

	p.port = s->family == AF_INET6 ? SOCK_V6 : SOCK_V4;
	p.len = head + PKT_HDR_LEN + sim_rand(40);
	p.src = p.dst = router_addr(some_router(), 0, s->family);
	p.hops = PKT_TTL;
	for (uint32_t i = 0; i < p.len; i++)
		p.data[i] = (uint8_t)sim_rand(256);
	if (head) {
		p.data[0] = 0x45;
		p.data[8] = PKT_TTL;
		p.data[9] = PKT_PROTO;
	}
	p.data[head] = (uint8_t)(s->version << 4 | 1);
	p.data[head + 1] = s->vrid;
	for (unsigned n = 1 + sim_rand(20); n; n--)
		bus_inject(&p);
}

/* Steps of the wall clock; a router that stands still; a full send buffer. */
static void machine(struct sim_router *r)
{
	int64_t adv_us = plan.conf.inst[0].adv_us;

	switch (sim_rand(3)) {
	case 0: /* the time stamps of auth_hmac need a clock that is about right */
		if (plan.conf.inst[0].auth != SIM_AUTH_HMAC)
			r->wall_off_us = SEC(sim_rand(WALL_STEP_S));
		break;
	case 1:
		router_stall(r, some_us(6 * adv_us));
		break;
	default:
		sim.send_error_until_us = sim.now_us + some_us(3 * adv_us);
		rules_disturb(NULL);
		break;
	}
}

static void trouble(void)
{
	static void (*const kinds[])(struct sim_router * r) = { life, life, reload, links,
								machine };
	unsigned kind = sim_rand(8);
	struct sim_router *r = some_router();

	if (kind < 5)
		kinds[kind](r);
	else if (kind == 5)
		garbage();
	else if (kind == 6 && r->v)
		router_file(r, (int32_t)sim_rand(200) - 100);
	else
		weather();
}

/* ------------------------------------------------------------------ peace */

static void heal_router(struct sim_router *r)
{
	for (unsigned net = 0; net < SIM_NETS_N; net++) {
		if (!r->link[net].has_address)
			router_renumber(r, net, r->link[net].host);
		if (!r->link[net].is_up)
			router_link(r, net, true);
	}
	if (r->stalled_until_us > sim.now_us)
		r->stalled_until_us = sim.now_us;
	if (!r->v) {
		struct sim_conf c = r->conf;

		router_start(r, &c);
	}
}

static void heal(void)
{
	int64_t adv_us = plan.conf.inst[0].adv_us;

	for (unsigned net = 0; net < SIM_NETS_N; net++)
		sim.net[net] = (struct sim_net){
			.delay_us = US(20) + some_us(adv_us / 20),
			.jitter_us = some_us(adv_us / 50),
			.keeps_order = true,
		};
	sim.send_error_until_us = 0;
	for (unsigned i = 0; i < plan.routers_n; i++)
		heal_router(&sim.router[i]);
	rules_disturb(NULL);
}

/* Longer than any chain of preemptions. */
static int64_t settle_us(void)
{
	const struct sim_inst *s = &plan.conf.inst[0];
	int64_t delay_us = plan.has_preempt ? 0 : 10 * plan.adv_us;

	return 3 * model_down_us(s, 1, plan.adv_us) + 2 * delay_us;
}

/* The latest moment at which somebody must be active when the one that is so now dies, or resigns. */
static int64_t takeover_us(const struct sim_router *gone, unsigned i, bool is_resigned)
{
	int64_t max_us = 0, min_us = INT64_MAX, way_us = 0;

	for (unsigned k = 0; k < plan.routers_n; k++) {
		const struct sim_router *r = &sim.router[k];
		const struct sim_inst *s = &r->conf.inst[i];
		int64_t adv_us = s->version == 3 ? gone->conf.inst[i].adv_us : s->adv_us;
		int64_t us = is_resigned ? model_skew_us(s, r->model[i].prio, adv_us)
					 : model_down_us(s, r->model[i].prio, adv_us);

		if (r == gone || !router_is_well(r))
			continue;
		max_us = us > max_us ? us : max_us;
		min_us = us < min_us ? us : min_us;
	}
	for (unsigned n = 0; n < SIM_NETS_N; n++)
		if (sim.net[n].delay_us + sim.net[n].jitter_us > way_us)
			way_us = sim.net[n].delay_us + sim.net[n].jitter_us;
	/* of a group, each member waits for the last */
	return (plan.conf.is_group ? max_us : min_us) + way_us + MS(1);
}

static void take_over(void)
{
	struct sim_router *gone = rules_active(0);
	bool is_crash = half();
	int64_t until_us;

	BUG_ON(!gone);
	until_us = sim.now_us + takeover_us(gone, 0, !is_crash);
	router_stop(gone, is_crash);
	sim_run_until(until_us);
	for (unsigned k = 0; k < plan.routers_n; k++)
		if (sim.router[k].v && sim.router[k].state[0] == VRRP_ACTIVE)
			return;
	sim_fail("router %u is gone, and nobody took over in time", gone->index);
}

void random_run(uint64_t seed)
{
	sim_begin("seed", seed);
	make_plan();
	for (unsigned i = 0; i < plan.routers_n; i++) {
		struct sim_router *r = &sim.router[i];
		struct sim_conf c = conf_of(i);

		r->is_modelled = !c.is_group;
		r->clock_off_us = SEC(sim_rand(WALL_STEP_S));
		r->clock_ppm = (int32_t)sim_rand(200) - 100;
		router_start(r, &c);
	}
	for (unsigned n = sim_rand(EVENTS_N); n; n--) {
		sim_run(some_us(2 * plan.adv_us));
		trouble();
	}
	sim_run(some_us(6 * plan.adv_us));
	heal();
	sim_run(settle_us());
	rules_quiet(5 * plan.adv_us);
	take_over();
	sim_run(settle_us());
	rules_quiet(3 * plan.adv_us);
	sim_end();
}
