/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verb that has checks made now.
 */
#pragma once

#include "core/ops/control_wire.h"

enum {
	CHECK_NOW_N = 1024, /* checks that one request may have made */
	CHECK_NOW_WAIT_S = 60, /* longest wait for their results */
};

/* A row of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_check_now(void *ctx, const json_t *request, const struct ctl_who *who);
