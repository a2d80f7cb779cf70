/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See place.h.
 */
#include "core/ops/place.h"

#include "core/cpus.h"
#include "core/ops/rights.h"
#include "core/ops/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void place(struct role *r, int rt_priority, int nice, const struct conf_strs *cpus)
{
	r->rt_priority = rt_priority;
	r->nice = nice;
	CPU_ZERO(&r->cpus);
	for (uint32_t i = 0; i < cpus->n; i++)
		(void)cpus_add(&r->cpus, cpus->v[i]); /* the texts were checked */
}

void place_vrrp(struct role *r, const struct conf *c)
{
	const struct fields_workers *w = &c->workers.s;

	place(r, w->vrrp_rt_priority, w->vrrp_nice, &w->vrrp_cpus);
}

void place_check(struct role *r, const struct conf *c)
{
	const struct fields_workers *w = &c->workers.s;

	place(r, w->check_rt_priority, w->check_nice, &w->check_cpus);
}

static void set_umask(const struct conf *c, int asked)
{
	unsigned mask = asked >= 0 ? (unsigned)asked : (unsigned)c->global.s.umask;

	(void)umask((mode_t)mask);
	spawn_umask(mask);
}

static int enter(const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "/run/netns/%s", name);

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;

	if (fd >= 0)
		(void)close(fd);
	return err;
}

bool place_process(const struct conf *c, int asked_umask)
{
	const char *name = c->global.s.net_namespace;

	set_umask(c, asked_umask);
	if (!name)
		return rights_settle(c);

	int err = enter(name);

	if (!err) {
		spawn_stop();
		err = spawn_start();
	}
	if (err)
		(void)fprintf(stderr, "vipd: can't enter the network namespace %s: %s\n", name,
			      strerrordesc_np(-err));
	return !err && rights_settle(c);
}
