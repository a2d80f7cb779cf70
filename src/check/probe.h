/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One probe: a check of a server, its schedule and its verdict. Owned by the worker that has it.
 *
 *	COLD ----> SCHEDULED ----> WAITING ----> RUNNING
 *	 | |         |  |  ^         |   |         |   |
 *	 | |         |  |  +---------+---|---------+   |
 *	 | +---------+--|----------------+-------------+--> GONE
 *	 |              v                                    ^
 *	 +---------> FOLLOWING (to and from SCHEDULED) ------+
 *
 *	FOLLOWING: another probe asks the same, and this one takes what that one finds. WAITING: due, in the queue for its turn. GONE: out of the configuration; freed when its fact is
 *	not queued any more.
 */
#pragma once

#include "check/due.h"
#include "check/health.h"
#include "check/history.h"
#include "check/steps.h"
#include "check/urls.h"
#include "core/conf/conf.h"
#include "core/mbox.h"

#include <stdbool.h>
#include <stdint.h>

enum probe_state {
	PROBE_COLD,
	PROBE_SCHEDULED,
	PROBE_WAITING,
	PROBE_RUNNING,
	PROBE_FOLLOWING,
	PROBE_GONE,
	PROBE_STATE_N
};

struct file;

/* What only some probes need. */
struct probe_more {
	struct run_keep keep;
	struct urls urls;
	struct run_weight weight; /* what it said last */
	uint8_t admin; /* ADMIN_*: the same */
	bool has_told; /* weight_fact has been posted */
	struct fact weight_fact;
	struct file *file; /* files.h: what it hangs on; NULL: nothing */
	struct probe *file_next, *file_prev;
};

/* There are a hundred thousand of them: 184 bytes, which fill what malloc() makes of it. */
struct probe {
	struct fact fact; /* its id is the probe's */
	struct due due;
	uint32_t index; /* in conf->probe of the snapshot that is meant by turn */
	struct probe_more *more; /* with TLS, kept connections or several requests; else NULL */
	union {
		struct run *run; /* RUNNING */
		/* WAITING: the queue; FOLLOWING: its leader's list; GONE: next only */
		struct {
			struct probe *next, *prev;
		};
	};
	/* Who has a leader has no followers: ask probe_leader() and probe_followers(). */
	union {
		struct probe *leader;
		struct probe *followers; /* whose next it is */
	};
	struct health_state health;
	uint8_t state : 4; /* enum probe_state */
	uint8_t has_leader : 1;
	uint8_t is_paused : 1; /* SCHEDULED: it was due, and its service is suspended */
	uint8_t is_waiting_tls : 1; /* WAITING: in the queue for a handshake */
	uint8_t is_parked : 1; /* WAITING: in the queue of its target, which has no place */
	uint8_t turn; /* the worker's when it last took the probe over (worker.h) */
	struct history history; /* FOLLOWING: its leader's counts */
};

_Static_assert(sizeof(struct probe) <= 184, "memory of a hundred thousand");

static inline uint32_t probe_id(const struct probe *p)
{
	return p->fact.id;
}

/* FOLLOWING; NULL: not known yet. */
static inline struct probe *probe_leader(const struct probe *p)
{
	return p->has_leader ? p->leader : NULL;
}

static inline struct probe *probe_followers(const struct probe *p)
{
	return p->has_leader ? NULL : p->followers;
}

/* Never NULL. COLD. The caller calls health_init(). */
struct probe *probe_new(struct probe_id id);

/* From now on it takes the results of that one, and not any more. */
void probe_follow(struct probe *p, struct probe *leader);
void probe_unfollow(struct probe *p);

/* None of its facts is queued. */
bool probe_is_idle(const struct probe *p);

/* GONE or never started, and its facts idle or abandoned. */
void probe_free(struct probe *p);

/* The one place that writes state; a step that is not in the picture is a BUG. */
void probe_set_state(struct probe *p, enum probe_state next);

/* Probes that are due and wait for their turn, in the order in which they fell due. Zeroed memory
 * is empty. */
struct probe_queue {
	struct probe *head, *tail;
};

void probe_queue_put(struct probe_queue *q, struct probe *p);

/* Before all others. */
void probe_queue_put_first(struct probe_queue *q, struct probe *p);

/* The first one, or NULL. */
struct probe *probe_queue_take(struct probe_queue *q);

/* It is in the queue. */
void probe_queue_remove(struct probe_queue *q, struct probe *p);
