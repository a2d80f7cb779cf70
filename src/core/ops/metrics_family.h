/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A family of metrics is a row: its name, what it is of, its labels and its value. Families stand in
 * tables, one a file: vipd's own, what the kernel counts, and the two exporters' names. Main.
 */
#pragma once

#include "core/ops/metrics.h"

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER, /* its name gets _total */
	METRIC_PLAIN_COUNTER, /* one without _total, as others have them: in OpenMetrics a gauge */
};

struct metrics_family {
	const char *name;
	enum metric_type type;
	const char *help;
	uint32_t (*n)(struct metrics *m);
	bool (*fits)(struct metrics *m, uint32_t i); /* NULL: all */
	void (*labels)(struct metrics *m, uint32_t i, struct text *out); /* NULL: none */
	double (*value)(struct metrics *m, uint32_t i);
	unsigned arg; /* found as m->arg */
	/* NULL: one row, of labels and value */
	void (*rows)(struct metrics *m, const struct metrics_family *f, uint32_t i,
		     struct text *out);
};

struct metrics_table {
	const struct metrics_family *family;
	uint32_t n;
	bool (*is_wanted)(const struct metrics *m); /* NULL: always */
};

extern const struct metrics_table metrics_own, metrics_traffic, metrics_mehdy, metrics_gen2brain;

/* One row as it is without f->rows. */
void metrics_row(struct metrics *m, const struct metrics_family *f, uint32_t i, struct text *out);

/* What several tables use. */
uint32_t metrics_one(struct metrics *m);
uint32_t metrics_inst_n(struct metrics *m);
uint32_t metrics_vs_n(struct metrics *m);
uint32_t metrics_rs_n(struct metrics *m);
bool metrics_vs_fits(struct metrics *m, uint32_t i);
bool metrics_rs_fits(struct metrics *m, uint32_t i);
void metrics_vs_labels(struct metrics *m, uint32_t i, struct text *out);
void metrics_rs_labels(struct metrics *m, uint32_t i, struct text *out);
void metrics_version_label(struct metrics *m, uint32_t i, struct text *out);
double metrics_always_1(struct metrics *m, uint32_t i);

/* A moment of the monotonic clock in seconds since 1970; 0 stays 0. */
double metrics_moment_s(const struct metrics *m, int64_t at_us);
