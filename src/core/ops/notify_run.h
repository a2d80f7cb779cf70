/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The scripts of events: asks the script helper (spawn.h) for them, in the order of the events of each
 * object, and never waits.
 *
 * An object that has scripts to run has a queue. The scripts of one event (the one of the state, and
 * `notify`) are started together, in this order; those of the object's next event wait until they have
 * ended or their time is up. So an instance is never told that it is backup while its notify_master
 * still runs, and one that hangs delays nobody else. Objects that have something to start take turns.
 *
 * What a helper that has died was asked for is asked of the next one, once more. A result that never comes
 * (the helper could not send it) blocks its object no longer than all that runs may take, one by one.
 *
 * Notify role only.
 */
#pragma once

#include "core/ops/notify_say.h"
#include "core/ops/spawn.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RUN_JOBS_N = 131072, /* scripts that wait, in all; more are dropped and counted */
	RUN_OBJECT_N = 256, /* of them, of one object */
	RUN_AT_ONCE_N = 256, /* asked of the helper at the same time; it has a bound of its own */
	RUN_BUCKETS_N = 4096,
	RUN_AGAIN_US = 200000, /* until a helper that takes nothing is asked again */
	RUN_LATE_US = 60000000, /* a result that comes so much later than it can is lost */
};

struct run_job;
struct run_object;

/* Asked for and not ended. */
struct run_slot {
	struct run_object *object; /* NULL: free */
	struct run_job *job; /* its own, until it has ended */
	int64_t late_us; /* from then on its result is not waited for */
	uint32_t id; /* goes out and comes back: the slot, and above it a count */
};

struct notify_run {
	struct spawn_client client; /* main opens it */
	struct loop *loop;
	struct run_object *bucket[RUN_BUCKETS_N]; /* by id */
	struct run_object *first, *last; /* those that have something to start */
	struct run_slot slot[RUN_AT_ONCE_N];
	struct timer again;
	struct timer late; /* armed while something runs */
	uint32_t jobs_n, running_n;
	bool is_drop_told;
};

/* Zeroed memory. The client is opened already, or has fd -1. */
void notify_run_init(struct notify_run *r, struct loop *loop);

/* What still runs is ended by the helper. */
void notify_run_fini(struct notify_run *r);

/* The scripts of one event of the object with this id. conf: in which they are. */
void notify_run_say(struct notify_run *r, const struct conf *conf, uint32_t id,
		    const struct say *s);

/* Nothing waits and nothing runs. */
bool notify_run_is_idle(const struct notify_run *r);
