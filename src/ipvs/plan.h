/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From what should be and what is to the requests that lead from one to the other, in this order:
 *
 *	1 stop		what sends traffic to where it must not go: services that go, servers that fail,
 *			weights that become 0
 *	2 set		other weights and settings
 *	3 new service
 *	4 new server
 *	5 leave		servers that the configuration does not name any more: when all servers of a service
 *			are replaced, the new ones are there first
 *	6 finish	schedulers of services that were loaded without one (below)
 *
 * A service that goes is one request; its servers go with it. A new service with an mh scheduler is
 * made under the name "none", gets its servers and then its scheduler: mh computes its whole table
 * anew with each server that comes (0.1 ms each), once at the end is enough.
 *
 * Services of others are left alone: those that are neither wanted nor owned.
 *
 * Pure. O(n) for sorted tables.
 */
#pragma once

#include "ipvs/kern.h"
#include "ipvs/table.h"

#include <stdbool.h>
#include <stdint.h>

enum plan_phase {
	PLAN_STOP,
	PLAN_SET,
	PLAN_NEW_SVC,
	PLAN_NEW_DEST,
	PLAN_LEAVE,
	PLAN_FINISH,
	PLAN_PHASE_N
};

enum { PLAN_LOAD_N = 2 }; /* servers of a new mh service from which loading without one pays */

struct plan_op {
	uint8_t phase; /* enum plan_phase */
	uint8_t what; /* enum kern_do */
	bool is_load; /* NEW_SVC: under the scheduler "none" */
	uint32_t svc, dest; /* indexes in plan->seats; dest is IPVS_NONE for services */
};

struct plan {
	/* Every entry of `have` that is ours and every wanted one, in the key's order: those that
	 * are there IN, as the kernel has them; the others OUT. ref is that of the wanted entry,
	 * IPVS_NONE for what should go. */
	struct ipvs_table seats;
	struct plan_op *op; /* in order */
	uint32_t op_n, op_cap;
	uint32_t foreign_n; /* services left alone */
};

/* want, have: sorted. owned: sorted; its services that are IN are ours even when they are not wanted
 * any more; may be the same table as have, or NULL. plan is zeroed memory. */
void plan_make(const struct ipvs_table *want, const struct ipvs_table *have,
	       const struct ipvs_table *owned, struct plan *plan);
void plan_fini(struct plan *plan);

/* The single decisions that a plan is made of. have: a seat. want of NULL: it should go. */
enum kern_do plan_svc(const struct ipvs_svc *want, const struct ipvs_svc *have);
enum kern_do plan_dest(const struct ipvs_dest *want, const struct ipvs_dest *have);

/* Does the request take traffic away from a server? */
bool plan_is_stop(enum kern_do what, const struct ipvs_dest *want);

/* The name under which a service is loaded. */
#define PLAN_LOAD_SCHED "none"
