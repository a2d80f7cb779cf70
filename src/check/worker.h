/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Inside of a worker, for its files: check.c (the role, and what a new snapshot means for it),
 * work.c (when checks are due, and what comes of them) and work_start.c (which of those that are due start). Nobody else includes it.
 */
#pragma once

#include "check/files.h"
#include "check/kit.h"
#include "check/probe.h"
#include "check/report.h"
#include "check/scripts.h"
#include "core/role.h"

/* A new snapshot is taken over in small steps, between which checks go on. Meanwhile each probe has its
 * settings in the one or the other. */
struct adoption {
	const struct conf *old; /* holds a reference; NULL: there was none */
	uint32_t joined; /* of conf->probe, that were looked at */
	uint32_t linked; /* the same, when all have been joined */
	uint32_t retired; /* the same, of old */
	uint32_t mine_n; /* of conf->probe */
};

/* Checks under way to one address, counted by a hash of it: two addresses may share a count, which then
 * bounds both. */
enum { TARGETS_N = 4096 };

struct check {
	struct role role;
	char name[16];
	unsigned index, n; /* of the pool */
	struct engine engine;
	uint32_t mine_n; /* probes of the snapshot that are this worker's */
	uint8_t turn; /* moves with each snapshot: a probe with another one is not taken over yet */
	uint32_t max_n; /* checks at the same time */
	struct due_heap due;
	struct timer due_timer; /* for the first of them */
	struct probe_queue waiting;
	uint16_t target[TARGETS_N];
	struct probe_queue
		parked[TARGETS_N]; /* those that wait for a place of their target; then one is
					       * under way to it, or before all others in a queue */
	struct probe_queue waiting_tls; /* those that wait for a handshake's place */
	uint64_t random; /* for jitter */
	struct timer more; /* for the next turn: some still wait, and there is room */
	struct probe *gone; /* zombies: their fact is still queued */
	struct report report;
	struct scripts *scripts;
	bool must_resume; /* some services are suspended no more */
	struct files files;
	struct adoption adoption; /* while role.is_adopting */
};

/* Where a snapshot has its probes (conf->check_run): each has been made by its worker, which alone frees it.
 * NULL: not made yet, or, in the one before the last, gone. */
static inline struct probe *_Atomic *work_place(const struct conf *conf, uint32_t index)
{
	return (struct probe * _Atomic *)conf->check_run + index;
}

static inline struct probe *work_at(const struct conf *conf, uint32_t index)
{
	return atomic_load_explicit(work_place(conf, index), memory_order_acquire);
}

/* The snapshot that a probe's index is of. */
const struct conf *work_conf(const struct check *c, const struct probe *p);

static inline struct setting work_setting(const struct check *c, const struct probe *p)
{
	return setting_at(work_conf(c, p), p->index);
}

/* What conf_probe.check was made into; NULL: nothing. */
static inline const struct kit_check *work_kit(const struct check *c, const struct probe *p)
{
	const struct conf *conf = work_conf(c, p);

	return kit_of(conf, conf->probe[p->index].check);
}

/* A new probe, ready to be scheduled. Never NULL. */
struct probe *work_probe_new(struct check *c, struct probe_id id, uint32_t index);

/* A probe that stays, whose settings are at index of the new snapshot now. */
void work_keep(struct check *c, struct probe *p, uint32_t index);

/* Probes that are due wait for their turn from now on. */
void work_fall_due(struct timer *t, int64_t now_us);

/* Its place among those that ask the same, when all probes of the snapshot are there; leader: itself,
 * when it is to be made. */
void work_link(struct check *c, struct probe *p, struct probe *leader);

/* A file has another number. */
void work_track(struct check *c, uint32_t id, struct track_state state);

/* It is made now, and goes on by its schedule then; one that follows: its leader. When it waits for its turn
 * or runs already, nothing is to be done. */
void work_now(struct check *c, struct probe *p);

/* Ends whatever it does. */
void work_halt(struct check *c, struct probe *p);

/* A probe that is due waits for its turn from now on. The caller has the timer of the heap armed anew. */
void work_start_wait(struct check *c, struct probe *p);

/* One that is WAITING does so no more. The caller sets its state. */
void work_start_leave(struct check *c, struct probe *p);

/* The run of one that is RUNNING has ended, which makes a place for another. The caller sets its state. */
void work_start_end(struct check *c, struct probe *p);

/* More checks may be under way to a target than before. */
void work_start_unpark_all(struct check *c);

/* Starts what waits, as far as there is room. */
void work_start_waiting(struct check *c);

/* What the end of a check means. Its state is still RUNNING; its run is gone. */
void work_conclude(struct check *c, struct probe *p, const struct run_result *res);

/* Paused probes of services that are not suspended any more are due soon. */
void work_resume(struct check *c);

/* The engine's word that a check has ended. */
void work_done(struct engine *e, void *owner, const struct run_result *res);
