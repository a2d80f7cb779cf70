/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any text of an event -> core/log_text: whole lines, within their rooms, and no field that is not ours.
 */
#include "core/log_text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_fields(const char *buf, size_t len)
{
	static const char *const names[] = { "MESSAGE=",           "PRIORITY=",
					     "SYSLOG_IDENTIFIER=", "SYSLOG_FACILITY=",
					     "MESSAGE_ID=",        "VIPD_" };

	for (size_t at = 0, n = 0; at < len; n++) {
		const char *name = names[n < 5 ? n : 5], *end = memchr(buf + at, '\n', len - at);

		if (!end || strncmp(buf + at, name, strlen(name)) != 0 ||
		    !memchr(buf + at, '=', len - at))
			abort();
		at = (size_t)(end - buf) + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct log_record rec = { .id = LOG_SERVER_DOWN };
	char buf[LOG_FIELDS_LEN], line[LOG_TEXT_LEN];

	if (len >= sizeof(rec.text))
		len = sizeof(rec.text) - 1;
	memcpy(rec.text, data, len);
	log_text_clean(rec.text);
	if (log_text_line(line, sizeof(line), &rec) != strlen(line) || strchr(line, '\n')[1])
		abort();
	if (log_text_syslog(line, sizeof(line), &rec, 23, 1) != strlen(line) || strchr(line, '\n'))
		abort();
	len = log_text_journal(buf, sizeof(buf), &rec, 23);
	if (len != strlen(buf))
		abort();
	check_fields(buf, len);
	return 0;
}
