/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Numbers that are written otherwise: with names, in octal, as a mask. Names of routing tables and so on
 * are those of iproute2's files, which are read when the first one is met; main only.
 */
#pragma once

#include "core/conf/schema.h"

extern const struct schema_number schema_octal, schema_scope, schema_rt_table, schema_rt_proto,
	schema_rt_tos, schema_granularity;

/* Not numbers of a field, but marks of a type: a time that may be "forever" (the row's largest), and a
 * prefix that may be "default", "all" or "any". */
extern const struct schema_number schema_lifetime, schema_any_prefix;
