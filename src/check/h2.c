/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See h2.h; nghttp2's manual pages. The library holds the peer to the protocol: what breaks it ends the
 * session, which then wants to read no more.
 */
#include "check/h2.h"

#include "core/bug.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ACKS_N = 100, /* answers to SETTINGS and PING that may wait to be sent */
	SETTINGS_N = 32, /* in one frame */
};

struct h2 {
	nghttp2_session *session;
	struct h2_ear ear;
	enum http_want want;
	int32_t stream;
	const uint8_t *body;
	uint32_t body_len, body_at; /* of the request */
	const uint8_t *rest; /* of what the session wants to send; the session's memory */
	uint32_t rest_len;
	uint32_t rx_len, head_len, got_len, frame_n;
	uint16_t code, header_n;
	uint8_t interim_n;
	bool is_done, is_closed, is_trailer;
	bool is_whole; /* the stream has ended on both sides, as it should */
	bool is_going; /* the server has said GOAWAY */
	bool is_broken; /* the session takes no more */
	char text[H2_TEXT_LEN];
};

/* ---- the request ---- */

static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *buf, size_t len,
		       uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct h2 *h = arg;
	uint32_t left = h->body_len - h->body_at;
	uint32_t n = len < left ? (uint32_t)len : left;

	(void)session;
	(void)stream;
	(void)source;
	if (n)
		memcpy(buf, h->body + h->body_at, n);
	h->body_at += n;
	if (h->body_at == h->body_len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return n;
}

/* The library copies them and does not write to them. */
static nghttp2_nv nv_of(const char *name, size_t name_len, const char *value, size_t value_len)
{
	union {
		const char *frozen;
		uint8_t *given;
	} n = { .frozen = name }, v = { .frozen = value };

	return (nghttp2_nv){
		.name = n.given, .namelen = name_len, .value = v.given, .valuelen = value_len
	};
}

static nghttp2_nv nv_text(const char *name, const char *value)
{
	return nv_of(name, strlen(name), value, strlen(value));
}

static void submit(struct h2 *h, const struct h2_ask *ask)
{
	nghttp2_data_provider body = { .read_callback = on_read };
	nghttp2_nv nv[H2_FIELDS_N];
	size_t n = 0;

	nv[n++] = nv_text(":method", ask->method);
	nv[n++] = nv_text(":scheme", ask->scheme);
	nv[n++] = nv_text(":authority", ask->authority);
	nv[n++] = nv_text(":path", ask->path);
	for (uint32_t i = 0; i < ask->field_n && n < H2_FIELDS_N; i++)
		nv[n++] = nv_of(ask->field[i].name, ask->field[i].name_len, ask->field[i].value,
				ask->field[i].value_len);
	h->stream =
		nghttp2_submit_request(h->session, NULL, nv, n, ask->body_len ? &body : NULL, NULL);
	BUG_ON(h->stream < 0);
}

void h2_ask(struct h2 *h, const struct h2_ask *ask, const struct h2_ear *ear)
{
	h->ear = *ear;
	h->want = ask->want;
	h->body = ask->body;
	h->body_len = ask->body_len;
	h->body_at = h->rx_len = h->head_len = h->got_len = h->frame_n = 0;
	h->code = h->header_n = h->interim_n = 0;
	h->is_done = h->is_closed = h->is_trailer = h->is_whole = false;
	*h->text = '\0';
	submit(h, ask);
}

uint32_t h2_take(struct h2 *h, char *buf, uint32_t cap)
{
	uint32_t len = 0;

	for (;;) {
		uint32_t n = h->rest_len < cap - len ? h->rest_len : cap - len;

		if (n) {
			memcpy(buf + len, h->rest, n);
			len += n;
			h->rest += n;
			h->rest_len -= n;
		}
		if (h->rest_len)
			return len;

		ssize_t more = nghttp2_session_mem_send(h->session, &h->rest);

		if (more <= 0)
			return len;
		h->rest_len = (uint32_t)more;
	}
}

bool h2_wants_send(const struct h2 *h)
{
	return h->rest_len || nghttp2_session_want_write(h->session);
}

bool h2_is_over(struct h2 *h)
{
	if (!h->is_closed && (h2_wants_send(h) || nghttp2_session_want_read(h->session)))
		return false;
	if (!*h->text)
		(void)snprintf(h->text, sizeof(h->text), "not HTTP/2 as it should be");
	return true;
}

/* ---- the answer ---- */

__attribute__((format(printf, 2, 3))) static int bad(struct h2 *h, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (!*h->text)
		(void)vsnprintf(h->text, sizeof(h->text), fmt, args);
	va_end(args);
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static bool is_interim(const struct h2 *h)
{
	return h->code / 100 == 1;
}

/* Every frame, also those that mean nothing to anybody. */
static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	struct h2 *h = arg;

	(void)session;
	(void)hd;
	return ++h->frame_n > H2_FRAMES_N ? bad(h, "more frames than are read") : 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h = arg;

	(void)session;
	if (frame->hd.stream_id != h->stream)
		return 0;
	h->is_trailer = h->code && !is_interim(h);
	if (!h->is_trailer && h->code && ++h->interim_n > HTTP_INTERIM_N)
		return bad(h, "too many interim answers");
	if (!h->is_trailer)
		h->code = 0;
	return 0;
}

static uint16_t status_of(const char *value, size_t len)
{
	unsigned code = 0;

	for (size_t i = 0; i < len && i < 3; i++)
		code = code * 10 + (unsigned)(value[i] - '0');
	return len == 3 && code >= 100 && code <= 999 ? (uint16_t)code : 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *arg)
{
	struct h2 *h = arg;
	const char *n = (const char *)name, *v = (const char *)value;

	(void)session;
	(void)flags;
	h->head_len += (uint32_t)(name_len + value_len) + 32; /* as in RFC 9113 6.5.2 */
	if (h->head_len > HTTP_HEAD_LEN || ++h->header_n > HTTP_HEADERS_N)
		return bad(h, "more headers than are read");
	if (frame->hd.stream_id != h->stream || !name_len)
		return 0;
	if (name_len == 7 && !memcmp(name, ":status", 7))
		h->code = status_of(v, value_len);
	if (name[0] == ':' || is_interim(h))
		return 0;
	if (h->is_trailer && h->ear.on_trailer)
		h->ear.on_trailer(h->ear.arg, n, (uint32_t)name_len, v, (uint32_t)value_len);
	if (!h->is_trailer && h->ear.on_header)
		h->ear.on_header(h->ear.arg, n, (uint32_t)name_len, v, (uint32_t)value_len);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
		   size_t len, void *arg)
{
	struct h2 *h = arg;

	(void)session;
	(void)flags;
	if (stream != h->stream || h->is_done)
		return 0;
	h->got_len += (uint32_t)len;
	if (h->got_len > HTTP_BODY_LEN)
		return bad(h, "the body is longer than is read");
	if (h->ear.on_body)
		h->ear.on_body(h->ear.arg, data, (uint32_t)len);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h = arg;
	bool is_head = frame->hd.type == NGHTTP2_HEADERS, is_end;

	(void)session;
	h->is_going |= frame->hd.type == NGHTTP2_GOAWAY;
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id < h->stream)
		return bad(h, "the server goes away (error %u)", frame->goaway.error_code);
	if (frame->hd.stream_id != h->stream || (!is_head && frame->hd.type != NGHTTP2_DATA))
		return 0;
	is_end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	if (is_end || (is_head && h->want == HTTP_HEAD && !is_interim(h)))
		h->is_done = true;
	return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *arg)
{
	struct h2 *h = arg;

	(void)session;
	h->is_whole |= stream == h->stream && !error;
	if (stream != h->stream || h->is_done)
		return 0;
	h->is_closed = true;
	(void)bad(h, "the server has reset the stream (error %u)", error);
	return 0;
}

enum http_result h2_feed(struct h2 *h, const uint8_t *data, uint32_t len)
{
	ssize_t n;

	h->rx_len += len;
	if (!len)
		(void)bad(h, "the connection ended");
	else if (h->rx_len > H2_RX_LEN)
		(void)bad(h, "more than is read");
	if (!len || h->rx_len > H2_RX_LEN)
		return HTTP_BAD;
	n = nghttp2_session_mem_recv(h->session, data, len);
	h->is_broken |= n < 0;
	if (h->is_done && h->code)
		return HTTP_DONE;
	if (n >= 0 && !h->is_closed && !h->is_done && nghttp2_session_want_read(h->session))
		return HTTP_MORE;
	(void)bad(h, "%s", n < 0 ? nghttp2_strerror((int)n) : "not HTTP/2 as it should be");
	return HTTP_BAD;
}

uint16_t h2_code(const struct h2 *h)
{
	return h->code;
}

const char *h2_text(const struct h2 *h)
{
	return h->text;
}

bool h2_is_done(const struct h2 *h)
{
	return h->is_done && h->code;
}

bool h2_has_begun(const struct h2 *h)
{
	return h->code;
}

/* ---- between two requests ---- */

static bool is_good(const struct h2 *h)
{
	return !h->is_broken && !h->is_going && nghttp2_session_want_read(h->session) &&
	       nghttp2_session_check_request_allowed(h->session);
}

bool h2_may_keep(const struct h2 *h)
{
	return h2_is_done(h) && h->is_whole && is_good(h);
}

void h2_rest(struct h2 *h)
{
	h->ear = (struct h2_ear){ 0 };
	h->stream = 0; /* no request's */
	h->body_len = h->body_at = 0;
	h->rx_len = h->head_len = h->frame_n = h->header_n = 0;
}

bool h2_idle(struct h2 *h, const uint8_t *data, uint32_t len)
{
	h->rx_len += len;
	if (h->rx_len > H2_REST_LEN)
		return false;
	h->is_broken |= nghttp2_session_mem_recv(h->session, data, len) < 0;
	return is_good(h);
}

/* ---- from beginning to end ---- */

struct h2 *h2_new(void)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_LEN },
	};
	struct h2 *h = calloc(1, sizeof(*h));
	nghttp2_session_callbacks *cb = NULL;
	nghttp2_option *opt = NULL;

	BUG_ON(!h || nghttp2_session_callbacks_new(&cb) || nghttp2_option_new(&opt));
	nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	nghttp2_option_set_max_outbound_ack(opt, ACKS_N);
	nghttp2_option_set_max_settings(opt, SETTINGS_N);
	BUG_ON(nghttp2_session_client_new2(&h->session, cb, h, opt));
	nghttp2_session_callbacks_del(cb);
	nghttp2_option_del(opt);
	BUG_ON(nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
				       sizeof(settings) / sizeof(*settings)));
	return h;
}

void h2_free(struct h2 *h)
{
	if (!h)
		return;
	nghttp2_session_del(h->session);
	free(h);
}
