/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verb that tells one page of a sorted list: what vipctl top shows each second. Of 100,000 servers only
 * those of the page are made into JSON.
 */
#pragma once

#include "core/ops/control_wire.h"

enum { TOP_PAGE_N = 1000 /* last row that a page may reach to */ };

/* A row of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_top(void *ctx, const json_t *request, const struct ctl_who *who);
