/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which table vipd works on.
 */
#pragma once

#include "ipvs/kern.h"

#include <stdbool.h>

/* The kernel's table in that network namespace (NULL: vipd's own), or one in memory where is_memory says
 * so or the kernel has none and nobody needs it (has_services). *is_kernel: it is the kernel's. NULL:
 * one sentence has been printed. Main, before any role. */
struct ipvs_kern *kern_open(const char *netns, bool is_memory, bool has_services, bool *is_kernel);
