/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verbs of what is written for others: the level of the log, and the metrics as HTTP has them.
 */
#pragma once

#include "core/ops/control_wire.h"

/* Rows of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_log_level(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_metrics(void *ctx, const json_t *request, const struct ctl_who *who);

/* Main, at its end: no timer is armed any more. */
void control_log_stop(void);
