/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Processors by their numbers, as vrrp_cpu_affinity and checker_cpu_affinity have them. Pure.
 */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* Adds "3" or "0-2" to the set. False: the text is neither, or names a processor that the kernel's
 * interface has no bit for (CPU_SETSIZE); the set is unchanged then. Whether there is such a processor is
 * the kernel's word. */
bool cpus_add(cpu_set_t *set, const char *text);
