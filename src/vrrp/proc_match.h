/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a process is one that is counted. As keepalived has it: by its short name (comm), or, with
 * full_command, parameters or param_match, by the first word of its command line and the parameters
 * behind it. Pure.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PROC_COMM_LEN = 16, /* TASK_COMM_LEN: 15 characters */
	PROC_LINE_LEN =
		8192, /* of a command line that is looked at; a longer one never matches as exact */
	PROC_STAT_LEN = 128, /* of /proc/PID/stat: its beginning */
};

/* What is known of a process. */
struct proc_seen {
	int err; /* errno of this machine's own that kept us from looking; 0: none */
	char comm[PROC_COMM_LEN];
	uint32_t line_len; /* 0: not read, or it has none */
	char line[PROC_LINE_LEN + 1]; /* its words, each with its zero byte, and one more */
};

/* Its command line is compared, not its short name. */
bool proc_match_needs_line(const struct fields_track_process *s);

bool proc_match(const struct fields_track_process *s, const struct proc_seen *p);

/* The short name and the state letter in /proc/PID/stat. False: it has neither. */
bool proc_match_stat(const char *text, uint32_t len, char comm[static PROC_COMM_LEN], char *state);
