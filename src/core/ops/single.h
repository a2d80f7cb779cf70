/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One vipd in a network namespace: two would fight over addresses and table, and the one that stops
 * first would take away what the other serves with. An abstract unix socket is the lock: its name is
 * known in one network namespace only, and it is gone with the process, however that ends.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Takes the lock for the life of the process. Returns 0; -EADDRINUSE with the holder's process id in
 * *pid (0 when it can't be told); or another -errno. Main, before any thread. */
int single_take(pid_t *pid);

/* The same. False: it can't be had, and one sentence has been printed. */
bool single_is_alone(void);
