/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What must be true of all routers together, whatever each of them thinks:
 *
 *	two that hear each other are not both active for longer than the better one's interval and the
 *	way of its advert;
 *	an active router sends in every interval;
 *	members of a sync group are in one state;
 *	when nothing happens any more, one is active, no other has a right to be, and nobody moves.
 */
#include "sim.h"

#include "core/clock.h"

#include <inttypes.h>
#include <string.h>

static struct {
	/* since when a pair's peace was not disturbed; since when both are active (0: they are not) */
	int64_t calm_us[SIM_ROUTERS_N];
	int64_t both_us[SIM_INSTS_N][SIM_ROUTERS_N][SIM_ROUTERS_N];
	int64_t active_us[SIM_INSTS_N][SIM_ROUTERS_N]; /* since when it is */
} rules;

enum { SLACK_US = 1000 }; /* clocks of different pace, and rounding */

void rules_reset(void)
{
	memset(&rules, 0, sizeof(rules));
}

void rules_disturb(const struct sim_router *r)
{
	for (unsigned i = 0; i < SIM_ROUTERS_N; i++)
		if (!r || r->index == i)
			rules.calm_us[i] = sim.now_us;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ------------------------------------------------------------------ two that are active */

static bool is_active(const struct sim_router *r, unsigned i)
{
	return r->v && r->conf.inst[i].is_there && r->state[i] == VRRP_ACTIVE;
}

/* Nothing is lost between them, and each knows that it is another who speaks. */
static bool hear_each_other(const struct sim_router *a, const struct sim_router *b, unsigned net)
{
	const struct sim_net *n = &sim.net[net];

	return n->side[a->index] == n->side[b->index] && a->link[net].is_up && b->link[net].is_up &&
	       a->link[net].host != b->link[net].host && !n->loss && !n->damage &&
	       sim.now_us >= a->stalled_until_us && sim.now_us >= b->stalled_until_us &&
	       sim.now_us >= sim.send_error_until_us;
}

static bool believe_each_other(const struct sim_inst *a, const struct sim_inst *b)
{
	return a->vrid == b->vrid && a->version == b->version && a->auth == b->auth &&
	       a->has_other_key == b->has_other_key && (a->version == 3 || a->adv_us == b->adv_us);
}

static bool is_better(const struct sim_router *a, const struct sim_router *b, unsigned i)
{
	const struct sim_inst *s = &a->conf.inst[i];
	struct ip_addr aa = router_addr(a, s->net, s->family),
		       ba = router_addr(b, s->net, s->family);

	if (a->model[i].prio != b->model[i].prio)
		return a->model[i].prio > b->model[i].prio;
	return addr_cmp(&aa, &ba) > 0;
}

/* The better one's next advert ends it. With AH it may take some: both count, and what is not above the
 * other's count is not believed (V119). */
enum { AH_ADVERTS_N = 20 };

static int64_t both_max_us(const struct sim_router *a, const struct sim_router *b, unsigned i)
{
	const struct sim_router *best = is_better(a, b, i) ? a : b;
	const struct sim_inst *s = &best->conf.inst[i];
	const struct sim_net *n = &sim.net[s->net];
	int64_t way_us = n->delay_us + n->jitter_us + SLACK_US;

	return s->auth == SIM_AUTH_AH ? AH_ADVERTS_N * (s->adv_us + way_us) : s->adv_us + way_us;
}

static void look_at_pair(struct sim_router *a, struct sim_router *b, unsigned i)
{
	int64_t *since_us = &rules.both_us[i][a->index][b->index];

	if (!is_active(a, i) || !is_active(b, i)) {
		*since_us = 0;
		return;
	}
	if (!*since_us || !hear_each_other(a, b, a->conf.inst[i].net) ||
	    !believe_each_other(&a->conf.inst[i], &b->conf.inst[i]))
		*since_us = sim.now_us;

	int64_t from_us = later(*since_us, later(rules.calm_us[a->index], rules.calm_us[b->index]));

	from_us = later(from_us, later(a->stalled_until_us, b->stalled_until_us));
	if (sim.now_us - from_us > both_max_us(a, b, i))
		sim_fail("routers %u and %u are both active for %s since %" PRId64 " us", a->index,
			 b->index, sim_inst_name[i], sim.now_us - from_us);
}

/* ------------------------------------------------------------------ one router */

/* V84, V134 */
static void look_at_adverts(const struct sim_router *r, unsigned i)
{
	int64_t from_us = later(later(r->advert_us[i], rules.active_us[i][r->index]),
				later(rules.calm_us[r->index], sim.send_error_until_us));

	from_us = later(from_us, r->stalled_until_us);
	if (is_active(r, i) && r->link[r->conf.inst[i].net].is_up &&
	    sim.now_us - from_us > r->conf.inst[i].adv_us + SLACK_US)
		sim_fail("router %u is active for %s and silent for %" PRId64 " us", r->index,
			 sim_inst_name[i], sim.now_us - from_us);
}

static void look_at_group(const struct sim_router *r)
{
	for (unsigned i = 1; i < SIM_INSTS_N; i++)
		if (r->conf.inst[i].is_there && r->conf.inst[i - 1].is_there &&
		    r->state[i] != r->state[i - 1])
			sim_fail("router %u: one group, but %s and %s", r->index,
				 fsm_state_name[r->state[i - 1]], fsm_state_name[r->state[i]]);
}

static void note_state(struct sim_router *r, unsigned i)
{
	const struct vrrp_inst *in = router_inst(r, i);
	enum vrrp_state now = in ? in->r.state : VRRP_INIT;

	if (now == r->state[i])
		return;
	r->state[i] = now;
	r->change_n++;
	rules.active_us[i][r->index] = sim.now_us;
}

void rules_turn(struct sim_router *r)
{
	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		look_at_adverts(r, i);
		note_state(r, i);
		for (unsigned k = 0; k < SIM_ROUTERS_N; k++)
			if (k != r->index)
				look_at_pair(&sim.router[k < r->index ? k : r->index],
					     &sim.router[k < r->index ? r->index : k], i);
	}
	if (r->conf.is_group)
		look_at_group(r);
}

/* ------------------------------------------------------------------ all of them */

struct sim_router *rules_active(unsigned i)
{
	struct sim_router *found = NULL;

	for (unsigned k = 0; k < SIM_ROUTERS_N; k++) {
		if (!is_active(&sim.router[k], i))
			continue;
		if (found)
			sim_fail("routers %u and %u are active for %s", found->index, k,
				 sim_inst_name[i]);
		found = &sim.router[k];
	}
	return found;
}

static bool exists(unsigned i)
{
	for (unsigned k = 0; k < SIM_ROUTERS_N; k++)
		if (router_is_well(&sim.router[k]) && sim.router[k].conf.inst[i].is_there)
			return true;
	return false;
}

/* V81, V92: who would not let it be active. */
static void look_for_better(const struct sim_router *active, unsigned i)
{
	for (unsigned k = 0; k < SIM_ROUTERS_N; k++) {
		const struct sim_router *r = &sim.router[k];
		const struct sim_inst *s = &r->conf.inst[i];

		if (!router_is_well(r) || !s->is_there || (s->nopreempt && s->prio != 255))
			continue;
		if (r->model[i].prio > active->model[i].prio)
			sim_fail("router %u is active for %s, and router %u is better",
				 active->index, sim_inst_name[i], k);
	}
}

static unsigned changes(void)
{
	unsigned n = 0;

	for (unsigned k = 0; k < SIM_ROUTERS_N; k++)
		n += sim.router[k].change_n;
	return n;
}

void rules_quiet(int64_t for_us)
{
	unsigned before = changes();
	const struct sim_router *first = NULL;

	for (unsigned i = 0; i < SIM_INSTS_N; i++) {
		const struct sim_router *active = rules_active(i);

		if (!exists(i))
			continue;
		if (!active)
			sim_fail("nobody is active for %s", sim_inst_name[i]);
		look_for_better(active, i);
		if (active->conf.is_group && first && first != active)
			sim_fail("one group on routers %u and %u", first->index, active->index);
		first = active;
	}
	sim_run(for_us);
	if (changes() != before)
		sim_fail("somebody moved though nothing happened");
}
