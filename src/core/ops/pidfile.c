/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See pidfile.h.
 */
#include "core/ops/pidfile.h"

#include "core/log.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_to(const char *path)
{
	FILE *f = fopen(path, "we");
	bool is_good;

	if (!f)
		return false;
	is_good = fprintf(f, "%d\n", (int)getpid()) > 0;
	return !fclose(f) && is_good;
}

void pidfile_write(const char *path)
{
	char tmp[PATH_MAX];
	int n;

	if (!path)
		return;
	n = snprintf(tmp, sizeof(tmp), "%s.new", path);
	errno = ENAMETOOLONG;
	if (n > 0 && (size_t)n < sizeof(tmp) && write_to(tmp) && !rename(tmp, path))
		return;
	log_event(LOG_PID_FILE, "file=%s error=\"%s\"", path, strerrordesc_np(errno));
}

void pidfile_remove(const char *path)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	int pid = 0;

	if (!f)
		return;
	if (fscanf(f, "%d", &pid) == 1 && pid == (int)getpid())
		(void)unlink(path);
	(void)fclose(f);
}
