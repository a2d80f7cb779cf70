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
	uint32_t next; /* the first in conf->probe that was not looked at */
	uint32_t linked; /* of probe[], when all of them are there */
	uint32_t retired; /* places of the worker's old list that were looked at */
	struct arena arena; /* what becomes the worker's at the end */
	struct idmap by_id;
	struct probe **probe;
	uint32_t probe_n;
};

/* Checks under way to one address, counted by a hash of it: two addresses may share a count, which then
 * bounds both. */
enum { TARGETS_N = 4096 };

struct check {
	struct role role;
	char name[16];
	unsigned index, n; /* of the pool */
	struct engine engine;
	struct arena arena; /* of by_id */
	struct idmap by_id; /* probe id -> place in probe[] */
	struct probe **probe;
	uint32_t probe_n;
	uint32_t max_n; /* checks at the same time */
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

/* The snapshot that a probe's index is of. */
const struct conf *work_conf(const struct check *c, const struct probe *p);

/* A new probe, ready to be scheduled. Never NULL. */
struct probe *work_probe_new(struct check *c, struct probe_id id, uint32_t index);

/* A probe that stays, whose settings are at index of the new snapshot now. */
void work_keep(struct check *c, struct probe *p, uint32_t index);

/* Its place among those that ask the same, when all probes of the snapshot are there; leader: itself,
 * when it is to be made. */
void work_link(struct check *c, struct probe *p, struct probe *leader);

/* A file has another number. */
void work_track(struct check *c, uint32_t id, struct track_state state);

/* It is made now, and goes on by its schedule then; one that follows: its leader. When it waits for its turn
 * or runs already, nothing is to be done. */
void work_now(struct check *c, struct probe *p);
/* More checks may be under way to a target than before. */
void work_unpark_all(struct check *c);

/* Ends whatever it does. */
void work_halt(struct check *c, struct probe *p);

/* Starts what waits, as far as there is room. */
void work_start_waiting(struct check *c);

/* Paused probes of services that are not suspended any more are due soon. */
void work_resume(struct check *c);

/* The engine's word that a check has ended. */
void work_done(void *owner, const struct run_result *res);
