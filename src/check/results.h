/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The last results of a probe as JSON, for the control program.
 */
#pragma once

#include "core/conf/conf.h"

#include <jansson.h>

/* An array, the latest first: {"at":seconds since 1970,"reason","code","duration_us","passed"}. newest: as for
 * check_seen(). Never NULL; the caller's to release. Main. */
json_t *check_results(const struct conf *newest, struct probe_id id);

/* When the last one came, in whole milliseconds of the monotonic clock; 0: there is none. newest: the same. */
int64_t check_probed_us(const struct conf *newest, struct probe_id id);
