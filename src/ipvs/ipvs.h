/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The IPVS role: the one writer of the kernel's load-balancing table.
 *
 *	check n --HEALTH--> [ipvs] --requests in batches--> kern.h
 *
 *	table.h	 services and destinations, as the kernel has them		pure
 *	want.h	 configuration + verdicts -> what should be			pure
 *	plan.h	 what should be, what is -> requests in order			pure
 *	drive.h	 belief, plan, queues; one batch at a time
 *	kern.h	 the seam; kern_genl.h the kernel, kern_memory.h memory
 *	ipvs.h	 the role: messages, timers, log
 *
 * At start the kernel's table is read and adopted: what is right already is not touched. While it runs,
 * a change of health is a request for one server in the next batch. When the kernel's answers show that
 * the table is not as believed, it is read again; every minute it is read anyway, and what others have
 * changed in vipd's services is put right. At stop exactly vipd's services are taken away. A killed
 * vipd leaves the table as it is, and the next one adopts it.
 */
#pragma once

#include "core/role.h"
#include "ipvs/kern.h"

struct ipvs;

/* Takes kern over: ipvs_free() closes it. Never NULL. Main. */
struct ipvs *ipvs_new(struct board *board, struct ipvs_kern *kern);
struct role *ipvs_role(struct ipvs *v);
void ipvs_free(struct ipvs *v);
