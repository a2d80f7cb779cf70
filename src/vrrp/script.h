/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The scripts that instances track: when they run, and what comes of it. Owned by the tracker role.
 */
#pragma once

#include "core/ops/spawn.h"
#include "core/role.h"

struct scripts_tracked;

/* Main. Never NULL. Free it when the VRRP role's box is gone. */
struct scripts_tracked *script_new(struct role *role);
void script_free(struct scripts_tracked *s);

/* The client is main's to open, before the role starts. */
struct spawn_client *script_client(struct scripts_tracked *s);

/* The tracker role, in the order of its life. */
void script_begin(struct scripts_tracked *s);
void script_adopt(struct scripts_tracked *s, const struct conf *new);
void script_again(struct scripts_tracked *s); /* tells all results once more */
void script_end(struct scripts_tracked *s);
