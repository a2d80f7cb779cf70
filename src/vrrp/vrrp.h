/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The VRRP role: runs every virtual router of the configuration. See the picture in vrrp.c.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/spawn.h"
#include "core/role.h"

#include <stddef.h>

struct vrrp;

/* Main. board must outlive it; its mailboxes of others are read from the start of the role on. */
struct vrrp *vrrp_new(struct board *board);

/* For role_prepare() and so on. */
struct role *vrrp_role(struct vrrp *v);

/* The role that looks at what instances track (tracker.h), and its client; freed with v. */
struct role *vrrp_tracker_role(struct vrrp *v);
struct spawn_client *vrrp_tracker_spawn(struct vrrp *v);

/* Main, when every role has ended: facts may lie in their mailboxes until then. NULL is allowed. */
void vrrp_free(struct vrrp *v);

/* Bytes that conf->vrrp_run must have, zeroed and from the arena, before the snapshot is published. */
size_t vrrp_run_len(const struct conf *c);
