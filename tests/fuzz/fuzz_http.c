/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any answer -> check/http: never a crash, always within the bounds, and the same result in one piece
 * and byte by byte. The first byte says how much of it is wanted.
 */
#include "check/http.h"
#include "core/addr.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool cond)
{
	if (!cond)
		abort();
}

/* What came out, as one number. */
struct sum {
	uint32_t headers, body;
	uint64_t body_len;
};

static void on_header(void *arg, const char *name, uint32_t name_len, const char *value,
		      uint32_t value_len)
{
	struct sum *s = arg;

	must(name_len > 0 && name_len + value_len <= HTTP_KEEP_LEN);
	s->headers = hash_bytes(hash_bytes(s->headers, name, name_len), value, value_len);
}

static void on_body(void *arg, const uint8_t *data, uint32_t len)
{
	struct sum *s = arg;

	s->body = hash_bytes(s->body, data, len);
	s->body_len += len;
}

static void start(struct http *h, struct sum *s, uint8_t want)
{
	*s = (struct sum){ 0 };
	http_init(h, (enum http_want)(want % 3));
	h->on_header = on_header;
	h->on_body = on_body;
	h->arg = s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http whole, bytes;
	struct sum sa, sb;
	enum http_result a, b = HTTP_MORE;

	if (!len)
		return 0;
	start(&whole, &sa, *data);
	start(&bytes, &sb, *data);
	data++;
	len--;
	a = http_feed(&whole, data, (uint32_t)len);
	for (size_t i = 0; i < len && b == HTTP_MORE; i++)
		b = http_feed(&bytes, data + i, 1);
	must(a == b);
	must(whole.code == bytes.code && whole.head_len == bytes.head_len);
	must(sa.headers == sb.headers && sa.body == sb.body && sa.body_len == whole.body_len);
	must(whole.head_len <= HTTP_HEAD_LEN + 1 && whole.head_len + whole.body_len <= len);
	must(whole.used_len <= len);
	must(a != HTTP_DONE || (whole.code >= 100 && whole.code <= 999));
	must(a != HTTP_MORE || whole.head_len + whole.body_len == len);
	if (a == HTTP_MORE)
		must(http_eof(&whole) == http_eof(&bytes));
	return 0;
}
