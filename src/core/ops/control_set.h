/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verb that sets what the administrator wants of servers, and the verb that says why something is as
 * it is.
 */
#pragma once

#include "core/ops/control_wire.h"

/* Rows of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_set(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_explain(void *ctx, const json_t *request, const struct ctl_who *who);
