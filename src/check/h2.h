/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One request over HTTP/2 (RFC 9113) and its answer, by nghttp2: bytes in, bytes out, no socket. What is
 * kept of the answer is its status; headers and body are handed to the caller's functions, as by http.h,
 * and with the bounds of http.h.
 */
#pragma once

#include "check/http.h"

enum {
	H2_FIELDS_N = 40, /* headers of a request, the four pseudo ones counted in */
	H2_RX_LEN = HTTP_BODY_LEN + HTTP_HEAD_LEN, /* most bytes of one connection */
	H2_TEXT_LEN = 96,
};

struct h2_field {
	const char *name, *value;
	uint32_t name_len, value_len;
};

/* What is asked. All but the body is copied. */
struct h2_ask {
	const char *method, *scheme, *authority, *path;
	const struct h2_field *field; /* further ones; names of any case */
	uint32_t field_n;
	const void *body; /* lives as long as the struct h2 */
	uint32_t body_len;
	enum http_want want;
};

/* Who listens to the answer. Each may be NULL. */
struct h2_ear {
	void (*on_header)(void *arg, const char *name, uint32_t name_len, const char *value,
			  uint32_t value_len);
	void (*on_trailer)(void *arg, const char *name, uint32_t name_len, const char *value,
			   uint32_t value_len);
	void (*on_body)(void *arg, const uint8_t *data, uint32_t len);
	void *arg;
};

struct h2;

/* Never NULL. The request waits to be taken. */
struct h2 *h2_new(const struct h2_ask *ask, const struct h2_ear *ear);
void h2_free(struct h2 *h);

/* Writes what is to be sent, at most cap bytes; returns how many. 0: nothing for now. */
uint32_t h2_take(struct h2 *h, char *buf, uint32_t cap);

/* Takes the next bytes; len 0: the end of the connection. HTTP_DONE: the answer is here, as far as it was
 * wanted; it is not called again then, nor after HTTP_BAD. */
enum http_result h2_feed(struct h2 *h, const uint8_t *data, uint32_t len);

/* Something is to be sent. */
bool h2_wants_send(const struct h2 *h);

/* After h2_take(): no answer will come any more, as after HTTP_BAD: what we have just sent says why. */
bool h2_is_over(struct h2 *h);

/* The status, after HTTP_DONE. */
uint16_t h2_code(const struct h2 *h);

/* After HTTP_BAD: what was wrong, in words. */
const char *h2_text(const struct h2 *h);
