/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The log: events with stable ids, formatted by the thread that has them into a ring of its own,
 * written by one thread to standard error, syslog or the journal (log_out.h). No caller ever waits; what
 * doesn't fit is counted and said (log.lost). More than a burst of one kind of event in a second becomes
 * one line with a count (log_burst.h).
 *
 * A line: 2026-11-24T07:00:00.123456Z info vrrp.state inst=web from=BACKUP to=ACTIVE why=down_timer
 */
#pragma once

struct log_to;

enum log_level { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_id {
#define LOG(sym, level, id, means, todo) LOG_##sym,
#include "core/log.def"
#undef LOG
	LOG_N
};

struct log_row {
	const char *id, *means, *todo;
	enum log_level level;
};

extern const struct log_row log_rows[LOG_N];

enum {
	LOG_LINE_LEN = 512, /* longest text of an event; a longer one is cut */
	LOG_BURST_N = 20, /* events of one kind that a thread writes in a second */
	LOG_BURST_ERR_N = 200, /* the same of errors */
};

/* Where the writer writes to (log_to.h); without it, to standard error. Main, before log_start(). */
void log_set_target(const struct log_to *to);

/* The least important level that is logged, as in syslog(3) (3 error, 4 warning, 6 info, 7 debug): what the
 * settings say, and what somebody wants instead for a while; LOG_LEVEL_SET: nobody does. Any thread, at any
 * time. */
enum { LOG_LEVEL_SET = -1 };
void log_set_level(int syslog_level);
void log_override_level(int syslog_level);

/* What counts now. */
int log_level(void);

/* Starts the writer. 0 or -errno. Main, before any other thread. */
int log_start(void);

/* Writes what is left and ends the writer; when its outputs take nothing for two seconds, the rest
 * is lost. Main, when every other thread has ended. */
void log_stop(void);

/* Gives the calling thread its ring; role.c does it for every role. 0 or -errno. */
int log_thread_enter(void);
void log_thread_leave(void);

/* Posts one event: key=value text after the id. Any thread that has entered; others write to
 * standard error directly (that is: main before log_start()). */
__attribute__((format(printf, 2, 3))) void log_event(enum log_id id, const char *fmt, ...);

/* To be called now and then (role.c: once a turn): says how many events of a kind were held back. */
void log_flush_held(void);
