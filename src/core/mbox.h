/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The mailbox of a role: many producers, one consumer, no lock, no malloc, never waits.
 *
 * What travels is a fact: a small value that belongs to the sender and always means "latest". The
 * sender embeds one fact per object; while it is queued, a newer value just replaces the older. So
 * a mailbox holds at most one node for each object: bounded by construction.
 *
 *	who may touch	sender			box		receiver
 *	fact idle	posts it, may free it	-		-
 *	fact queued	may post a new value	owns node	takes it: reads id and value, makes it idle
 *
 *	fact_post with fact_post: allowed (not of one fact)
 *	fact_post with mbox_gather, mbox_deliver: allowed
 *	mbox_gather, mbox_deliver with each other: FORBIDDEN (one consumer)
 *
 * FIFO for the facts of one sender; nothing else is promised. Receivers reconcile.
 */
#pragma once

#include "core/msg.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <urcu/wfcqueue.h>

struct fact {
	struct cds_wfcq_node node;
	enum msg_type type; /* frozen by fact_init() */
	uint32_t id; /* which object; frozen by fact_init() */
	_Atomic uint64_t word; /* bit 63: queued; the rest: the value */
};

#define FACT_VALUE_MAX (UINT64_MAX >> 1)

struct mbox {
	struct __cds_wfcq_head head; /* consumer's end */
	_Alignas(64) struct cds_wfcq_tail tail; /* producers' end */
	_Alignas(64) struct __cds_wfcq_head pending_head; /* spliced off; consumer only */
	struct cds_wfcq_tail pending_tail;
	int event_fd; /* written to when something comes into the empty box; to be watched for edges, and
		       * never read: a turn costs no system call more for it */
};

/* 0 or -errno. */
int mbox_init(struct mbox *b);

/* The box must be empty or its facts abandoned. */
void mbox_fini(struct mbox *b);

void fact_init(struct fact *f, enum msg_type type, uint32_t id);

/* True when the sender may free the fact: no box and no receiver will touch it again. */
bool fact_is_idle(const struct fact *f);

/* The value of the last post; the sender's own use. */
uint64_t fact_value(const struct fact *f);

/* Posts value (at most FACT_VALUE_MAX). Wait-free but for one eventfd write when the box was empty.
 * One thread posts a given fact. */
void fact_post(struct mbox *b, struct fact *f, uint64_t value);

/* Takes everything that waits out of the producers' reach. Consumer only; wait-free.
 *
 * Two steps, because of what the consumer does in between: whatever mbox_deliver() hands out was posted
 * before mbox_gather(), so a snapshot that is read between the two is at least as new as the one that
 * the sender of any of these facts worked with. */
void mbox_gather(struct mbox *b);

/* Hands every gathered fact to fn, oldest first. Consumer only. Never spins: when a producer is in the
 * middle of a post, returns false, and the rest is for the next call, a moment later. */
bool mbox_deliver(struct mbox *b,
		  void (*fn)(void *arg, enum msg_type type, uint32_t id, uint64_t value),
		  void *arg);
