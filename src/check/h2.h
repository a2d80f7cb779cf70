/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests over a connection of HTTP/2 (RFC 9113), one after the other, and their answers, by nghttp2: bytes
 * in, bytes out, no socket. What is kept of an answer is its status; headers and body are handed to the
 * caller's functions, as by http.h, and with the bounds of http.h. Between two requests the connection rests:
 * what comes then (PING, SETTINGS, GOAWAY) is taken, and answered.
 */
#pragma once

#include "check/http.h"

enum {
	H2_FIELDS_N = 40, /* headers of a request, the four pseudo ones counted in */
	H2_RX_LEN =
		HTTP_BODY_LEN + HTTP_HEAD_LEN, /* most bytes of one answer, with all around it */
	H2_FRAMES_N =
		32768, /* most frames of one answer; of its whole body in pieces of half a kilobyte */
	H2_REST_LEN = 16384, /* most bytes that come while it rests: hundreds of PINGs */
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
	const void *body; /* lives until the answer is here, or h2_rest() */
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

/* A connection that has asked nothing yet. Never NULL. */
struct h2 *h2_new(void);
void h2_free(struct h2 *h); /* NULL: nothing happens */

/* The next request, which waits to be taken. The one before, if there was one, has ended with h2_rest(). */
void h2_ask(struct h2 *h, const struct h2_ask *ask, const struct h2_ear *ear);

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

/* The answer to this request is here, and wanted. */
bool h2_is_done(const struct h2 *h);

/* Some of the answer to this request has come: its headers. */
bool h2_has_begun(const struct h2 *h);

/* After HTTP_DONE: it is good for another request. */
bool h2_may_keep(const struct h2 *h);

/* Nobody listens to the request any more; what comes from now on is for h2_idle(). */
void h2_rest(struct h2 *h);

/* While it rests: what comes. False: it is no good any more. */
bool h2_idle(struct h2 *h, const uint8_t *data, uint32_t len);
