/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/http: good and bad answers, in one piece and byte by byte, and every bound.
 */
#include "check/http.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *text;
	enum http_result want;
	uint16_t code;
};

static const struct row rows[] = {
	{ "HTTP/1.1 200 OK\r\n\r\n", HTTP_DONE, 200 },
	{ "HTTP/1.0 503 Busy\r\nA: b\r\n\r\nbody", HTTP_DONE, 503 },
	{ "HTTP/1.1 404\r\n\r\n", HTTP_DONE, 404 },
	{ "HTTP/1.1 404 \r\n\r\n", HTTP_DONE, 404 },
	{ "HTTP/1.1  204 two blanks\n\n", HTTP_DONE, 204 },
	{ "HTTP/1.1 200 OK\nServer: bare line feeds\n\n", HTTP_DONE, 200 },
	{ "HTTP/1.1 200 \xc3\xa9t\xc3\xa9\r\nX: \xff\r\n\r\n", HTTP_DONE, 200 },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\tonce more\r\nC:\r\n\r\n", HTTP_DONE, 200 },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", HTTP_DONE, 200 },
	{ "HTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 102 x\r\n\r\nHTTP/1.1 500 x\r\n\r\n",
	  HTTP_DONE, 500 },
	{ "HTTP/1.1 101 Switching\r\n\r\n", HTTP_DONE, 101 },
	{ "HTTP/1.1 999 far out\r\n\r\n", HTTP_DONE, 999 },
	{ "", HTTP_MORE, 0 },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n", HTTP_MORE, 0 },
	{ "HTTP/1.1 200 OK\r\nA: b\r\n\r", HTTP_MORE, 0 },
	{ "HTTP/1.1 20", HTTP_MORE, 0 },
	{ "HTTP/1.1 100 Continue\r\n\r\n", HTTP_MORE, 0 },
	{ "HTTP/2 200\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.x 200\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.11 200\r\n\r\n", HTTP_BAD, 0 },
	{ "http/1.1 200 OK\r\n\r\n", HTTP_BAD, 0 },
	{ "\r\nHTTP/1.1 200 OK\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1200 OK\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 OK\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 2OO\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 099 low\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 2000 long\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 -20 x\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 200 OK\r\n: no name\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 200 OK\r\n folded at once\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HTTP_BAD, 0 },
	{ "HTTP/1.1 200 OK\r\n\rX\r\n", HTTP_BAD, 0 },
	{ "220 mail.example ESMTP\r\n", HTTP_BAD, 0 },
	{ "SSH-2.0-OpenSSH_9.2\r\n", HTTP_BAD, 0 },
	{ "<html>", HTTP_BAD, 0 },
	{ "\x16\x03\x01", HTTP_BAD, 0 },
};

static enum http_result feed(struct http *h, const char *text, size_t len)
{
	return http_feed(h, (const uint8_t *)text, (uint32_t)len);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct row *r = &rows[i];
		size_t len = strlen(r->text);

		/* cut in two at every place */
		for (size_t cut = 0; cut <= len; cut++) {
			struct http h;

			http_init(&h, HTTP_HEAD);

			enum http_result got = feed(&h, r->text, cut);

			if (got == HTTP_MORE)
				got = feed(&h, r->text + cut, len - cut);
			if (got != r->want)
				print_error("row %zu cut at %zu\n", i, cut);
			assert_int_equal(got, r->want);
			if (got == HTTP_DONE)
				assert_int_equal(h.code, r->code);
		}
	}
}

static void test_nul_is_bad(void **state)
{
	struct http h;

	(void)state;
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 O\0K\r\n", 17), HTTP_BAD);
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\nA\0: b", 22), HTTP_BAD);
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\nA: b\0", 22), HTTP_BAD);
}

/* Repeats text until something else than HTTP_MORE comes or n are done. */
static enum http_result repeat(struct http *h, const char *text, unsigned n)
{
	enum http_result r = HTTP_MORE;

	for (unsigned i = 0; i < n && r == HTTP_MORE; i++)
		r = feed(h, text, strlen(text));
	return r;
}

static void test_bounds(void **state)
{
	struct http h;

	(void)state;
	/* a status line without end */
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 ", 13), HTTP_MORE);
	assert_int_equal(repeat(&h, "x", HTTP_LINE_LEN - 13), HTTP_MORE);
	assert_int_equal(feed(&h, "x", 1), HTTP_BAD);

	/* a name without end */
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\n", 17), HTTP_MORE);
	assert_int_equal(repeat(&h, "n", HTTP_LINE_LEN), HTTP_MORE);
	assert_int_equal(feed(&h, "n", 1), HTTP_BAD);

	/* headers without end */
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\n", 17), HTTP_MORE);
	assert_int_equal(repeat(&h, "A: b\r\n", HTTP_HEADERS_N), HTTP_MORE);
	assert_int_equal(feed(&h, "A: b\r\n", 6), HTTP_BAD);

	/* folded lines without end */
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\nA: b\r\n", 23), HTTP_MORE);
	assert_int_equal(repeat(&h, " more of it\r\n", HTTP_HEAD_LEN), HTTP_BAD);
	assert_int_equal(h.head_len, HTTP_HEAD_LEN + 1);

	/* interim answers without end */
	http_init(&h, HTTP_HEAD);
	assert_int_equal(repeat(&h, "HTTP/1.1 100 x\r\n\r\n", HTTP_INTERIM_N), HTTP_MORE);
	assert_int_equal(feed(&h, "HTTP/1.1 100 x\r\n\r\n", 18), HTTP_BAD);

	/* blanks without end */
	http_init(&h, HTTP_HEAD);
	assert_int_equal(feed(&h, "HTTP/1.1", 8), HTTP_MORE);
	assert_int_equal(repeat(&h, " ", HTTP_HEAD_LEN), HTTP_BAD);
}

/* What was handed on, as one text. */
struct seen {
	char text[512];
	size_t len;
};

static void see(struct seen *s, const void *data, size_t len)
{
	assert_true(s->len + len < sizeof(s->text));
	memcpy(s->text + s->len, data, len);
	s->len += len;
}

static void on_header(void *arg, const char *name, uint32_t name_len, const char *value,
		      uint32_t value_len)
{
	see(arg, name, name_len);
	see(arg, "=", 1);
	see(arg, value, value_len);
	see(arg, ";", 1);
}

static void on_body(void *arg, const uint8_t *data, uint32_t len)
{
	see(arg, data, len);
}

#define OK11 "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK11 "Transfer-Encoding: chunked\r\n\r\n"

static const struct whole {
	const char *text, *seen;
	enum http_want want;
	enum http_result end; /* HTTP_MORE: what http_eof() says then is in eof */
	enum http_result eof;
	bool may_keep;
	uint32_t rest_len; /* behind the answer */
} wholes[] = {
	{ OK11 "A:  b c \r\nContent-Length: 5\r\n\r\nhello", "A=b c;Content-Length=5;hello",
	  HTTP_BODY, HTTP_DONE, HTTP_BAD, true, 0 },
	{ OK11 "Content-Length: 2\r\n\r\nhello", "Content-Length=2;he", HTTP_BODY, HTTP_DONE,
	  HTTP_BAD, true, 3 },
	{ OK11 "Content-Length: 0\r\n\r\n", "Content-Length=0;", HTTP_BODY, HTTP_DONE, HTTP_BAD,
	  true, 0 },
	{ OK11 "Content-Length: 9\r\n\r\nhello", "Content-Length=9;hello", HTTP_BODY, HTTP_MORE,
	  HTTP_BAD, false, 0 },
	{ OK11 "\r\nto the end", "to the end", HTTP_BODY, HTTP_MORE, HTTP_DONE, false, 0 },
	{ OK11 "connection: x, Close\r\ncontent-length: 1\r\n\r\n.",
	  "connection=x, Close;content-length=1;.", HTTP_BODY, HTTP_DONE, HTTP_BAD, false, 0 },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n.", "Content-Length=1;.", HTTP_BODY,
	  HTTP_DONE, HTTP_BAD, false, 0 },
	{ "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n.",
	  "Connection=keep-alive;Content-Length=1;.", HTTP_BODY, HTTP_DONE, HTTP_BAD, true, 0 },
	{ CHUNKED "5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding=chunked;hello", HTTP_BODY,
	  HTTP_DONE, HTTP_BAD, true, 0 },
	{ CHUNKED "00a; x=\"y\"\r\n0123456789\r\n1\n.\n0\r\nT: u\r\n\r\nmore",
	  "Transfer-Encoding=chunked;0123456789.", HTTP_BODY, HTTP_DONE, HTTP_BAD, true, 4 },
	{ OK11 "Content-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\n.\r\n0\r\n\r\n",
	  "Content-Length=3;Transfer-Encoding=gzip, chunked;.", HTTP_BODY, HTTP_DONE, HTTP_BAD,
	  true, 0 },
	{ CHUNKED "5\r\nhel", "Transfer-Encoding=chunked;hel", HTTP_BODY, HTTP_MORE, HTTP_BAD,
	  false, 0 },
	{ CHUNKED "\r\n", "Transfer-Encoding=chunked;", HTTP_BODY, HTTP_BAD, HTTP_BAD, false, 0 },
	{ CHUNKED "x\r\n", "Transfer-Encoding=chunked;", HTTP_BODY, HTTP_BAD, HTTP_BAD, false, 0 },
	{ CHUNKED "-1\r\n", "Transfer-Encoding=chunked;", HTTP_BODY, HTTP_BAD, HTTP_BAD, false, 0 },
	{ CHUNKED "1\r\n.x", "Transfer-Encoding=chunked;.", HTTP_BODY, HTTP_BAD, HTTP_BAD, false,
	  0 },
	{ CHUNKED "fffffffff\r\n", "Transfer-Encoding=chunked;", HTTP_BODY, HTTP_BAD, HTTP_BAD,
	  false, 0 },
	{ OK11 "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
	  "Content-Length=1;Content-Length=2;", HTTP_BODY, HTTP_BAD, HTTP_BAD, false, 0 },
	{ OK11 "Content-Length: 1x\r\n\r\n", "Content-Length=1x;", HTTP_BODY, HTTP_BAD, HTTP_BAD,
	  false, 0 },
	{ OK11 "Content-Length: 99999999999999999999\r\n\r\n",
	  "Content-Length=99999999999999999999;", HTTP_BODY, HTTP_BAD, HTTP_BAD, false, 0 },
	{ "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "Content-Length=5;", HTTP_BODY, HTTP_DONE,
	  HTTP_BAD, true, 0 },
	{ "HTTP/1.1 304 No\r\n\r\n", "", HTTP_BODY, HTTP_DONE, HTTP_BAD, true, 0 },
	{ OK11 "Content-Length: 5\r\n\r\n", "Content-Length=5;", HTTP_NO_BODY, HTTP_DONE, HTTP_BAD,
	  true, 0 },
	{ OK11 "Content-Length: 5\r\n\r\nhello", "Content-Length=5;", HTTP_HEAD, HTTP_DONE,
	  HTTP_BAD, false, 5 },
	{ "HTTP/1.1 100 C\r\nContent-Length: 7\r\n\r\n" OK11 "Content-Length: 1\r\n\r\n.",
	  "Content-Length=7;Content-Length=1;.", HTTP_BODY, HTTP_DONE, HTTP_BAD, true, 0 },
};

static void test_whole_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(wholes); i++) {
		const struct whole *w = &wholes[i];
		size_t len = strlen(w->text);

		for (size_t cut = 0; cut <= len; cut++) {
			struct seen seen = { 0 };
			enum http_result r = HTTP_MORE;
			struct http h;
			uint32_t used;

			http_init(&h, w->want);
			h.on_header = on_header;
			h.on_body = on_body;
			h.arg = &seen;
			if (cut)
				r = feed(&h, w->text, cut);
			used = h.used_len;
			if (r == HTTP_MORE) {
				r = feed(&h, w->text + cut, len - cut);
				used += h.used_len;
			}
			if (r != w->end)
				print_error("row %zu cut at %zu\n", i, cut);
			assert_int_equal(r, w->end);
			assert_string_equal(seen.text, w->seen);
			if (r == HTTP_MORE)
				assert_int_equal(http_eof(&h), w->eof);
			if (r == HTTP_DONE) {
				assert_int_equal(http_may_keep(&h), w->may_keep);
				assert_int_equal(used, len - w->rest_len);
			}
		}
	}
}

static void test_body_bound(void **state)
{
	static char much[65536];
	struct http h;
	enum http_result r;
	uint64_t n = 0;

	(void)state;
	http_init(&h, HTTP_BODY);
	r = feed(&h, OK11 "\r\n", sizeof(OK11 "\r\n") - 1);
	for (; r == HTTP_MORE; n++)
		r = feed(&h, much, sizeof(much));
	assert_int_equal(r, HTTP_BAD);
	assert_int_equal(n, HTTP_BODY_LEN / sizeof(much) + 1);

	/* chunks of one byte each are bounded as well: by the bytes of their lines */
	http_init(&h, HTTP_BODY);
	r = feed(&h, CHUNKED, sizeof(CHUNKED) - 1);
	r = repeat(&h, "1\r\n.\r\n", HTTP_HEAD_LEN);
	assert_int_equal(r, HTTP_BAD);
}

/* A header that is longer than what is kept of it is handed on cut. */
static void test_long_header(void **state)
{
	struct seen seen = { 0 };
	struct http h;

	(void)state;
	http_init(&h, HTTP_HEAD);
	h.on_header = on_header;
	h.arg = &seen;
	assert_int_equal(feed(&h, OK11 "Name:", sizeof(OK11 "Name:") - 1), HTTP_MORE);
	assert_int_equal(repeat(&h, "v", 480), HTTP_MORE);
	assert_int_equal(feed(&h, "\r\n\r\n", 4), HTTP_DONE);
	assert_int_equal(seen.len, 4 + 1 + 480 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),       cmocka_unit_test(test_nul_is_bad),
		cmocka_unit_test(test_bounds),     cmocka_unit_test(test_whole_answers),
		cmocka_unit_test(test_body_bound), cmocka_unit_test(test_long_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
