/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See http.h; RFC 9112, sections 2.2, 4 and 5. Lenient where servers are sloppy (a bare LF ends a
 * line, a folded header is let pass), strict where the answer would not be HTTP.
 */
#include "check/http.h"

#include <string.h>

enum state {
	S_PROTO, /* in "HTTP/1.x" */
	S_CODE_BLANK, /* blanks before the status */
	S_CODE, /* in its digits */
	S_CODE_END, /* what follows the third digit */
	S_REASON, /* rest of the status line */
	S_LINE, /* first byte of a header line, or the empty line */
	S_NAME, /* in a header's name */
	S_VALUE, /* in its value */
	S_LAST_LF, /* the CR of the empty line was seen */
};

void http_init(struct http *h)
{
	*h = (struct http){ .state = S_PROTO };
}

/* RFC 9110, 5.6.2 */
static bool is_token(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static enum http_result proto(struct http *h, uint8_t c)
{
	static const char want[] = "HTTP/1.";

	if (h->at < sizeof(want) - 1) {
		if (c != (uint8_t)want[h->at])
			return HTTP_BAD;
	} else if (!is_digit(c)) {
		return HTTP_BAD;
	}
	if (h->at++ == sizeof(want) - 1) {
		h->state = S_CODE_BLANK;
		h->at = 0;
	}
	return HTTP_MORE;
}

static enum http_result code(struct http *h, uint8_t c)
{
	if (!is_digit(c) || (!h->at && c == '0'))
		return HTTP_BAD;
	h->code = (uint16_t)(h->code * 10 + (c - '0'));
	if (++h->at == 3)
		h->state = S_CODE_END;
	return HTTP_MORE;
}

static void next_line(struct http *h)
{
	h->state = S_LINE;
	h->line_len = 0;
}

/* An interim answer is passed over; 101 would be another protocol and is as final as any. */
static enum http_result head_end(struct http *h)
{
	if (h->code >= 200 || h->code == 101)
		return HTTP_DONE;
	if (++h->interim_n > HTTP_INTERIM_N)
		return HTTP_BAD;
	h->state = S_PROTO;
	h->at = 0;
	h->code = h->line_len = h->header_n = 0;
	return HTTP_MORE;
}

static enum http_result line(struct http *h, uint8_t c)
{
	if (c == '\n')
		return head_end(h);
	if (c == '\r') {
		h->state = S_LAST_LF;
		return HTTP_MORE;
	}
	if ((c == ' ' || c == '\t') && h->header_n) {
		h->state = S_VALUE; /* folded: goes on with the header before */
		return HTTP_MORE;
	}
	h->state = S_NAME;
	return is_token(c) && ++h->header_n <= HTTP_HEADERS_N ? HTTP_MORE : HTTP_BAD;
}

static enum http_result step(struct http *h, uint8_t c)
{
	if (++h->head_len > HTTP_HEAD_LEN || ++h->line_len > HTTP_LINE_LEN || !c)
		return HTTP_BAD;
	switch ((enum state)h->state) {
	case S_PROTO:
		return proto(h, c);
	case S_CODE_BLANK:
		if (c == ' ') {
			h->at = 1; /* there was one */
			return HTTP_MORE;
		}
		if (!h->at)
			return HTTP_BAD;
		h->at = 0;
		h->state = S_CODE;
		return code(h, c);
	case S_CODE:
		return code(h, c);
	case S_CODE_END:
		if (c == '\n')
			next_line(h);
		else if (c == ' ' || c == '\r')
			h->state = S_REASON;
		else
			return HTTP_BAD;
		return HTTP_MORE;
	case S_REASON:
	case S_VALUE:
		if (c == '\n')
			next_line(h);
		return HTTP_MORE;
	case S_LINE:
		return line(h, c);
	case S_NAME:
		if (c == ':')
			h->state = S_VALUE;
		else if (!is_token(c))
			return HTTP_BAD;
		return HTTP_MORE;
	case S_LAST_LF:
		return c == '\n' ? head_end(h) : HTTP_BAD;
	}
	return HTTP_BAD;
}

enum http_result http_feed(struct http *h, const uint8_t *data, uint32_t len)
{
	enum http_result r = HTTP_MORE;

	for (uint32_t i = 0; i < len && r == HTTP_MORE; i++)
		r = step(h, data[i]);
	return r;
}
