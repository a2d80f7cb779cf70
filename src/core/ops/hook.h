/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * startup_script and shutdown_script: programs that vipd waits for, before its roles start and after they
 * have ended. Main only: it blocks.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdint.h>

/* Runs the script of this range, if there is one, for limit_us at most. What goes wrong is logged, and
 * nothing more: keepalived goes on as well. */
void hook_run(const struct conf *c, const struct conf_range *script, int64_t limit_us);
