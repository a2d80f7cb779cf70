/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See netns.h.
 */
#include "core/netns.h"

#include "core/bug.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NETNS_FOLDER "/run/netns" /* of ip-netns(8) */

bool netns_is_name(const char *name)
{
	return name[0] && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..");
}

/* -errno, or the descriptor of a namespace. */
static int open_named(const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (!netns_is_name(name))
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "%s/%s", NETNS_FOLDER, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_enter(const char *name, int *back)
{
	int fd, err = 0;

	*back = -1;
	if (!name)
		return 0;
	fd = open_named(name);
	if (fd < 0)
		return fd;
	*back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*back < 0 || setns(fd, CLONE_NEWNET))
		err = -errno;
	(void)close(fd);
	if (err && *back >= 0)
		(void)close(*back);
	return err;
}

void netns_leave(int back)
{
	if (back < 0)
		return;
	BUG_ON(setns(back, CLONE_NEWNET));
	(void)close(back);
}
