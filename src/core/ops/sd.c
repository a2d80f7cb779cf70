/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sd.h.
 */
#include "core/ops/sd.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	struct sockaddr_un addr;
	socklen_t addr_len; /* 0: nobody listens */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1]; /* as it was given */
	int64_t watchdog_us;
	char watchdog[24];
} sd;

static void take_watchdog(void)
{
	const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	char *end;
	long long us;

	if (!text || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return;
	us = strtoll(text, &end, 10);
	if (!*text || *end || us <= 0)
		return;
	sd.watchdog_us = us;
	(void)snprintf(sd.watchdog, sizeof(sd.watchdog), "%lld", us);
}

void sd_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	/* a path, or "@" and an abstract name */
	if (len > 1 && len < sizeof(sd.addr.sun_path) && (*path == '/' || *path == '@')) {
		sd.addr.sun_family = AF_UNIX;
		memcpy(sd.addr.sun_path, path, len);
		memcpy(sd.path, path, len);
		if (*path == '@')
			sd.addr.sun_path[0] = '\0';
		sd.addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	}
	take_watchdog();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void sd_restore(void)
{
	if (sd.addr_len)
		(void)setenv("NOTIFY_SOCKET", sd.path, 1);
	if (sd.watchdog_us)
		(void)setenv("WATCHDOG_USEC", sd.watchdog, 1);
}

int64_t sd_watchdog_us(void)
{
	return sd.addr_len ? sd.watchdog_us : 0;
}

void sd_say(const char *fmt, ...)
{
	char text[SD_TEXT_LEN];
	va_list ap;
	int fd;

	if (!sd.addr_len)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		     (const struct sockaddr *)&sd.addr, sd.addr_len);
	(void)close(fd);
}
