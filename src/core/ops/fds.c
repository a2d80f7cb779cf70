/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fds.h.
 */
#include "core/ops/fds.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OTHERS_N = 64 }; /* descriptors for everything but checks */

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

void fds_check(const struct conf *c, const char *file, struct err_list *errs)
{
	uint64_t need = c->probe_n, kept = 0;
	struct rlimit rl;

	if (need > c->workers.s.inflight_max)
		need = c->workers.s.inflight_max;
	for (uint32_t i = 0; i < c->probe_n; i++)
		kept += c->check[c->probe[i].check].s.keepalive;
	need += kept + OTHERS_N;
	if (getrlimit(RLIMIT_NOFILE, &rl) || rl.rlim_max == RLIM_INFINITY || need <= rl.rlim_max)
		return;
	err_add(errs, ERR_WARNING, file, 0,
		"checks may need %llu descriptors (%llu of them for kept connections), and this "
		"process may have %llu: raise LimitNOFILE, or checks wait and connections are not "
		"kept",
		(unsigned long long)need, (unsigned long long)kept,
		(unsigned long long)rl.rlim_max);
}
