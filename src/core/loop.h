/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * epoll and timers of one thread. Owned by that thread.
 */
#pragma once

#include "core/timer.h"

#include <stdint.h>
#include <sys/epoll.h>

struct loop_fd;
typedef void loop_fn(struct loop_fd *lf, uint32_t epoll_events);

/* Embed it in what owns the descriptor. The descriptor itself stays the owner's to close, after
 * loop_del(). */
struct loop_fd {
	int fd; /* -1: not in a loop */
	loop_fn *fn;
};

enum {
	LOOP_BATCH_N = 64, /* descriptors served in one turn */
	LOOP_TIMERS_N = 256, /* timers run between two looks at the descriptors */
};

struct loop {
	struct timer_heap timers;
	int epoll_fd;
	struct epoll_event ready[LOOP_BATCH_N];
	int ready_n; /* of this turn; loop_del() clears entries that are still to come */
};

/* 0 or -errno. */
int loop_init(struct loop *l);
void loop_fini(struct loop *l);

/* 0 or -errno. */
int loop_add(struct loop *l, struct loop_fd *lf, int fd, uint32_t events, loop_fn *fn);

/* Other events for a descriptor that is in the loop; 0: errors and hang-up only. */
void loop_set(struct loop *l, struct loop_fd *lf, uint32_t events);

/* After it fn is not called any more, not even for an event of this turn. Idempotent. */
void loop_del(struct loop *l, struct loop_fd *lf);

/* The same without the system call, for a descriptor that is closed at once and was never duplicated:
 * closing takes it out of epoll. */
void loop_forget(struct loop *l, struct loop_fd *lf);

/* Waits until a descriptor is ready, a timer is due or max_wait_us has passed; then returns. The
 * caller does what it wants first in a turn and calls loop_run(). */
void loop_wait(struct loop *l, int64_t max_wait_us);

/* Serves what loop_wait() found: due timers first (an advert must not wait for a flood of packets),
 * then descriptors. */
void loop_run(struct loop *l);
