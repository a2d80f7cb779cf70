/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A worker of the check pool. See check.c.
 */
#pragma once

#include "core/role.h"

struct check;

/* Worker `index` of n: it has the probes whose id leaves `index` when divided by n. board outlives
 * it. Never NULL. Main. */
struct check *check_new(struct board *board, unsigned index, unsigned n);

/* For role_prepare() and role_start(). */
struct role *check_role(struct check *c);

/* After all roles have been joined: the box of the IPVS role may still hold facts of this worker,
 * which nobody may take any more. */
void check_free(struct check *c);
