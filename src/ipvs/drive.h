/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Drives the kernel's table to where configuration and health want it, one batch at a time. It holds
 * what is known of servers (state.h), what vipd believes to be in the kernel (a seat for each slot,
 * see face.h), the plan that is being worked off and the slots that have something new since.
 *
 * Nothing is replayed: a queue or a plan only says where to look. What is asked of the kernel is
 * decided in the moment of asking, from the newest state and the belief (plan.h, want.h). Quorum is
 * looked at once in a turn, after all news of it. A batch is filled in this order: servers that must
 * lose their traffic; the plan; other servers. So when quorum is lost the servers leave before the
 * sorry server comes, and the other way round when it is gained.
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
#include "ipvs/state.h"

#include <stdbool.h>
#include <stdint.h>

struct event_ring;

/* Changes of a scheduler in one batch: the kernel takes milliseconds for each. */
enum { DRIVE_SLOW_N = 8 };

/* A server that fails leaves the table once in this time (want.h): as long as the kernel's notes last. */
#define DRIVE_HOLD_US (INT64_C(120) * 1000000)

/* Numbers that wait, at most once each. It grows, and gives its memory back when nothing waits any more:
 * mostly nothing does, and each may be as long as there are servers. Zeroed memory is empty. */
struct drive_queue {
	uint32_t *i;
	uint32_t at, n, cap; /* a ring */
};

/* Lists of servers, one bit each in state_server.lists. */
enum drive_list { DRIVE_RAMP = 1, DRIVE_DRAIN = 2, DRIVE_HOLD = 4 };

struct drive_slot {
	uint32_t seat; /* index of seats.dest, or IPVS_NONE */
	bool is_in_stop, is_in_later; /* waits in that queue */
	bool is_asked; /* is in the batch */
};

struct drive_face {
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

enum drive_what {
	DRIVE_QUORUM_UP,
	DRIVE_QUORUM_DOWN,
	DRIVE_PANIC,
	DRIVE_CALM,
	DRIVE_SUSPENDED,
	DRIVE_RESUMED,
	DRIVE_DRAINED, /* of rs */
};

/* What others want to know of. */
struct drive_event {
	enum drive_what what;
	uint32_t vs, rs; /* indexes in conf */
	bool is_first; /* nothing was known before */
};

struct drive {
	struct ipvs_kern *kern;
	const struct conf *conf; /* the role's */
	void (*tell)(void *arg, const struct drive_event *e);
	void *tell_arg;
	struct event_ring *events; /* to the notify role; NULL: nobody wants to know */
	struct state state;
	struct drive_slot *slot; /* by index of slots */
	struct drive_face *face; /* by index of state.faces.face */
	struct plan plan; /* its seats are the belief */
	uint32_t plan_at; /* next request of the plan */
	struct drive_queue stop, later; /* slots */
	struct drive_queue news; /* services whose quorum may be another */
	bool *is_news; /* by index of conf->vs: waits in news */
	struct drive_queue ramp, drain, hold; /* servers that come back or go */
	bool is_stale, is_refused;
	bool has_resumed; /* a service is suspended no more; the role resets it */
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

/* Works for `new` from now on. The first time (old is NULL) it adopts what was read, or empties the
 * table first (lvs_flush); later it keeps what is known of what stays, and lets go the services that
 * are not wanted any more. 0, or -errno of the flush. */
int drive_adopt(struct drive *d, const struct conf *old, const struct conf *new);

/* What a probe says now. Returns true when that changes the verdict over its server; *now is it. */
bool drive_health(struct drive *d, uint32_t probe, struct health h, int64_t now_us,
		  enum health_verdict *now);

/* What a server says of itself in a check's answer. True: its admin state is another one. */
bool drive_says(struct drive *d, uint32_t probe, struct says says, int64_t now_us);

/* Admin state and weight of a server. True: they are others than before. */
bool drive_admin(struct drive *d, uint32_t rs, struct admin a, int64_t now_us);

/* A VRRP instance is (not) active on this router. */
void drive_vrrp(struct drive *d, uint32_t inst, bool is_active);

/* Everything that is there drains from now on. */
void drive_end(struct drive *d);

/* Servers that come back get the weight of this moment. True: some go on. */
bool drive_ramp(struct drive *d, int64_t now_us);

/* Servers that are held and have been down for long enough leave. True: some go on. */
bool drive_hold(struct drive *d, int64_t now_us);

/* Sends one batch. False: nothing is left to do, or nothing can be done before the next
 * drive_read(). */
bool drive_step(struct drive *d);

/* Reads the kernel's table and plans anew. Returns 0 or -errno (the belief stays stale). *is_changed: the
 * kernel had something else than what was believed. */
int drive_read(struct drive *d, bool *is_changed);

/* Reads the kernel's table and only says how many of vipd's services and servers differ in it. */
int drive_compare(struct drive *d, uint32_t *differ_n);

/* Plans anew from the belief, to try again what was refused. */
void drive_retry(struct drive *d);

/* ------------------------------------------------------------------ drive_leave.c */

/* Looks for connections on servers that drain; those without any, or whose time is over, leave. True:
 * some go on. */
bool drive_look(struct drive *d, int64_t now_us);

/* Connections on all servers of vipd, by a dump. 0 or -errno. */
int drive_conns(struct drive *d, uint64_t *conns_n);

/* Takes every service of vipd out of the kernel's table; returns how many. *is_sure: none is left. */
uint32_t drive_remove(struct drive *d, bool *is_sure);

/* ------------------------------------------------------------------ among drive*.c */

/* Quorum and panic after all news so far. */
void drive_settle(struct drive *d);
void drive_news_of(struct drive *d, uint32_t vs);
void drive_list(struct drive *d, enum drive_list list, uint32_t rs);
uint32_t drive_unlist(struct drive *d, enum drive_list list);
void drive_wake_server(struct drive *d, uint32_t rs);
struct drive_ask *drive_ask_for(struct drive *d, enum kern_do what, uint32_t svc, uint32_t dest);
uint32_t drive_queue_take(struct drive_queue *q);
void drive_queue_put(struct drive_queue *q, uint32_t i);
