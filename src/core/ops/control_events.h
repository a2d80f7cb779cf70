/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verbs that tell what has happened: the last events, and each new one as it comes.
 */
#pragma once

#include "core/ops/control_wire.h"

/* Rows of control_verbs; ctx is a struct control_host. The reply of monitor never ends by itself; it goes on
 * at control_poke(). */
struct ctl_reply *control_show_events(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_monitor(void *ctx, const json_t *request, const struct ctl_who *who);
