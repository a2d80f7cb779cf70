/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See smtp.h. A bare LF ends a line too.
 */
#include "check/smtp.h"

enum { DIGITS_N = 3 };

static enum smtp_result line_end(struct smtp *s)
{
	uint16_t code = s->line_code;

	if (s->at < DIGITS_N || (s->line_n && code != s->code) || ++s->line_n > SMTP_LINES_N)
		return SMTP_BAD;

	/* three digits and nothing behind them are a last line as well */
	enum smtp_result r = s->is_last || s->at == DIGITS_N ? SMTP_DONE : SMTP_MORE;

	s->code = code;
	s->at = s->line_code = 0;
	if (r == SMTP_DONE)
		s->line_n = 0;
	return r;
}

static enum smtp_result step(struct smtp *s, uint8_t c)
{
	if (c == '\n')
		return line_end(s);
	if (!c || s->at >= SMTP_LINE_LEN)
		return SMTP_BAD;
	if (s->at < DIGITS_N) {
		if (c < '0' || c > '9' || (!s->at && (c < '2' || c > '5')))
			return SMTP_BAD;
		s->line_code = (uint16_t)(s->line_code * 10 + (c - '0'));
	} else if (s->at == DIGITS_N) {
		if (c != ' ' && c != '-' && c != '\r')
			return SMTP_BAD;
		s->is_last = c != '-';
	}
	s->at++;
	return SMTP_MORE;
}

enum smtp_result smtp_feed(struct smtp *s, const uint8_t *data, uint32_t len, uint32_t *used)
{
	enum smtp_result r = SMTP_MORE;

	for (*used = 0; *used < len && r == SMTP_MORE; ++*used)
		r = step(s, data[*used]);
	return r;
}
