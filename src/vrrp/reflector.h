/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reflector role: the kernel side of VRRP. See reflector.c.
 */
#pragma once

#include "core/role.h"

struct reflector;

/* board outlives it. Never NULL. Main. */
struct reflector *reflector_new(struct board *board);

/* For role_prepare() and role_start(). The link table is published when role_start() returns. */
struct role *reflector_role(struct reflector *rf);

/* After the role has been joined. */
void reflector_free(struct reflector *rf);
