/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The numbers of files that a worker has been told by the tracker role (MSG_TRACK), and which of its
 * probes hang on each. Owned by the worker.
 */
#pragma once

#include "check/probe.h"

enum { FILES_BUCKETS_N = 64 };

struct file {
	uint32_t id; /* struct track_id */
	struct track_state state;
	struct probe *first; /* of those that hang on it: probe_more.file_next */
	struct file *next;
};

/* Zeroed memory knows nothing. */
struct files {
	struct file *bucket[FILES_BUCKETS_N];
};

/* What was told last. */
struct track_state files_state(const struct files *f, uint32_t id);

/* News: those that hang on it, by file_next; NULL: none. */
struct probe *files_take(struct files *f, uint32_t id, struct track_state state);

/* From now on it hangs on that file, and not any more. A probe that has probe_more. */
void files_join(struct files *f, uint32_t id, struct probe *p);
void files_leave(struct probe *p);

/* Forgets files that are not in the configuration. */
void files_prune(struct files *f, const struct conf *conf);

/* Forgets all. No probe hangs on any. */
void files_fini(struct files *f);
