/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules for what goes into the kernel beside IPVS: addresses, routes and routing rules. A part of
 * conf_check.h.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

/* As conf_check(). */
void conf_check_kernel(const struct conf *c, struct err_list *errs);
