/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What vipd does when it meets its own mistake: say where, and abort, so that a supervisor starts it
 * again. A dead vipd changes nothing in the kernel; a wrong one might.
 */
#pragma once

#include <stdbool.h>

/* Aborts with file, line and text on standard error. Any thread. */
_Noreturn void bug_die(const char *file, int line, const char *what);

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (__builtin_expect(!!(cond), 0))                                                 \
			bug_die(__FILE__, __LINE__, #cond);                                        \
	} while (0)

/* An impossible value of one of our enums: dies with its name. */
#define BUG(what) bug_die(__FILE__, __LINE__, (what))

/* The object that holds a member; the cast is safe because the caller names the type. */
#define container_of(ptr, type, member)                                                            \
	((type *)(void *)((char *)(ptr) - __builtin_offsetof(type, member)))
