/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See watchdog_stacks.h.
 */
#include "core/ops/watchdog_stacks.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/ops/watchdog_tell.h"
#include "core/stacks.h"

#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ANSWER_US = 500000, /* for all threads to leave their stacks */
	LINE_FRAMES_N = 8, /* a line of the log holds so many */
	PATH_LEN = 64,
};

/* The first line of a file below /proc, without its end; "" when there is none. */
static void read_line(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, len - 1);

	if (fd >= 0)
		(void)close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

/* The letter behind the name in parentheses. */
static char state_of(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' && end[2] ? end[2] : '?';
}

static const struct life_stack *stack_of(const struct life *l, int tid)
{
	for (unsigned i = 0; i < LIFE_STACKS_N; i++)
		if (atomic_load(&l->stack[i].tid) == tid)
			return &l->stack[i];
	return NULL;
}

/* "vipd(turn+0x1c)" of "/usr/sbin/vipd(turn+0x1c) [0x55...]" */
static int frame_text(const char *symbol, char *out, size_t len)
{
	const char *name = strrchr(symbol, '/'), *end = strstr(symbol, " [");

	name = name ? name + 1 : symbol;
	return snprintf(out, len, " %.*s", end > name ? (int)(end - name) : 40, name);
}

static void tell_frames(const char *name, const struct life_stack *s)
{
	uint32_t n = s->n < LIFE_FRAMES_N ? s->n : LIFE_FRAMES_N;
	void *pc[LIFE_FRAMES_N];
	char **symbol;

	for (uint32_t i = 0; i < n; i++)
		pc[i] = (void *)s->pc[i];
	symbol = backtrace_symbols(pc, (int)n);
	for (uint32_t i = 0; symbol && i < n; i += LINE_FRAMES_N) {
		char text[LOG_LINE_LEN] = "";
		size_t at = 0;

		for (uint32_t k = i; k < n && k < i + LINE_FRAMES_N && at < sizeof(text); k++)
			at += (size_t)frame_text(symbol[k], text + at, sizeof(text) - at);
		WATCHDOG_TELL(LOG_ROLE_STACK, "thread=%s at=%u frames=\"%s\"", name, i,
			      *text ? text + 1 : text);
	}
	free(symbol);
}

static void tell_thread(pid_t pid, int tid, const struct life *l)
{
	const struct life_stack *s = stack_of(l, tid);
	char path[PATH_LEN], name[32], stat[256], wchan[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, tid);
	read_line(path, name, sizeof(name));
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, tid);
	read_line(path, stat, sizeof(stat));
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/wchan", (int)pid, tid);
	read_line(path, wchan, sizeof(wchan));
	WATCHDOG_TELL(LOG_ROLE_THREAD, "thread=%s tid=%d state=%c kernel=%s stack=%s", name, tid,
		      state_of(stat), *wchan ? wchan : "?", s ? "below" : "none");
	if (s)
		tell_frames(name, s);
}

/* Calls fn for each thread; returns their number. */
static unsigned each_thread(pid_t pid, void (*fn)(pid_t pid, int tid, const struct life *l),
			    const struct life *l)
{
	char path[PATH_LEN];
	unsigned n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		int tid = (int)strtol(e->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		n++;
		fn(pid, tid, l);
	}
	if (dir)
		(void)closedir(dir);
	return n;
}

static void ask(pid_t pid, int tid, const struct life *l)
{
	(void)l;
	(void)tgkill(pid, tid, STACKS_SIGNAL);
}

static unsigned answered_n(const struct life *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LIFE_STACKS_N; i++)
		n += atomic_load(&l->stack[i].tid) != 0;
	return n;
}

void watchdog_stacks(pid_t pid, struct life *l)
{
	int64_t until_us = clock_now_us() + ANSWER_US;
	unsigned n = each_thread(pid, ask, l);

	(void)kill(pid, SIGCONT);
	while (answered_n(l) < n && clock_now_us() < until_us)
		(void)poll(NULL, 0, 10);
	(void)each_thread(pid, tell_thread, l);
}
