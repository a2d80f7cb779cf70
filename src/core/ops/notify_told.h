/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What was told of each object last, and so what is news: the level under the events. An event that says
 * what was said last is none (that is how events that were lost are made up for, see event.h); the first
 * state of a server is news only sometimes; an object that a reload has removed gets its last word.
 *
 *	first state of a server		told
 *	up				with alpha, or rs_init_notifies
 *	down, by a check		always
 *	first quorum of a service	told
 *	up				always
 *	down				with a sorry server
 *
 * Notify role only.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/event.h"
#include "core/ops/notify_say.h"
#include "core/ops/past.h"

#include <stdbool.h>
#include <stdint.h>

struct told {
	/* say is to be told of the object with this id; c is the configuration that s points into */
	void (*say)(void *arg, const struct conf *c, uint32_t id, const struct say *s);
	void *arg;

	/* by index of the configuration of their source */
	uint8_t *inst, *group; /* enum event_state */
	uint8_t *prio; /* of instances: the effective one */
	uint8_t *rs, *vs; /* enum health_verdict */
	uint32_t *nth; /* services before this one with the same group */
	bool *has_prio; /* instances whose changes of priority are told */
};

void told_fini(struct told *t);

/* The sources move on. old: NULL at first. */
void told_vrrp_advance(struct told *t, const struct conf *old, const struct conf *new);
void told_ipvs_advance(struct told *t, const struct conf *old, const struct conf *new);

/* An event of an object of c, to which its source has advanced. */
void told_event(struct told *t, const struct conf *c, const struct event *e);

/* vipd stops: services with `omega` and their servers go down. */
void told_omega(struct told *t, const struct conf *c);

/* An event with the names of c. */
void told_record(const struct conf *c, const struct event *e, struct past_entry *out);
