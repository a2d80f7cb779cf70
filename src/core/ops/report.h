/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a reload found and would change, as the JSON lines of vipctl-protocol(7): made one by one, since
 * there may be a hundred thousand of them. vipd sends them; vipctl makes them itself when it compares
 * two files.
 */
#pragma once

#include "core/ops/reload.h"

#define REPORT_ALL INT64_MAX

struct report {
	const struct reload *r; /* the caller's, and stays */
	const struct conf *old;
	struct conf_change *list; /* at most max of them */
	size_t n, cap;
	int64_t max;
	size_t errs_at, at;
};

/* max: changes that are told, the first ones. r and old outlive it. */
void report_init(struct report *p, const struct reload *r, const struct conf *old, int64_t max);
void report_fini(struct report *p);

/* {"finding":...} for each finding, then {"change":...} for each change. NULL: that was all. The
 * caller's reference, as those below. */
json_t *report_next(struct report *p);

json_t *report_finding(const struct err_item *it);

/* The line that closes it: status, generation, summary, counts or error. */
json_t *report_end(const struct reload *r, uint64_t gen);
