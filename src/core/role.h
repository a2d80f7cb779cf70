/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A role: a thread with a mailbox, a loop and a reconcile function. All of vipd's threads but the
 * log writer are roles, and all have this skeleton. One turn:
 *
 *	wait	for a message, a descriptor or a timer
 *	gather	the messages that were posted so far
 *	adopt	the current snapshot, when it is not the one held   -> ops->adopt(), then ACK to main
 *		(a role that adopts in steps says when it is done: role_adopted())
 *	take	the gathered messages                               -> ops->fact() for each
 *	run	timers and descriptors                              -> their own functions
 *	settle	what all this has made necessary                    -> ops->reconcile()
 *
 * A role holds a reference to the generation it runs, so role->conf is valid for the whole turn
 * without a read section.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/loop.h"
#include "core/mbox.h"
#include "core/snap.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum role_id {
	ROLE_MAIN,
	ROLE_VRRP,
	ROLE_REFLECTOR,
	ROLE_IPVS,
	ROLE_TRACKER,
	ROLE_NOTIFY,
	ROLE_CHECK, /* the first worker; worker k is ROLE_CHECK + k */
};

struct role;
struct event_ring;
struct life_pulse;
struct past;

/* Where everything is that roles share. Main fills it before it starts any role; frozen after that but
 * for the atomics. */
struct board {
	struct snap_slot conf; /* struct conf; published by main */
	struct snap_slot links; /* struct link_table (vrrp/link.h); published by the reflector */
	struct snap_slot counters; /* struct counters (core/counters.h); published by ipvs */
	struct mbox *main, *vrrp, *reflector, *ipvs;
	struct mbox *const *check; /* of check_n workers */
	unsigned check_n;
	struct event_ring *vrrp_events, *ipvs_events; /* to the notify role (core/event.h) */
	struct past *past; /* the notify role's (core/ops/past.h); main reads it */

	/* Set by main when the start has gone well so far: the table is vipd's to remove at the end. A start
	 * that fails leaves it as an earlier vipd left it, serving. */
	atomic_bool must_clean;
};

/* All run on the role's own thread. Only init may fail. */
struct role_ops {
	int (*init)(struct role *r); /* before the first turn; 0 or -errno (and why, logged) */

	/* new is role->conf from now on; old is NULL at the first time, else valid until this
	 * returns (hold it with conf_hold() to keep it longer). NULL: this role has no use for it. */
	void (*adopt)(struct role *r, const struct conf *old, const struct conf *new);

	/* False: not yet (the role still needs memory of an older generation). May be NULL. */
	bool (*may_adopt)(struct role *r);

	void (*fact)(struct role *r, enum msg_type type, uint32_t id, uint64_t value);
	void (*reconcile)(struct role *r); /* the end of each turn; may be NULL */
	/* After the last turn, or after init has failed half-way; may block; may be NULL. */
	void (*fini)(struct role *r);
};

struct role {
	const char *name; /* at most 15 characters: the thread's name too */
	enum role_id id;
	const struct role_ops *ops;
	struct board *board;
	int rt_priority; /* SCHED_RR priority; 0 = the normal scheduler */
	int nice; /* for the normal scheduler; 0 = the process's */
	cpu_set_t cpus; /* where it may run; empty = everywhere */
	struct life_pulse *pulse; /* of the watchdog's memory (life.h); NULL: nobody looks */

	/* owned by the role's thread */
	struct loop loop;
	const struct conf *conf; /* the generation it runs; holds a reference */
	bool is_stopping;
	bool is_adopting; /* set in adopt: it goes on with that for some turns; see role_adopted() */
	struct loop_fd box_fd;
	struct timer again; /* the rest of the mailbox */
	struct fact ack;

	/* shared */
	struct mbox box;
	struct fact snap_fact, stop_fact; /* posted by main only */
	atomic_uint_fast64_t heartbeat; /* turns made; moves at least every ROLE_IDLE_US */
	pthread_t thread;
	sem_t has_ended; /* posted by the thread as its last act */
	int start_err;
	bool is_started;
};

enum { ROLE_IDLE_US = 1000000 }; /* longest sleep of a role */

/* Prepares mailbox and facts, so that others may post before it runs. The caller has set the first
 * block of fields. Main. 0 or -errno. */
int role_prepare(struct role *r);

/* Starts the thread and waits until its init and first adopt are done (a role that adopts in steps has
 * begun). Main. 0 or -errno. */
int role_start(struct role *r);

/* The role has taken over all of r->conf, after it had set is_adopting. The role's thread. */
void role_adopted(struct role *r);

/* Posts STOP; role_join() waits up to limit_us and returns -ETIMEDOUT when the role is stuck. Main. */
void role_stop(struct role *r);
int role_join(struct role *r, int64_t limit_us);

/* How many turns it has made, and its processor time. Main, while it runs. */
void role_look(const struct role *r, uint64_t *turns, int64_t *cpu_us);

/* Frees what role_prepare() made. Main, after all roles have been joined. */
void role_release(struct role *r);

/* The same skeleton on the calling thread, for main: init, then turns until r->is_stopping. */
int role_run_here(struct role *r);
