/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules that span several settings or several objects; one function a rule, in a table.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

/* Adds what it finds to errs. c is complete (inheritance resolved). Pure but for errs. O(n log n). */
void conf_check(const struct conf *c, struct err_list *errs);
