/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any answer -> check/http: never a crash, always within the bounds, and the same result in one piece
 * and byte by byte.
 */
#include "check/http.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool cond)
{
	if (!cond)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http whole, bytes;
	enum http_result a, b = HTTP_MORE;

	http_init(&whole);
	http_init(&bytes);
	a = http_feed(&whole, data, (uint32_t)len);
	for (size_t i = 0; i < len && b == HTTP_MORE; i++)
		b = http_feed(&bytes, data + i, 1);
	must(a == b);
	must(whole.code == bytes.code && whole.head_len == bytes.head_len);
	must(whole.head_len <= HTTP_HEAD_LEN + 1 && whole.head_len <= len);
	must(a != HTTP_DONE || (whole.code >= 100 && whole.code <= 999));
	must(a != HTTP_MORE || whole.head_len == len);
	return 0;
}
