/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads an HTTP/1 answer as it comes, in pieces of any size, and keeps nothing of it but the status
 * and one header line. Headers and body are handed to the caller's functions. Pure.
 *
 * Everything is bounded, so that an endless answer ends here and not only at the deadline. A body
 * that is compressed is handed on as it is: nothing is unpacked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	HTTP_LINE_LEN = 8192, /* status line or one header */
	HTTP_HEADERS_N = 256, /* headers of one answer; of its trailer as well */
	HTTP_HEAD_LEN = 65536, /* all of them, interim answers and lines of chunks counted in */
	HTTP_INTERIM_N = 8, /* 1xx answers before the real one */
	HTTP_KEEP_LEN = 512, /* of a header line that on_header() sees; what is longer is cut */
	HTTP_BODY_LEN = 16 * 1024 * 1024, /* longest body */
};

enum http_result {
	HTTP_MORE, /* not the end yet */
	HTTP_DONE, /* all that was asked for is here: see code */
	HTTP_BAD, /* not HTTP/1, or beyond a bound */
};

enum http_want {
	HTTP_HEAD, /* done with the end of the headers; a body may follow and is not looked at */
	HTTP_BODY, /* done with the end of the body */
	HTTP_NO_BODY, /* the same for an answer to HEAD, which has none */
};

struct http {
	uint8_t state; /* enum in http.c */
	uint8_t want; /* enum http_want */
	uint8_t at; /* place in "HTTP/1.x", or in the digits of a number */
	uint8_t interim_n;
	uint8_t minor; /* 0 or 1: of the version */
	bool is_chunked, has_len, is_close, is_keep; /* what the headers said */
	uint16_t code; /* status; valid with HTTP_DONE */
	uint16_t line_len; /* of the current line so far */
	uint16_t header_n; /* of the current answer */
	uint16_t name_len, keep_len; /* of line[] */
	uint32_t head_len; /* bytes of head and of lines of chunks */
	uint32_t body_len; /* bytes of the body so far */
	uint32_t used_len; /* bytes that the last http_feed() took */
	uint64_t left_len; /* of the body or of the chunk */

	/* Each may be NULL. Names are as the server wrote them; blanks around the value are gone; a
	 * folded line is not part of it. Neither of them is ended by a zero byte. */
	void (*on_header)(void *arg, const char *name, uint32_t name_len, const char *value,
			  uint32_t value_len);
	/* The next bytes of the body. */
	void (*on_body)(void *arg, const uint8_t *data, uint32_t len);
	void *arg;
	char line[HTTP_KEEP_LEN]; /* name and value, without the colon */
};

void http_init(struct http *h, enum http_want want);

/* Takes the next bytes, up to the end of the answer (used_len). After HTTP_DONE or HTTP_BAD it is not
 * called again. */
enum http_result http_feed(struct http *h, const uint8_t *data, uint32_t len);

/* The stream has ended: HTTP_DONE when that is how the body ends, else HTTP_BAD. */
enum http_result http_eof(struct http *h);

/* After HTTP_DONE of a whole answer: the connection can carry another request. */
bool http_may_keep(const struct http *h);

/* True when text[0..len) is word, whatever the case of its letters. */
bool http_is_word(const char *text, uint32_t len, const char *word);
