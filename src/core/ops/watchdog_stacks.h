/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The threads of a director that is stuck, as they go to the log: what the kernel says of each, and its
 * stack, if it can still tell it. A thread that a debugger holds or that is in the kernel can't.
 */
#pragma once

#include "core/life.h"

#include <sys/types.h>

/* Asks all threads of the process for their stacks, waits for a moment and logs what came. A process that
 * was stopped (SIGSTOP) goes on for that. The watchdog, right before it kills it. */
void watchdog_stacks(pid_t pid, struct life *l);
