/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The IPVS role: the one writer of the kernel's load-balancing table.
 *
 *	check n --HEALTH, WEIGHT--> [ipvs] --requests in batches--> kern.h
 *	vrrp ----VRRP_STATE--------^   ^
 *	main ----ADMIN, COUNT----------'
 *
 *	table.h	 services and destinations, as the kernel has them		pure
 *	face.h	 a service's addresses: each a service of the kernel		pure
 *	state.h	 verdicts, admin states, weights, quorum (quorum.h, here.h)	pure
 *	want.h	 configuration + state -> what should be			pure
 *	plan.h	 what should be, what is -> requests in order			pure
 *	drive.h	 belief, plan, queues; one batch at a time
 *	knobs.h	 timeouts, synchronisation (syncd.h)
 *	count.h	 what the kernel counts, for status and metrics
 *	kern.h	 the seam; kern_genl.h the kernel, kern_memory.h memory
 *	ipvs.h	 the role: messages, timers; ipvs_log.h, ipvs_stop.h
 *
 * At start the kernel's table is read and adopted: what is right already is not touched. While it runs,
 * a change of health is a request for one server in the next batch. When the kernel's answers show that
 * the table is not as believed, it is read again; every half minute (drift) it is read anyway, and what
 * others have changed in vipd's services is put right. At stop exactly vipd's services are taken away,
 * unless on_stop says otherwise. A killed vipd leaves the table as it is, and the next one adopts it.
 */
#pragma once

#include "core/role.h"
#include "ipvs/kern.h"

struct ipvs;

/* Takes kern over: ipvs_free() closes it. Never NULL. Main. */
struct ipvs *ipvs_new(struct board *board, struct ipvs_kern *kern);
struct role *ipvs_role(struct ipvs *v);
void ipvs_free(struct ipvs *v);

/* How long, at stop, a role waits for connections to end: 0 for any but this one. Main, while the role's
 * configuration is current. */
int64_t ipvs_stop_us(const struct conf *c, const struct role *r);
