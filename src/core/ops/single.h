/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One vipd in a network namespace: two would fight over addresses and table, and the one that stops
 * first would take away what the other serves with. An abstract unix socket is the lock: its name is
 * known in one network namespace only, and it is gone with the process, however that ends.
 */
#pragma once

#include <stdbool.h>

/* Takes the lock for the life of the process. False: it can't be had, and one sentence has been printed. When
 * a program of another user holds it, which can't be a vipd, that is told, and it is no reason. Main, before any
 * thread. */
bool single_is_alone(void);
