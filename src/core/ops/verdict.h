/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * --check: a configuration is read and judged, nothing else. Also how findings are printed.
 */
#pragma once

#include "core/err.h"
#include "core/ops/options.h"

#include <stdio.h>

/* Every finding and a summary on standard output. Returns the exit status. */
int verdict(const struct options *o);

/* Every finding as file:line: level: text. */
void findings_print(const struct err_list *errs, FILE *out);
