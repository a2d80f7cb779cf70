/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of names inside a run memory: run.c looks up, run_build.c fills.
 */
#pragma once

#include "vrrp/run.h"

uint32_t run_name_hash(enum run_kind kind, const char *name);

/* The index, or RUN_NONE. */
uint32_t run_name_find(const struct run *r, enum run_kind kind, const char *name);
