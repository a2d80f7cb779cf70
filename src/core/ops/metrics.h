/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Metrics of a snapshot and of the process, in Prometheus' text format or OpenMetrics; vipd-metrics(7)
 * lists them. Made piece by piece, as they are read, so that those of 100,000 servers cost neither memory nor
 * a long turn. Main.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/counters.h"
#include "core/ops/control_verbs.h"
#include "core/ops/view.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics_labels;

struct metrics {
	const struct conf *c; /* held */
	const struct control_host *host;
	struct view_time t;
	bool is_open; /* OpenMetrics */
	bool has_servers; /* one series for each real server */
	bool has_begun;
	char vs_match[64]; /* a shell pattern for services; "": all */
	uint32_t table, family, row; /* what comes next */
	unsigned arg; /* of the family */
	struct metrics_labels *labels; /* of servers; NULL: there are none */
	uint64_t question; /* for the kernel's counters (counter_desk.h); 0: none */
	const struct counters *counted; /* held; NULL: nothing is known */
	/* of the row that is being written (metrics_traffic.c) */
	uint32_t hint;
	struct counts vs_now;
	struct counters_server rs_now;
};

/* The snapshot that every role works with. Asks for the kernel's counters. */
void metrics_init(struct metrics *m, const struct control_host *host, bool is_open);
void metrics_fini(struct metrics *m);

/* False: the kernel's counters are still to come. Whoever does not wait gets those of the last time. */
bool metrics_is_ready(const struct metrics *m);

/* Adds a piece of about 64 KB at most; false: that was all. */
bool metrics_next(struct metrics *m, struct text *out);

/* The label's value between quotes: \, " and newline are escaped. */
void metrics_label(struct text *out, const char *name, const char *value);
