/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See mail_text.h.
 */
#include "core/ops/mail_text.h"

#include "core/bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LEN = 78 }; /* RFC 5322, 2.1.1 */

/* The words are English whatever the locale is. */
static void put_date(FILE *out, time_t at)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm t;
	long off_min;

	(void)localtime_r(&at, &t);
	off_min = t.tm_gmtoff / 60;
	(void)fprintf(out, "Date: %s, %02d %s %d %02d:%02d:%02d %c%02ld%02ld\r\n", days[t.tm_wday],
		      t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec,
		      off_min < 0 ? '-' : '+', labs(off_min) / 60, labs(off_min) % 60);
}

/* A line that would be too long goes on in the next, which begins with a space. */
static void put_to(FILE *out, const struct conf_strs *to)
{
	size_t col = strlen("To: ");

	(void)fputs("To: ", out);
	for (uint32_t i = 0; i < to->n; i++) {
		size_t len = strlen(to->v[i]);

		if (i && col + 2 + len > LINE_LEN) {
			(void)fputs(",\r\n ", out);
			col = 1;
		} else if (i) {
			(void)fputs(", ", out);
			col += 2;
		}
		(void)fputs(to->v[i], out);
		col += len;
	}
	(void)fputs("\r\n", out);
}

static void put_body(FILE *out, const char *body)
{
	while (*body) {
		size_t len = strcspn(body, "\n");

		(void)fprintf(out, "%.*s\r\n", (int)len, body);
		body += len + (body[len] == '\n');
	}
}

char *mail_text(const struct mail_head *h, const char *subject, const char *body)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	BUG_ON(!out);
	put_date(out, h->at);
	(void)fprintf(out, "From: %s\r\nSubject: [%s] %s\r\nX-Mailer: Keepalived\r\n", h->from,
		      h->router, subject);
	put_to(out, h->to);
	(void)fputs("\r\n", out);
	put_body(out, body);
	(void)fputs("\r\n", out);
	BUG_ON(fclose(out));
	return text;
}

bool mail_addr(const char *text, char addr[static MAIL_ADDR_LEN])
{
	const char *from = strrchr(text, '<');
	size_t len = from ? strcspn(++from, ">") : strlen(text);
	int n = snprintf(addr, MAIL_ADDR_LEN, "<%.*s>", (int)len, from ? from : text);

	return n > 0 && n < MAIL_ADDR_LEN;
}
