/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See proc_read.h.
 */
#include "vrrp/proc_read.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_LEN = 40 }; /* "/proc/4294967295/cmdline" */

/* The beginning of one of its files; its length, or -1. */
static ssize_t read_file(uint32_t pid, const char *name, char *buf, size_t cap, int *err)
{
	char path[NAME_LEN];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			*err = errno;
		return -1;
	}
	n = read(fd, buf, cap);
	(void)close(fd);
	return n;
}

static bool read_line(uint32_t pid, struct proc_seen *p)
{
	ssize_t n = read_file(pid, "cmdline", p->line, PROC_LINE_LEN, &p->err);

	if (n < 0)
		return false;
	/* a program that has written over it may have left it without its last zero byte */
	p->line[n] = '\0';
	p->line_len = (uint32_t)n + (n && p->line[n - 1]);
	return true;
}

bool proc_read(uint32_t pid, struct proc_want want, struct proc_seen *p)
{
	ssize_t n = 0;

	p->err = 0;
	p->line_len = 0;
	p->comm[0] = '\0';
	if (want.comm) {
		n = read_file(pid, "comm", p->comm, sizeof(p->comm), &p->err);
		if (n <= 0)
			return false;
		p->comm[n - 1] = '\0'; /* its newline */
	}
	return !want.line || read_line(pid, p);
}

/* False: there is nothing to be counted. */
static bool read_running(uint32_t pid, struct proc_want want, struct proc_seen *p)
{
	char text[PROC_STAT_LEN], state = '\0';
	ssize_t n = read_file(pid, "stat", text, sizeof(text), &p->err);

	p->line_len = 0;
	if (n <= 0 || !proc_match_stat(text, (uint32_t)n, p->comm, &state))
		return false;
	if (state == 'Z' || state == 'X')
		return false;
	return !want.line || read_line(pid, p);
}

int proc_read_all(struct proc_want want, struct proc_seen *p, void (*fn)(void *arg, uint32_t pid),
		  void *arg)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;

	if (!dir)
		return -errno;
	p->err = 0;
	while (!p->err && (e = readdir(dir))) {
		unsigned long pid =
			isdigit((unsigned char)e->d_name[0]) ? strtoul(e->d_name, NULL, 10) : 0;

		if (pid && pid <= UINT32_MAX && read_running((uint32_t)pid, want, p))
			fn(arg, (uint32_t)pid);
	}
	(void)closedir(dir);
	return -p->err;
}
