/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What configuration and command line ask of the log. Main.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/options.h"

/* Starts the log where and as they say. 0 or -errno. */
int logging_start(const struct options *o, const struct conf *c);

/* The level of a new configuration, unless it is that of the old one: then what was set meanwhile
 * (log_set_level()) stays. */
void logging_adopt(const struct options *o, const struct conf *old, const struct conf *new);
