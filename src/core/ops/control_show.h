/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Verbs that only look: status, show_*. Each holds the snapshot that every role works with for as long as its
 * reply is read.
 */
#pragma once

#include "core/ops/control_wire.h"

/* Rows of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_status(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_show_vrrp(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_show_services(void *ctx, const json_t *request,
					const struct ctl_who *who);
struct ctl_reply *control_show_servers(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_show_checks(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_show_threads(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_show_counters(void *ctx, const json_t *request,
					const struct ctl_who *who);
struct ctl_reply *control_show_config(void *ctx, const json_t *request, const struct ctl_who *who);
