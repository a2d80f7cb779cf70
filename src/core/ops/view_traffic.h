/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel counts of a service or a server (core/counters.h), as JSON: the member `traffic` of what
 * vipctl prints and other programs read. Main.
 */
#pragma once

#include "core/counters.h"

#include <jansson.h>

/* null when k is NULL or the kernel has no such entry. Never NULL; the caller's to release. */
json_t *view_traffic_vs(const struct counters *k, uint32_t vs_id);
json_t *view_traffic_rs(const struct counters *k, uint32_t rs_id);
