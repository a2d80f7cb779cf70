/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever a server says in HTTP/2: the answer's bounds hold, in one piece and in pieces, and a gRPC answer is
 * read from it; the same of more requests over the connection, and while it rests. The first byte says in how
 * large pieces, and what is wanted.
 */
#include "check/grpc.h"
#include "check/h2.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

struct heard {
	uint32_t header_n, body_len;
	struct grpc answer;
};

static void on_header(void *arg, const char *name, uint32_t name_len, const char *value,
		      uint32_t value_len)
{
	struct heard *h = arg;

	must(name_len > 0 && name_len + value_len <= HTTP_HEAD_LEN && name[0] != ':');
	(void)grpc_status(value, value_len);
	must(++h->header_n <= HTTP_HEADERS_N);
}

static void on_body(void *arg, const uint8_t *data, uint32_t len)
{
	struct heard *h = arg;

	h->body_len += len;
	must(h->body_len <= HTTP_BODY_LEN);
	grpc_feed(&h->answer, data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct h2_ask ask = { "POST", "http", "a", GRPC_PATH, .body = "12345", .body_len = 5 };
	struct heard heard = { 0 };
	struct h2_ear ear = { on_header, on_header, on_body, &heard };
	enum http_result r = HTTP_MORE;
	char out[512];
	struct h2 *h;

	if (!len)
		return 0;

	uint32_t piece = (data[0] & 0x3f) + 1u;

	ask.want = (enum http_want)(data[0] >> 6) % 3;
	h = h2_new();
	h2_ask(h, &ask, &ear);
	for (size_t at = 1; at < len && r == HTTP_MORE && !h2_is_over(h); at += piece) {
		uint32_t n = (uint32_t)(len - at < piece ? len - at : piece);

		while (h2_take(h, out, sizeof(out)))
			;
		r = h2_feed(h, data + at, n);
		must(r != HTTP_DONE || (h2_code(h) >= 100 && h2_code(h) <= 999));
		must(r != HTTP_BAD || *h2_text(h));
		if (r != HTTP_DONE || !h2_may_keep(h))
			continue;
		(void)grpc_serving(&heard.answer);
		memset(&heard, 0, sizeof(heard));
		h2_rest(h);
		if (at + n >= len || !h2_idle(h, data + at + n, 1))
			break;
		at += 1;
		h2_ask(h, &ask, &ear);
		r = HTTP_MORE;
	}
	(void)grpc_serving(&heard.answer);
	h2_free(h);
	return 0;
}
