/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Work in another network namespace, one that ip-netns(8) has named: a socket belongs for ever to the
 * namespace that its thread was in when it was made. For the calling thread alone; needs CAP_SYS_ADMIN.
 */
#pragma once

#include <stdbool.h>

/* Can it be the name of one? */
bool netns_is_name(const char *name);

/* Enters it; *back is for netns_leave(). name of NULL: stays, *back is -1. 0 or -errno (-ENOENT: there is
 * none of this name); the thread is where it was then. */
int netns_enter(const char *name, int *back);

/* Goes back to where the thread came from. That it can't is a bug: it would go on in the wrong place. */
void netns_leave(int back);
