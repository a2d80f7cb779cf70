/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The processes that instances track: how many there are, and what that means. Owned by the tracker role.
 */
#pragma once

#include "core/role.h"

struct procs;

/* Main. Never NULL. Free it when the VRRP role's box is gone. */
struct procs *procs_new(struct role *role);
void procs_free(struct procs *s);

/* The tracker role. */
void procs_adopt(struct procs *s, const struct conf *new);
void procs_again(struct procs *s); /* tells all results once more */
void procs_end(struct procs *s);
