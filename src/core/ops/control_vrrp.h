/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verb that says what the administrator wants of instances.
 */
#pragma once

#include "core/ops/control_wire.h"

enum { WISH_FOR_S = 600 /* how long a release counts when nobody says */ };

/* A row of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_vrrp(void *ctx, const json_t *request, const struct ctl_who *who);
