/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the HTTP endpoint answers: /metrics, /api/... (the lines of vipctl's verbs as one object) and the
 * status page.
 */
#pragma once

#include "core/ops/httpd.h"

/* For httpd_start(), with a struct control_host as ctx. */
extern const struct httpd_path httpd_paths[];
