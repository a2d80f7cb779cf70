/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a worker says of its checks: lines of the log, and what could not be checked.
 */
#pragma once

#include "check/probe.h"

enum { REPORT_KINDS_N = 8 }; /* kinds of local faults whose last log line is remembered */

/* Zeroed memory has said nothing yet. Owned by its worker. */
struct report {
	struct report_fault {
		int err; /* 0: free */
		int64_t told_at_us;
		uint64_t n; /* since then */
	} fault[REPORT_KINDS_N];
};

/* A probe's settings in a snapshot. */
struct setting {
	const struct conf_check *check;
	const struct conf_rs *rs;
	const struct conf_vs *vs;
};

struct setting setting_at(const struct conf *conf, uint32_t probe);

/* Is this result of a check to be logged? which: log.check_failures. What has passed is logged when it
 * changes the verdict, failures by this and the check's log_all_failures. Pure. */
bool report_wants(uint8_t which, const struct setting *s, bool is_change, bool has_passed);

/* The verdict has changed. */
void report_verdict(const struct setting *s, const struct run_result *res,
		    enum health_verdict verdict);

/* A failure that has changed nothing. */
void report_failure(const struct setting *s, const struct run_result *res);

/* What TLS has told of the server, for main to look at; a certificate that ends soon is named in the log, once.
 * conf, probe: where it is now. */
void report_tls(const struct conf *conf, uint32_t probe, struct tls_seen *seen);

/* A check could not be made: one line for each kind of fault in a while. */
void report_local(struct report *r, const struct setting *s, const struct run_result *res);
