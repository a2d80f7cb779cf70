/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Metrics of a snapshot and of the process, in Prometheus' text format or OpenMetrics; vipd-metrics(7)
 * lists them. Made piece by piece, as they are read, so that those of 100,000 servers cost neither memory nor
 * a long turn. Main.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/ops/control_verbs.h"
#include "core/ops/view.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics {
	const struct conf *c; /* held */
	const struct control_host *host;
	struct view_time t;
	bool is_open; /* OpenMetrics */
	bool has_servers; /* one series for each real server */
	char vs_match[64]; /* a shell pattern for services; "": all */
	uint32_t family, row; /* what comes next */
};

/* The snapshot that every role works with. */
void metrics_init(struct metrics *m, const struct control_host *host, bool is_open);
void metrics_fini(struct metrics *m);

/* Adds a bounded number of rows; false: that was all. */
bool metrics_next(struct metrics *m, struct text *out);

/* The label's value between quotes: \, " and newline are escaped. */
void metrics_label(struct text *out, const char *name, const char *value);
