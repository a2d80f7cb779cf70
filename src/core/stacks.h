/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stacks of all threads, for a watchdog that finds one of them standing still: each thread is sent
 * STACKS_SIGNAL and leaves its frames in the shared memory of life.h. Only addresses: a handler must not
 * allocate, and the watchdog, of which the director is a fork, has the same program at the same places.
 */
#pragma once

#include "core/life.h"

#include <signal.h>

#define STACKS_SIGNAL (SIGRTMIN + 3)

/* Installs the handler and lets the calling thread, and those that it makes, take the signal. Main, before
 * any thread. */
void stacks_init(struct life *l);

/* All signals but that one (all, when there is no watchdog): the mask of every thread of the director. */
void stacks_mask(sigset_t *set);
