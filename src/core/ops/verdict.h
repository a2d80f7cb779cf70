/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * --check: a configuration is read and judged, nothing else. Also how findings are printed.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"
#include "core/ops/options.h"

#include <stdio.h>

/* Every finding and a summary on standard output; vet: see conf_load.h. Returns the exit status. */
int verdict(const struct options *o, bool (*vet)(struct conf *c, struct err_list *errs));

/* Every finding as file:line: level: text. */
void findings_print(const struct err_list *errs, FILE *out);
