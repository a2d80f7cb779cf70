/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs made by hand, a row each: what their files share. The model watches all of them but groups, as in
 * random runs.
 */
#pragma once

#include "sim.h"

#include "core/clock.h"

#include <string.h>

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			sim_fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond);                  \
	} while (0)

/* From which routers are made; each case begins with the default. Each file has its own. */
static struct sim_inst s;

static inline struct sim_router *r(unsigned i)
{
	return &sim.router[i];
}

static inline void start_conf(unsigned i, const struct sim_conf *c)
{
	r(i)->is_modelled = !c->is_group && !c->global && !c->top;
	router_start(r(i), c);
}

static inline struct sim_conf conf_of(uint8_t prio)
{
	struct sim_conf c = { .inst[0] = s };

	c.inst[0].prio = prio;
	return c;
}

static inline void start(unsigned i, uint8_t prio)
{
	struct sim_conf c = conf_of(prio);

	start_conf(i, &c);
}

static inline void reload(unsigned i, uint8_t prio)
{
	struct sim_conf c = conf_of(prio);

	router_reload(r(i), &c);
}

static inline enum vrrp_state state(unsigned i)
{
	const struct vrrp_inst *in = router_inst(r(i), 0);

	return in ? in->r.state : VRRP_INIT;
}

static inline bool is_active(unsigned i)
{
	return state(i) == VRRP_ACTIVE;
}

static inline uint64_t dropped(unsigned i, enum vrrp_drop why)
{
	const struct vrrp_inst *in = router_inst(r(i), 0);

	return in ? in->r.drop_n[why] : 0;
}

static inline uint64_t heard(unsigned i)
{
	return router_inst(r(i), 0)->r.rx_n;
}

/* Two routers, the first of which is active. */
static inline void pair(uint8_t first, uint8_t second)
{
	start(0, first);
	sim_run(SEC(10));
	MUST(is_active(0));
	start(1, second);
	sim_run(SEC(1));
}

struct case_row {
	const char *name;
	void (*run)(void);
};

/* Runs the row of the name, or all when it is NULL. The n-th has the seed first + n. Returns how many. */
static inline unsigned cases_rows(const struct case_row *rows, size_t rows_n, uint64_t first,
				  const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < rows_n; i++) {
		if (name && strcmp(name, rows[i].name) != 0)
			continue;
		s = sim_inst_default();
		sim_begin(rows[i].name, first + i);
		rows[i].run();
		sim_end();
		n++;
	}
	return n;
}
