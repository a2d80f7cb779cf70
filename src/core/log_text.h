/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text of an event as each target wants it. Pure; names and answers from outside are in it, so all
 * of these take any bytes.
 *
 *	standard error	2026-11-24T07:00:00.123456Z info vrrp.state inst=web from=BACKUP to=ACTIVE
 *	syslog		<30>Nov 24 08:00:00 vipd[4711]: vrrp.state inst=web from=BACKUP to=ACTIVE
 *			(RFC 3164, 4.1, as the local daemon wants it: local time, no host)
 *	journal		MESSAGE=vrrp.state inst=web ... and a field for each of its words, a line each
 *			(systemd.io, Native Journal Protocol)
 */
#pragma once

#include "core/log.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
	LOG_TEXT_LEN = LOG_LINE_LEN + 128, /* room for standard error and syslog */
	LOG_FIELDS_LEN = 4 * LOG_LINE_LEN, /* room for the journal */
	LOG_UUID_LEN = 33, /* 32 digits and the end */
};

struct log_record {
	struct timespec at; /* wall clock: for people, never for decisions */
	enum log_id id;
	char text[LOG_LINE_LEN];
};

/* As in syslog(3): 3 error, 4 warning, 6 info, 7 debug. */
int log_severity(enum log_id id);

/* What would end a line early or play with a terminal becomes '?'. */
void log_text_clean(char *text);

/* Each returns the length without the final zero; len is one of the rooms above. */
size_t log_text_line(char *buf, size_t len, const struct log_record *rec);
size_t log_text_syslog(char *buf, size_t len, const struct log_record *rec, int facility,
		       pid_t pid);
size_t log_text_journal(char *buf, size_t len, const struct log_record *rec, int facility);

/* The MESSAGE_ID of an event: the same for ever, since it follows from the id alone. It is its UUID of
 * version 5 (RFC 4122, 4.3) in the name space 0a3c3f0e-6b0f-5d5c-9d55-7669706420a1. Returns buf. */
const char *log_uuid(enum log_id id, char buf[static LOG_UUID_LEN]);
