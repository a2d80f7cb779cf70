/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What vipd answers over the control channel: a row of the table and a function a verb. What the verbs
 * need of the daemon is in struct control_host, which main fills in.
 */
#pragma once

#include "core/ops/control_wire.h"
#include "core/ops/reload.h"
#include "core/role.h"

struct control_thread {
	const char *name;
	uint64_t turns; /* of its loop */
	uint64_t gen; /* that it works with; 0: none yet */
	int64_t cpu_us; /* processor time */
};

struct counter_desk;

struct control_host {
	void *arg;
	const struct conf *(*running)(void *arg); /* the generation last published */
	uint64_t (*applied)(void *arg); /* the generation that every role works with */
	const struct conf *(*settled)(void *arg); /* the same; before there is one, the first */

	/* What is known of the i-th thread. False: there are not so many. */
	bool (*thread)(void *arg, uint32_t i, struct control_thread *t);

	/* The last results of a probe of that snapshot, which is running()'s: a list, the latest first. */
	json_t *(*results)(const struct conf *c, struct probe_id id);

	/* When the last one came, in whole milliseconds; 0: there is none, or it is not known now. */
	int64_t (*probed_us)(const struct conf *c, struct probe_id id);

	struct admin_book *admin; /* what is set by hand */
	struct role *role; /* main's: its loop, and the board with the boxes of all */
	struct counter_desk *counters; /* what the kernel counts; NULL: nothing does */
	int64_t started_us; /* monotonic */
	pid_t pid;

	/* reload_make() for a file (NULL: the daemon's own) whose includes are in base_dir (NULL: the
	 * daemon's own, or beside the file) */
	void (*make)(void *arg, struct reload *r, const char *file, const char *base_dir,
		     bool is_forced);

	/* Publishes r->next when the verdict is good, else logs why not. */
	void (*commit)(void *arg, struct reload *r);
};

/* For control_start(), with a struct control_host as ctx. */
extern const struct ctl_verb control_verbs[];
