/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fds.h.
 */
#include "core/ops/fds.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

void fds_fill_standard(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

void fds_raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) || rl.rlim_cur == rl.rlim_max)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl); /* lowering no limit can't fail */
}
