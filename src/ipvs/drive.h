/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Drives the kernel's table to where configuration and health want it, one batch at a time. It holds
 * what the probes said, what vipd believes to be in the kernel (a seat for each server), the plan
 * that is being worked off and the servers whose health has changed since.
 *
 * Nothing is replayed: a queue or a plan only says where to look. What is asked of the kernel is
 * decided in the moment of asking, from the newest verdicts and the belief (plan.h, want.h). A batch
 * is filled in this order: servers that must lose their traffic; the plan; other servers.
 *
 * A request fails in one of three ways:
 *
 *	stale	 EEXIST, ENOENT, ESRCH or a lost answer: the belief is wrong. Only servers that must
 *		 lose their traffic are worked on until drive_read() has read the kernel's table.
 *	refused	 the kernel doesn't take these settings (no such scheduler, ...): told once for each
 *		 service (ipvs.fail), tried again by drive_retry(); everything else goes on.
 *
 * IPVS role. Calls block for as long as the kernel works on one batch, drive_read() for a dump.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/msg.h"
#include "core/nl.h"
#include "ipvs/kern.h"
#include "ipvs/plan.h"
#include "ipvs/want.h"

#include <stdbool.h>
#include <stdint.h>

/* Changes of a scheduler in one batch: the kernel takes milliseconds for each. */
enum { DRIVE_SLOW_N = 8 };

/* Indexes of servers that wait; at most one entry for each. */
struct drive_queue {
	uint32_t *rs;
	uint32_t at, n, cap; /* a ring */
};

struct drive_server {
	uint32_t seat; /* index of seats.dest, or IPVS_NONE */
	bool is_in_stop, is_in_later; /* waits in that queue */
	bool is_asked; /* is in the batch */
};

struct drive_service {
	uint32_t seat; /* index of seats.svc, or IPVS_NONE */
	bool is_told; /* ipvs.fail has been logged for it */
};

/* One request of the batch, beside its struct kern_op. */
struct drive_ask {
	uint32_t svc, dest; /* seats; dest is IPVS_NONE for services */
	union {
		struct ipvs_svc want_svc;
		struct ipvs_dest want_dest;
	};
};

struct drive {
	struct ipvs_kern *kern;
	const struct conf *conf; /* the role's */
	struct want_probe *probe; /* by index of conf->probe */
	struct drive_server *server; /* by index of conf->rs */
	struct drive_service *service; /* by index of conf->vs */
	struct plan plan; /* its seats are the belief */
	uint32_t plan_at; /* next request of the plan */
	struct drive_queue stop, later;
	bool is_stale, is_refused;
	uint64_t requests_n; /* ever sent */
	uint32_t n; /* of the batch */
	bool has_new_svc; /* in the batch */
	uint32_t slow_n; /* changes of a scheduler in the batch */
	struct kern_op op[NL_BATCH_N];
	struct drive_ask ask[NL_BATCH_N];
};

/* Reads the kernel's table for the first time. kern stays the caller's. 0 or -errno. */
int drive_init(struct drive *d, struct ipvs_kern *kern);
void drive_fini(struct drive *d);

/* Works for `new` from now on. The first time (old is NULL) it adopts what was read; later it keeps
 * the verdicts of probes that stay, and lets go the services that are not wanted any more. */
void drive_adopt(struct drive *d, const struct conf *old, const struct conf *new);

/* What a probe says now. Returns true when that changes the verdict over its server; *now is it. */
bool drive_health(struct drive *d, uint32_t probe, struct health h, enum health_verdict *now);

/* Sends one batch. False: nothing is left to do, or nothing can be done before the next
 * drive_read(). */
bool drive_step(struct drive *d);

/* Reads the kernel's table and plans anew. Returns 0 or -errno (the belief stays stale). *is_changed: the
 * kernel had something else than what was believed. */
int drive_read(struct drive *d, bool *is_changed);

/* Plans anew from the belief, to try again what was refused. */
void drive_retry(struct drive *d);

/* Takes every service of vipd out of the kernel's table; returns how many. *is_sure: none is left. */
uint32_t drive_remove(struct drive *d, bool *is_sure);
