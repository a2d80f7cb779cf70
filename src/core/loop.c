/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See loop.h. epoll_pwait2() takes nanoseconds: with plain epoll_wait() a timer would be up to a
 * millisecond late.
 */
#include "core/loop.h"

#include "core/bug.h"
#include "core/clock.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

int loop_init(struct loop *l)
{
	l->timers.root = NULL;
	l->ready_n = 0;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll_fd < 0 ? -errno : 0;
}

void loop_fini(struct loop *l)
{
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	l->epoll_fd = -1;
}

int loop_add(struct loop *l, struct loop_fd *lf, int fd, uint32_t events, loop_fn *fn)
{
	struct epoll_event ev = { .events = events, .data.ptr = lf };

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	lf->fd = fd;
	lf->fn = fn;
	return 0;
}

void loop_set(struct loop *l, struct loop_fd *lf, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = lf };

	/* needs no memory, so only a descriptor that is not in the loop could make it fail */
	BUG_ON(epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, lf->fd, &ev));
}

void loop_forget(struct loop *l, struct loop_fd *lf)
{
	lf->fd = -1;
	for (int i = 0; i < l->ready_n; i++)
		if (l->ready[i].data.ptr == lf)
			l->ready[i].data.ptr = NULL;
}

void loop_del(struct loop *l, struct loop_fd *lf)
{
	if (lf->fd < 0)
		return;
	/* ENOENT or EBADF would mean that the owner closed it first: its bug, and a silent one */
	BUG_ON(epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, lf->fd, NULL));
	loop_forget(l, lf);
}

void loop_wait(struct loop *l, int64_t max_wait_us)
{
	int64_t next_us = timer_next_us(&l->timers);
	int64_t wait_us =
		max_wait_us < 0 ? 0 : max_wait_us; /* a moment that has passed meanwhile */

	if (next_us != TIMER_NEVER) {
		int64_t left_us = next_us - clock_now_us();

		if (left_us < wait_us)
			wait_us = left_us < 0 ? 0 : left_us;
	}

	struct timespec ts = { .tv_sec = wait_us / SEC(1), .tv_nsec = wait_us % SEC(1) * 1000 };
	int n = epoll_pwait2(l->epoll_fd, l->ready, LOOP_BATCH_N, &ts, NULL);

	BUG_ON(n < 0 && errno != EINTR);
	l->ready_n = n < 0 ? 0 : n;
}

void loop_run(struct loop *l)
{
	(void)timer_run(&l->timers, clock_now_us(), LOOP_TIMERS_N);
	for (int i = 0; i < l->ready_n; i++) {
		struct loop_fd *lf = l->ready[i].data.ptr;

		if (lf)
			lf->fn(lf, l->ready[i].events);
	}
	l->ready_n = 0;
}
