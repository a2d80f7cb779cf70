/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Inside of a worker, for its two files: check.c (the role, and what a new snapshot means for it) and
 * work.c (when checks run, and what comes of them). Nobody else includes it.
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

/* Ends whatever it does. */
void work_halt(struct check *c, struct probe *p);

/* Starts what waits, as far as there is room. */
void work_start_waiting(struct check *c);

/* Paused probes of services that are not suspended any more are due soon. */
void work_resume(struct check *c);

/* The engine's word that a check has ended. */
void work_done(struct engine *e, void *owner, const struct run_result *res);
