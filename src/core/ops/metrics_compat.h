/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The same facts under the names and labels of exporters that people have dashboards for
 * (metrics.compat). Main.
 */
#pragma once

#include "core/ops/metrics.h"

/* All families of those that the configuration names. */
void metrics_compat(const struct metrics *m, struct text *out);
