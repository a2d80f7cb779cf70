/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads the head of an HTTP/1 answer, byte by byte as it comes, keeping nothing but the status. Pure.
 *
 * The verdict needs status line and end of headers only: the body is never asked for. Everything is
 * bounded, so that an endless answer ends here and not only at the deadline.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	HTTP_LINE_LEN = 8192, /* status line or one header */
	HTTP_HEADERS_N = 256, /* headers of one answer */
	HTTP_HEAD_LEN = 65536, /* all of it, interim answers counted in */
	HTTP_INTERIM_N = 8, /* 1xx answers before the real one */
};

enum http_result {
	HTTP_MORE, /* not the end yet */
	HTTP_DONE, /* status line and headers are whole: see code */
	HTTP_BAD, /* not HTTP/1, or beyond a bound */
};

struct http {
	uint8_t state; /* enum in http.c */
	uint8_t at; /* place in "HTTP/1.x" or in the digits of the status */
	uint8_t interim_n;
	uint16_t code; /* status; valid with HTTP_DONE */
	uint16_t line_len; /* of the current line so far */
	uint16_t header_n; /* of the current answer */
	uint32_t head_len; /* bytes seen */
};

void http_init(struct http *h);

/* Takes the next bytes. After HTTP_DONE or HTTP_BAD it is not called again (a body may follow in
 * data: it is not looked at). The end of the stream before HTTP_DONE is the caller's to judge. */
enum http_result http_feed(struct http *h, const uint8_t *data, uint32_t len);
