/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See watch.h.
 */
#include "core/ops/watch.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { SIGNAL_STATUS = 128 }; /* and its number: what shells say of who was killed */

/* The n-th wait: 0, 1, 2, 4 ... s. */
static int64_t back_off_us(unsigned n)
{
	int64_t us = 1000000;

	if (!n)
		return 0;
	while (--n && us < WATCH_WAIT_MAX_US)
		us *= 2;
	return us < WATCH_WAIT_MAX_US ? us : WATCH_WAIT_MAX_US;
}

/* By somebody else. One that had not begun to work yet may be killed for what it does then (want of memory),
 * again and again. */
static struct watch_next killed(const struct watch_end *e, struct watch_next next)
{
	next.quick_n = e->was_ready ? 0 : e->quick_n + 1;
	if (next.quick_n > WATCH_KILLS_N)
		next.wait_us = back_off_us(next.quick_n - WATCH_KILLS_N);
	return next;
}

struct watch_next watch_next(const struct watch_end *e)
{
	bool has_exited = WIFEXITED(e->status);
	struct watch_next next = {
		.status = has_exited ? WEXITSTATUS(e->status) : SIGNAL_STATUS + WTERMSIG(e->status),
		.quick_n = e->quick_n,
	};

	/* it was told to stop, by whatever way; or it has never worked and says why (a file with errors) */
	if (e->was_asked || (has_exited && (!next.status || !e->any_ready)))
		return next;
	next.must_start = true;
	if (!has_exited && WTERMSIG(e->status) == SIGKILL && !e->was_stuck && e->any_ready)
		return killed(e, next);
	if (e->lived_us >= WATCH_WELL_US)
		next.quick_n = 0;
	next.wait_us = back_off_us(next.quick_n++);
	return next;
}

bool watch_is_stuck(struct watch_pulse *w, uint64_t turns, int64_t tick_us, int64_t limit_us)
{
	if (turns != w->turns) {
		*w = (struct watch_pulse){ .turns = turns };
		return false;
	}
	w->still_us += tick_us < 2 * WATCH_TICK_US ? tick_us : 2 * WATCH_TICK_US;
	return w->still_us > limit_us;
}
