/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See results.h.
 */
#include "check/results.h"

#include "check/check.h"
#include "core/bug.h"
#include "core/clock.h"

#include <time.h>

json_t *check_results(const struct conf *newest, struct probe_id id)
{
	int64_t now_us = clock_now_us();
	double wall_s = (double)time(NULL);
	struct check_seen seen;
	json_t *all = json_array();

	BUG_ON(!all);
	if (!check_seen(newest, id, &seen))
		return all;
	for (unsigned i = 0; i < seen.n; i++) {
		const struct history_item *it = &seen.item[i];
		json_t *o = json_pack("{s:f,s:s,s:i,s:I,s:b}", "at",
				      wall_s - (double)(now_us - it->at_us) / 1e6, "reason",
				      reason_name(it->reason), "code", it->code, "duration_us",
				      (json_int_t)it->duration_us, "passed",
				      reason_verdict(it->reason) == HEALTH_UP);

		BUG_ON(!o || json_array_append_new(all, o));
	}
	return all;
}

int64_t check_probed_us(const struct conf *newest, struct probe_id id)
{
	struct check_seen seen;

	return check_seen(newest, id, &seen) && seen.n ? seen.item[0].at_us : 0;
}
