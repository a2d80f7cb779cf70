/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See log_to.h.
 */
#include "core/log_to.h"

#include <stdio.h>
#include <string.h>

enum { USER = 1, LOCAL0 = 16 };

struct log_to log_to_choose(const struct log_asked *asked, enum log_want want, bool is_journal)
{
	bool has_facility = asked->facility != LOG_FACILITY_NONE;
	struct log_to to = { .facility = has_facility ? asked->facility : LOG_FACILITY_DAEMON };

	switch (want) {
	case LOG_WANT_AUTO:
		to.has_journal = is_journal;
		to.has_syslog = !is_journal && has_facility;
		break;
	case LOG_WANT_JOURNAL:
		to.has_journal = true;
		break;
	case LOG_WANT_SYSLOG:
		to.has_syslog = true;
		break;
	case LOG_WANT_STDERR:
		break;
	}
	if (asked->is_quiet)
		to.has_syslog = false;
	to.has_stderr = (!to.has_syslog && !to.has_journal) ||
			(asked->is_console && !(to.has_journal && is_journal));
	return to;
}

int log_to_facility(const char *text)
{
	if (!strcmp(text, "daemon"))
		return LOG_FACILITY_DAEMON;
	if (!strcmp(text, "user"))
		return USER;
	if (!strncmp(text, "local", 5))
		text += 5;
	if (text[0] < '0' || text[0] > '7' || text[1])
		return LOG_FACILITY_NONE;
	return LOCAL0 + text[0] - '0';
}

bool log_to_is_stream(const char *text, uint64_t dev, uint64_t ino)
{
	char want[48];

	(void)snprintf(want, sizeof(want), "%llu:%llu", (unsigned long long)dev,
		       (unsigned long long)ino);
	return text && !strcmp(text, want);
}
