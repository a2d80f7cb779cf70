/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the log goes: asked for by the configuration (log.target) and by options of the command line that
 * keepalived has too. Pure, and a table of cases: tests/unit/test_log.c.
 *
 *	log.target	standard error	 goes to
 *	auto		the journal	 journal
 *	auto		something else	 syslog with -S, else standard error
 *	another		anything	 what it says
 *
 * -l adds standard error, unless that is the journal already; -G takes syslog away, and where nothing is
 * left then, it is standard error.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { LOG_FACILITY_DAEMON = 3, LOG_FACILITY_NONE = -1 };

/* The numbers of log.target's words. */
enum log_want { LOG_WANT_AUTO, LOG_WANT_JOURNAL, LOG_WANT_SYSLOG, LOG_WANT_STDERR };

struct log_asked {
	int facility; /* -S: 0 to 23; LOG_FACILITY_NONE: not said */
	bool is_console; /* -l */
	bool is_quiet; /* -G */
};

struct log_to {
	bool has_stderr, has_syslog, has_journal;
	int facility;
};

struct log_to log_to_choose(const struct log_asked *asked, enum log_want want, bool is_journal);

/* "0".."7" (local0 to local7, as in keepalived), "local0".."local7", "user", "daemon". Or
 * LOG_FACILITY_NONE. */
int log_to_facility(const char *text);

/* Is text, the value of $JOURNAL_STREAM, this device and inode? ("DEVICE:INODE", systemd.exec(5)) */
bool log_to_is_stream(const char *text, uint64_t dev, uint64_t ino);
