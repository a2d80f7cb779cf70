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

			http_init(&h);

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
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1 200 O\0K\r\n", 17), HTTP_BAD);
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\nA\0: b", 22), HTTP_BAD);
	http_init(&h);
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
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1 200 ", 13), HTTP_MORE);
	assert_int_equal(repeat(&h, "x", HTTP_LINE_LEN - 13), HTTP_MORE);
	assert_int_equal(feed(&h, "x", 1), HTTP_BAD);

	/* a name without end */
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\n", 17), HTTP_MORE);
	assert_int_equal(repeat(&h, "n", HTTP_LINE_LEN), HTTP_MORE);
	assert_int_equal(feed(&h, "n", 1), HTTP_BAD);

	/* headers without end */
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\n", 17), HTTP_MORE);
	assert_int_equal(repeat(&h, "A: b\r\n", HTTP_HEADERS_N), HTTP_MORE);
	assert_int_equal(feed(&h, "A: b\r\n", 6), HTTP_BAD);

	/* folded lines without end */
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1 200 OK\r\nA: b\r\n", 23), HTTP_MORE);
	assert_int_equal(repeat(&h, " more of it\r\n", HTTP_HEAD_LEN), HTTP_BAD);
	assert_int_equal(h.head_len, HTTP_HEAD_LEN + 1);

	/* interim answers without end */
	http_init(&h);
	assert_int_equal(repeat(&h, "HTTP/1.1 100 x\r\n\r\n", HTTP_INTERIM_N), HTTP_MORE);
	assert_int_equal(feed(&h, "HTTP/1.1 100 x\r\n\r\n", 18), HTTP_BAD);

	/* blanks without end */
	http_init(&h);
	assert_int_equal(feed(&h, "HTTP/1.1", 8), HTTP_MORE);
	assert_int_equal(repeat(&h, " ", HTTP_HEAD_LEN), HTTP_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nul_is_bad),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
