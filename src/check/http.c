/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See http.h; RFC 9112, sections 2.2, 4 to 7. Lenient where servers are sloppy (a bare LF ends a
 * line, a folded header is let pass), strict where the answer would not be HTTP.
 */
#include "check/http.h"

#include <string.h>
#include <strings.h>

enum state {
	S_PROTO, /* in "HTTP/1.x" */
	S_CODE_BLANK, /* blanks before the status */
	S_CODE, /* in its digits */
	S_CODE_END, /* what follows the third digit */
	S_REASON, /* rest of the status line */
	S_LINE, /* first byte of a header line, or the empty line */
	S_NAME, /* in a header's name */
	S_VALUE, /* in its value */
	S_FOLD, /* in a line that goes on with the header before */
	S_LAST_LF, /* the CR of the empty line was seen */
	S_BODY, /* left_len bytes of it */
	S_BODY_EOF, /* all that comes */
	S_SIZE, /* in the digits of a chunk's size */
	S_SIZE_END, /* what follows them in the line */
	S_CHUNK, /* left_len bytes of it */
	S_CHUNK_END, /* the end of line behind a chunk */
	S_CHUNK_LF,
	S_TRAIL, /* headers behind the last chunk: as S_LINE */
	S_TRAIL_LINE,
	S_TRAIL_LF,
};

enum { SIZE_DIGITS_N = 8 }; /* of a chunk: 4 GB */

void http_init(struct http *h, enum http_want want)
{
	*h = (struct http){ .state = S_PROTO, .want = (uint8_t)want };
}

bool http_is_word(const char *text, uint32_t len, const char *word)
{
	return strlen(word) == len && !strncasecmp(text, word, len);
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
		h->minor = c == '0' ? 0 : 1;
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

/* ---- headers ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void keep(struct http *h, uint8_t c)
{
	if (h->keep_len < HTTP_KEEP_LEN)
		h->line[h->keep_len++] = (char)c;
}

/* RFC 9112, 6.3: two lengths that differ are an error. False: bad. */
static bool take_length(struct http *h, const char *value, uint32_t len)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < len; i++) {
		if (!is_digit((uint8_t)value[i]))
			return false;
		n = n * 10 + (uint64_t)(value[i] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	if (!len || (h->has_len && n != h->left_len))
		return false;
	h->has_len = true;
	h->left_len = n;
	return true;
}

/* The next word of a list with commas; *at walks. False: no more. */
static bool next_word(const char *value, uint32_t len, uint32_t *at, const char **word,
		      uint32_t *word_len)
{
	while (*at < len && (value[*at] == ',' || is_blank(value[*at])))
		(*at)++;
	*word = value + *at;
	while (*at < len && value[*at] != ',')
		(*at)++;
	*word_len = (uint32_t)(value + *at - *word);
	while (*word_len && is_blank((*word)[*word_len - 1]))
		(*word_len)--;
	return *word_len > 0;
}

static void take_connection(struct http *h, const char *value, uint32_t len)
{
	const char *word;
	uint32_t word_len, at = 0;

	while (next_word(value, len, &at, &word, &word_len)) {
		if (http_is_word(word, word_len, "close"))
			h->is_close = true;
		if (http_is_word(word, word_len, "keep-alive"))
			h->is_keep = true;
	}
}

/* The body is in chunks when that is the last coding. */
static void take_coding(struct http *h, const char *value, uint32_t len)
{
	const char *word;
	uint32_t word_len, at = 0;

	while (next_word(value, len, &at, &word, &word_len))
		h->is_chunked = http_is_word(word, word_len, "chunked");
}

/* The end of a header line. */
static enum http_result header(struct http *h)
{
	const char *name = h->line, *value = h->line + h->name_len;
	uint32_t len = h->keep_len - h->name_len;

	while (len && is_blank(*value)) {
		value++;
		len--;
	}
	while (len && is_blank(value[len - 1]))
		len--;
	if (h->on_header)
		h->on_header(h->arg, name, h->name_len, value, len);
	if (http_is_word(name, h->name_len, "content-length"))
		return take_length(h, value, len) ? HTTP_MORE : HTTP_BAD;
	if (http_is_word(name, h->name_len, "transfer-encoding"))
		take_coding(h, value, len);
	else if (http_is_word(name, h->name_len, "connection"))
		take_connection(h, value, len);
	return HTTP_MORE;
}

/* ---- the end of the head ---- */

/* RFC 9112, 6.3 */
static enum http_result body_begin(struct http *h)
{
	if (h->want == HTTP_HEAD)
		return HTTP_DONE;
	if (h->want == HTTP_NO_BODY || h->code == 101 || h->code == 204 || h->code == 304)
		return HTTP_DONE;
	h->line_len = h->at = 0;
	if (h->is_chunked) {
		h->left_len = 0;
		h->state = S_SIZE;
		return HTTP_MORE;
	}
	h->state = h->has_len ? S_BODY : S_BODY_EOF;
	return h->has_len && !h->left_len ? HTTP_DONE : HTTP_MORE;
}

/* An interim answer is passed over; 101 would be another protocol and is as final as any. */
static enum http_result head_end(struct http *h)
{
	if (h->code >= 200 || h->code == 101)
		return body_begin(h);
	if (++h->interim_n > HTTP_INTERIM_N)
		return HTTP_BAD;
	h->state = S_PROTO;
	h->at = 0;
	h->code = h->line_len = h->header_n = 0;
	h->has_len = h->is_chunked = h->is_close = h->is_keep = false;
	h->left_len = 0;
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
		h->state = S_FOLD;
		return HTTP_MORE;
	}
	h->state = S_NAME;
	h->keep_len = h->name_len = 0;
	keep(h, c);
	return is_token(c) && ++h->header_n <= HTTP_HEADERS_N ? HTTP_MORE : HTTP_BAD;
}

static enum http_result name(struct http *h, uint8_t c)
{
	if (c == ':') {
		h->name_len = h->keep_len;
		h->state = S_VALUE;
		return HTTP_MORE;
	}
	keep(h, c);
	return is_token(c) ? HTTP_MORE : HTTP_BAD;
}

static enum http_result value(struct http *h, uint8_t c)
{
	if (c != '\n') {
		keep(h, c);
		return HTTP_MORE;
	}
	next_line(h);
	return header(h);
}

/* ---- the lines of a body in chunks (RFC 9112, 7.1) ---- */

static int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum http_result size_end(struct http *h, uint8_t c)
{
	if (c != '\n')
		return HTTP_MORE; /* an extension */
	h->line_len = h->at = 0;
	h->state = h->left_len ? S_CHUNK : S_TRAIL;
	h->header_n = 0;
	return HTTP_MORE;
}

static enum http_result size(struct http *h, uint8_t c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		h->left_len = h->left_len << 4 | (unsigned)digit;
		return ++h->at <= SIZE_DIGITS_N ? HTTP_MORE : HTTP_BAD;
	}
	if (!h->at || (c != '\r' && c != '\n' && c != ';' && c != ' ' && c != '\t'))
		return HTTP_BAD;
	h->state = S_SIZE_END;
	return size_end(h, c);
}

static enum http_result trail(struct http *h, uint8_t c)
{
	if (c == '\n')
		return HTTP_DONE;
	if (c == '\r') {
		h->state = S_TRAIL_LF;
		return HTTP_MORE;
	}
	h->state = S_TRAIL_LINE;
	return ++h->header_n <= HTTP_HEADERS_N ? HTTP_MORE : HTTP_BAD;
}

static enum http_result chunk_end(struct http *h, uint8_t c)
{
	if (c == '\r' && h->state == S_CHUNK_END) {
		h->state = S_CHUNK_LF;
		return HTTP_MORE;
	}
	h->state = S_SIZE;
	h->line_len = h->at = 0;
	return c == '\n' ? HTTP_MORE : HTTP_BAD;
}

static enum http_result chunk_step(struct http *h, uint8_t c)
{
	switch ((enum state)h->state) {
	case S_SIZE:
		return size(h, c);
	case S_SIZE_END:
		return size_end(h, c);
	case S_CHUNK_END:
	case S_CHUNK_LF:
		return chunk_end(h, c);
	case S_TRAIL:
		return trail(h, c);
	case S_TRAIL_LINE:
		if (c == '\n') {
			h->state = S_TRAIL;
			h->line_len = 0;
		}
		return HTTP_MORE;
	case S_TRAIL_LF:
		return c == '\n' ? HTTP_DONE : HTTP_BAD;
	case S_PROTO:
	case S_CODE_BLANK:
	case S_CODE:
	case S_CODE_END:
	case S_REASON:
	case S_LINE:
	case S_NAME:
	case S_VALUE:
	case S_FOLD:
	case S_LAST_LF:
	case S_BODY:
	case S_BODY_EOF:
	case S_CHUNK:
		break;
	}
	return HTTP_BAD;
}

/* ---- */

static enum http_result code_blank(struct http *h, uint8_t c)
{
	if (c == ' ') {
		h->at = 1; /* there was one */
		return HTTP_MORE;
	}
	if (!h->at)
		return HTTP_BAD;
	h->at = 0;
	h->state = S_CODE;
	return code(h, c);
}

static enum http_result code_end(struct http *h, uint8_t c)
{
	if (c == '\n')
		next_line(h);
	else if (c == ' ' || c == '\r')
		h->state = S_REASON;
	else
		return HTTP_BAD;
	return HTTP_MORE;
}

static enum http_result step(struct http *h, uint8_t c)
{
	if (++h->head_len > HTTP_HEAD_LEN || ++h->line_len > HTTP_LINE_LEN || !c)
		return HTTP_BAD;
	switch ((enum state)h->state) {
	case S_PROTO:
		return proto(h, c);
	case S_CODE_BLANK:
		return code_blank(h, c);
	case S_CODE:
		return code(h, c);
	case S_CODE_END:
		return code_end(h, c);
	case S_REASON:
	case S_FOLD:
		if (c == '\n')
			next_line(h);
		return HTTP_MORE;
	case S_LINE:
		return line(h, c);
	case S_NAME:
		return name(h, c);
	case S_VALUE:
		return value(h, c);
	case S_LAST_LF:
		return c == '\n' ? head_end(h) : HTTP_BAD;
	case S_SIZE:
	case S_SIZE_END:
	case S_CHUNK_END:
	case S_CHUNK_LF:
	case S_TRAIL:
	case S_TRAIL_LINE:
	case S_TRAIL_LF:
		return chunk_step(h, c);
	case S_BODY:
	case S_BODY_EOF:
	case S_CHUNK:
		break;
	}
	return HTTP_BAD;
}

static bool is_in_body(const struct http *h)
{
	return h->state == S_BODY || h->state == S_BODY_EOF || h->state == S_CHUNK;
}

/* Takes what belongs to the body or chunk; *n is how much that is. */
static enum http_result body(struct http *h, const uint8_t *data, uint32_t len, uint32_t *n)
{
	*n = len;
	if (h->state != S_BODY_EOF && len > h->left_len)
		*n = (uint32_t)h->left_len;
	if (*n > HTTP_BODY_LEN - h->body_len)
		return HTTP_BAD;
	h->body_len += *n;
	if (h->on_body)
		h->on_body(h->arg, data, *n);
	if (h->state == S_BODY_EOF)
		return HTTP_MORE;
	h->left_len -= *n;
	if (h->left_len)
		return HTTP_MORE;
	if (h->state == S_BODY)
		return HTTP_DONE;
	h->state = S_CHUNK_END;
	h->line_len = 0;
	return HTTP_MORE;
}

enum http_result http_feed(struct http *h, const uint8_t *data, uint32_t len)
{
	enum http_result r = HTTP_MORE;
	uint32_t i = 0;

	while (i < len && r == HTTP_MORE) {
		uint32_t n = 1;

		r = is_in_body(h) ? body(h, data + i, len - i, &n) : step(h, data[i]);
		i += n;
	}
	h->used_len = i;
	return r;
}

enum http_result http_eof(struct http *h)
{
	return h->state == S_BODY_EOF ? HTTP_DONE : HTTP_BAD;
}

bool http_may_keep(const struct http *h)
{
	if (h->want == HTTP_HEAD || h->state == S_BODY_EOF || h->code == 101 || h->is_close)
		return false;
	return h->minor || h->is_keep;
}
