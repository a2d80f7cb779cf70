/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See spawn_keep.h. It never reads the socket: what main sends while there is no helper is the next
 * one's. It does as little as can be, so that nothing ends it: no signal but KILL, no memory.
 */
#include "core/ops/spawn_keep.h"

#include "core/clock.h"
#include "core/ops/spawn_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int64_t spawn_keep_wait_us(int64_t last_us, int64_t lived_us)
{
	if (!last_us || lived_us >= SPAWN_KEEP_WELL_US)
		return SPAWN_KEEP_FIRST_US;
	return last_us * 2 < SPAWN_KEEP_LAST_US ? last_us * 2 : SPAWN_KEEP_LAST_US;
}

/* False: it has ended because vipd has. */
static bool run_one(int main_fd)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		_exit(spawn_run(main_fd) ? EXIT_SUCCESS : EXIT_FAILURE);
	if (pid < 0)
		return true;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;
}

/* False: vipd has ended meanwhile. Data that waits for the next helper must not wake it all the time. */
static bool rest(int main_fd, int64_t us)
{
	struct pollfd p = { .fd = main_fd, .events = 0 };

	return poll(&p, 1, (int)(us / 1000)) == 0;
}

void spawn_keep(int main_fd)
{
	int64_t wait_us = 0;
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_NAME, "vipd-keeper");
	for (;;) {
		int64_t begin_us = clock_now_us();

		if (!run_one(main_fd))
			return;
		wait_us = spawn_keep_wait_us(wait_us, clock_now_us() - begin_us);
		if (!rest(main_fd, wait_us))
			return;
	}
}
