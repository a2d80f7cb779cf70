/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker role: reads the files that instances and checks track, has the scripts of instances run and
 * counts their processes, and tells the VRRP role, and of files the workers of the check role, of each new
 * result (MSG_TRACK). On a thread of its own, since reading may take long.
 */
#pragma once

#include "core/ops/spawn.h"
#include "core/role.h"

#include <stddef.h>
#include <stdint.h>

struct tracker;

/* Main. tracker_free() after its role has ended and the boxes of the other roles are gone. */
struct tracker *tracker_new(struct board *board);
struct role *tracker_role(struct tracker *t);
void tracker_free(struct tracker *t);

/* Scripts run by this client, which is main's to open before the role starts. */
struct spawn_client *tracker_spawn(struct tracker *t);

/* The first number in a file's text, as strtol() reads it with base 0. No digits: 0. 0 or -ERANGE: more
 * than 32 bits. Pure. */
int tracker_number(const char *text, int32_t *value);
