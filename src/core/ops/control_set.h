/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verb that sets what the administrator wants of servers, and the verb that says why something is as
 * it is.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/control_wire.h"

/* Rows of control_verbs; ctx is a struct control_host. */
struct ctl_reply *control_set(void *ctx, const json_t *request, const struct ctl_who *who);
struct ctl_reply *control_explain(void *ctx, const json_t *request, const struct ctl_who *who);

/* The servers that the members match and service of a request mean: indexes of c->rs, to be freed; n of them.
 * *why: NULL, or why nobody is looked for (then n is 0). */
uint32_t *control_meant(const struct conf *c, const json_t *request, uint32_t *n, const char **why);
