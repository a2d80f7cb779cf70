/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What should be in the kernel's table: a function of the configuration and of what is known (state.h).
 * Pure.
 *
 * A server, the first line that fits:
 *
 *	maint			out
 *	drain is over		out
 *	service is suspended	as the kernel has it
 *	drain			weight 0 if it is there (DOWN without inhibit: out)
 *	sorry server at work	out, or with weight 0 (inhibit_on_failure)
 *	UP			in with its weight
 *	UNKNOWN			as the kernel has it: so a restart adopts a table without touching it, and a
 *				server is first added when its checks have passed
 *	DOWN in a panic		in with its weight
 *	DOWN			out, or with weight 0 (inhibit_on_failure)
 *
 * A server that fails and comes back again and again leaves the table once in two minutes at most; else it
 * has weight 0 there while it is down (held). For each entry that is deleted, the kernel keeps a note for
 * as long, and looks at all of these notes whenever an entry is added. Clients that the kernel would send
 * to a server of weight 0 all the same are not made to wait for one that is down: with persistence, UDP
 * and marks nothing is held.
 *
 * A sorry server:
 *
 *	service is suspended	as the kernel has it
 *	stop drains		weight 0 if it is there
 *	quorum lost		in with weight 1
 *	quorum not known yet	as the kernel has it
 *	quorum			out, or with weight 0 (inhibit)
 *
 * One that is a server of the service as well is that server while there is quorum.
 */
#pragma once

#include "ipvs/state.h"
#include "ipvs/table.h"

#include <stdint.h>

/* The decision of the first table. */
struct want_case {
	enum health_verdict verdict; /* with alpha */
	uint8_t admin; /* ADMIN_* */
	bool is_drained, is_suspended, is_sorry, is_panic, is_inhibit, is_held;
};

struct want_place {
	enum ipvs_presence presence;
	bool has_weight; /* else 0 */
};

struct want_place want_server(const struct want_case *c);
struct want_place want_sorry(enum quorum_state quorum, bool is_suspended, bool is_ending,
			     bool is_inhibit);

void want_svc(const struct state *st, uint32_t face, struct ipvs_svc *out);
/* slot: of this face */
void want_dest(const struct state *st, uint32_t face, uint32_t slot, struct ipvs_dest *out);

/* All of it, sorted, into an empty table. References are indexes of faces and slots. */
void want_table(const struct state *st, struct ipvs_table *out);
