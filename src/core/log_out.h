/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The log's outputs: standard error, the syslog daemon, the journal. The writer of log.c waits for them, nobody
 * else does: for the only one as long as it is stuck, a second at a time (the rings fill meanwhile); for
 * one of several, a second, and from then on not at all until it takes something again.
 *
 * What an output did not take is counted, and it is told so in a line (log.lost) when it takes something
 * again; the others are told once that it is stuck.
 * Where the daemon of syslog or of the journal is not there at all, its lines go to standard error.
 *
 * One thread at a time.
 */
#pragma once

#include "core/log_text.h"
#include "core/log_to.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LOG_OUT_WAIT_MS = 1000,
	LOG_OUT_AGAIN_MS = 1000, /* until a daemon that was not there is looked for again */
};

#define LOG_SYSLOG_PATH "/dev/log"
#define LOG_JOURNAL_PATH "/run/systemd/journal/socket"

enum log_sink_kind { LOG_SINK_STDERR, LOG_SINK_SYSLOG, LOG_SINK_JOURNAL, LOG_SINK_N };

struct log_sink {
	const char *path; /* of its socket */
	int fd; /* -1: not open */
	bool is_used;
	bool is_stuck; /* it did not take the last one */
	bool is_told; /* the others know */
	int64_t again_us; /* not looked for before that */
	uint64_t lost_n; /* that it was not told of yet */
};

struct log_out {
	struct log_sink sink[LOG_SINK_N];
	int facility;
	bool is_cut; /* standard error has the beginning of a line, and not its end */
};

/* paths: NULL = the usual ones. */
void log_out_init(struct log_out *o, const struct log_to *to, const char *syslog_path,
		  const char *journal_path);
void log_out_fini(struct log_out *o);

/* True: all outputs have it; else it is counted for those that have not. */
bool log_out_put(struct log_out *o, const struct log_record *rec);

/* So many did not even come as far as this. */
void log_out_lost(struct log_out *o, uint64_t n);

/* Tells what was lost where it can be told. */
void log_out_tell_lost(struct log_out *o);
