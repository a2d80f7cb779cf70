/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Descriptors of the process. Main.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

/* A caller may have closed the standard descriptors: the next sockets would get their numbers, and log
 * lines would go into them. First thing of all. */
void fds_fill_standard(void);

/* Every check in flight is a descriptor: as many as may be. */
void fds_raise_limit(void);

/* A warning when the checks of this configuration may need more than that. */
void fds_check(const struct conf *c, const char *file, struct err_list *errs);
