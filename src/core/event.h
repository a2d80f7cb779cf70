/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events: what a role tells people of, by way of the notify role (scripts, FIFOs, mail, history).
 *
 * A fact (mbox.h) says what is; an event says what happened, and none replaces another: an instance
 * that goes up, down and up again has three scripts to run. So each role that tells something has a
 * ring of its own to the notify role: one producer, one consumer, no lock, no allocation, never waits.
 *
 *	who may touch	slots before tail	slots from tail to head	slots from head on
 *	producer	writes			-			-
 *	consumer	-			reads			-
 *
 * A ring that is full drops what does not fit, counts it (ring->lost_n) and remembers that it did. When
 * there is room again, the producer tells the present state of each of its objects (event_resync_from())
 * and the consumer, which knows what it told last, tells only what is another. So what is lost are
 * steps in between, never where things stand in the end; and nothing is invented.
 *
 * An object is named by its id, in the words of a generation (event.gen). The consumer keeps the old
 * generation until the producer has adopted the new one and everything before it has been read: so an
 * object that a reload has removed still has its name and its scripts when that is told.
 */
#pragma once

#include "core/mbox.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum event_type {
	EVENT_NONE,
	EVENT_INST, /* id: instance; from, to: enum event_state; number: effective priority */
	EVENT_INST_PRIO, /* id: instance; to: its state; number: the new effective priority */
	EVENT_INST_LOWER, /* id: instance; an active one heard an advert that it beats; number: the
			   * instance's priority, other: the advert's */
	EVENT_GROUP, /* id: sync group; from, to: enum event_state */
	EVENT_SERVER, /* id: server; from, to: enum health_verdict; other: the probe that decided */
	EVENT_CHECK, /* id: server; other: a probe; to: its verdict; the server's stayed the same */
	EVENT_WEIGHT, /* id: server; number: the weight that it has when nothing is against it */
	EVENT_ADMIN, /* id: server; from, to: ADMIN_*; number: weight, or EVENT_NO_NUMBER */
	EVENT_DRAINED, /* id: server */
	EVENT_QUORUM, /* id: service; from, to: enum health_verdict, UP = has quorum */
	EVENT_PANIC, /* id: service; to: 1 it begins, 0 it ends */
	EVENT_SUSPENDED, /* id: service; to: 1 no address of it is here, 0 one is */
	EVENT_ADDED, /* id: server; a reload brought it */
	EVENT_TYPE_N
};

#define EVENT_NO_NUMBER UINT64_MAX

/* States of instances and groups as people are told them. The numbers are those of vrrp/fsm.h for the
 * first four. */
enum event_state {
	EVENT_STATE_NONE,
	EVENT_STATE_INIT,
	EVENT_STATE_BACKUP,
	EVENT_STATE_ACTIVE,
	EVENT_STATE_FAULT,
	EVENT_STATE_STOP, /* vipd stops */
	EVENT_STATE_GONE, /* a reload has removed it, or it starts anew as another */
	EVENT_STATE_N
};

/* Why a server is as it is. */
struct event_reason {
	uint8_t reason; /* enum check_reason (core/reason.h) */
	uint16_t code; /* protocol status; 0: none */
	uint32_t duration_us;
};

/* What stands behind a quorum. */
struct event_quorum {
	uint32_t quorum, hysteresis;
	uint64_t weight; /* of the servers that are alive, or may be */
};

struct event {
	int64_t wall_us; /* CLOCK_REALTIME; set by event_post(), as is gen */
	uint64_t gen; /* of the snapshot that the id is from */
	uint32_t id, other;
	uint8_t type; /* enum event_type */
	uint8_t from, to;
	bool is_first; /* nothing was known before: a start */
	bool is_resync; /* only a state, no step: tell it if another was told last */
	uint64_t number;
	union {
		struct event_reason check; /* SERVER, CHECK */
		struct event_quorum quorum; /* QUORUM */
	};
};

#define EVENT_NO_RESYNC UINT32_MAX

struct event_ring {
	struct event *slot;
	uint32_t mask; /* slots - 1 */
	struct mbox *box; /* of the consumer, which is woken; NULL: of nobody (tests) */
	struct fact fact; /* MSG_EVENT */
	_Alignas(64) atomic_uint_fast64_t head; /* events ever posted; written by the producer */
	atomic_uint_fast64_t lost_n; /* events that did not fit; written by the producer */
	atomic_uint_fast64_t gen; /* the generation that the producer works with; 0: none yet */
	uint32_t resync_at; /* producer's: the first object not told yet, or EVENT_NO_RESYNC */
	_Alignas(64) atomic_uint_fast64_t tail; /* events ever taken; written by the consumer */
};

/* Makes a ring for at least n events, its memory touched; role: of the producer (enum role_id). Main,
 * before either end runs. */
void event_ring_init(struct event_ring *r, uint32_t n, uint32_t role, struct mbox *box);
void event_ring_fini(struct event_ring *r);

/* ---- producer ---- */

/* Posts a copy; wall_us is set here. A ring that is full counts it as lost; see above. r NULL: nobody
 * wants to know (tests). Never waits. */
void event_post(struct event_ring *r, const struct event *e);

/* The producer works with this generation now, and has told of everything that it ended. */
void event_adopted(struct event_ring *r, uint64_t gen);

/* At the end of each turn: the first object whose state is to be told anew, or EVENT_NO_RESYNC. It is
 * told object by object while event_has_room(), then event_resync_to(): the next one to be told, or
 * EVENT_NO_RESYNC: that was all. */
uint32_t event_resync_from(const struct event_ring *r);
bool event_has_room(const struct event_ring *r);
void event_resync_to(struct event_ring *r, uint32_t next);

/* ---- consumer ---- */

/* The oldest one that was not taken, or NULL. Valid until event_take(). */
const struct event *event_peek(const struct event_ring *r);
void event_take(struct event_ring *r);

/* The producer's generation. What it posted in older ones is in the ring when this returns. */
uint64_t event_gen(const struct event_ring *r);

/* ---- anybody ---- */

uint64_t event_lost_n(const struct event_ring *r);
