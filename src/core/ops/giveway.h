/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Main gives way to the other roles while it reads a configuration: they have less to do and more haste.
 * Main only.
 */
#pragma once

#include <stdbool.h>

enum { GIVEWAY_NICE = 10 }; /* added to main's nice value meanwhile */

struct giveway {
	int start; /* the nice value of this thread when it was asked, and again after giveway_end() */
	bool is_allowed; /* the way back is: CAP_SYS_NICE, or a limit (RLIMIT_NICE) that has room */
};

/* Finds out, once at start, whether a thread here that has given way can take it back. */
void giveway_init(struct giveway *g);

/* Nothing where the way back is not allowed. Any number of calls is as good as one. */
void giveway_begin(const struct giveway *g);
void giveway_end(const struct giveway *g);
