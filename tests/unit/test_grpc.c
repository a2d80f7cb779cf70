/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check/grpc: what is asked and what an answer says. Bytes as protoc's decoder reads them.
 */
#include "check/grpc.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void test_request(void **state)
{
	uint8_t buf[GRPC_REQUEST_LEN];
	char longest[GRPC_SERVICE_LEN + 1] = "";

	(void)state;
	assert_int_equal(grpc_request(buf, NULL), 5);
	assert_memory_equal(buf, "\0\0\0\0\0", 5);
	assert_int_equal(grpc_request(buf, "a.B"), 10);
	assert_memory_equal(buf,
			    "\0\0\0\0\x05\x0a\x03"
			    "a.B",
			    10);
	memset(longest, 'x', GRPC_SERVICE_LEN);
	assert_int_equal(grpc_request(buf, longest), GRPC_REQUEST_LEN);
	assert_memory_equal(buf, "\0\0\0\x01\x02\x0a\xff\x01xx", 10);
}

static const struct {
	const uint8_t *bytes;
	uint32_t len;
	int serving;
} rows[] = {
	{ BYTES("\0\0\0\0\x02\x08\x01"), 1 },
	{ BYTES("\0\0\0\0\x02\x08\x02"), 2 },
	{ BYTES("\0\0\0\0\0"), 0 }, /* what is 0 is left out */
	{ BYTES("\0\0\0\0\x03\x08\x81\0"), 1 },
	{ BYTES("\0\0\0\0\x04\x08\x02\x08\x01"), 1 }, /* the last one counts */
	/* fields of later versions: varint, 64 bits, bytes, 32 bits */
	{ BYTES("\0\0\0\0\x04\x10\x05\x08\x01"), 1 },
	{ BYTES("\0\0\0\0\x0b\x11"
		"12345678"
		"\x08\x01"),
	  1 },
	{ BYTES("\0\0\0\0\x07\x12\x03"
		"abc"
		"\x08\x01"),
	  1 },
	{ BYTES("\0\0\0\0\x07\x1d"
		"1234"
		"\x08\x01"),
	  1 },
	{ BYTES(""), -EPROTO },
	{ BYTES("\0\0\0\0"), -EPROTO },
	{ BYTES("\1\0\0\0\x02\x08\x01"), -EPROTO }, /* compressed: we have not asked for it */
	{ BYTES("\0\0\0\0\x03\x08\x01"), -EPROTO },
	{ BYTES("\0\0\0\0\x01\x08\x01"), -EPROTO },
	{ BYTES("\0\0\0\0\x01\x08"), -EPROTO },
	{ BYTES("\0\0\0\0\x02\x0a\x05"), -EPROTO }, /* bytes beyond the end */
	{ BYTES("\0\0\0\0\x03\x12\x02x"), -EPROTO },
	{ BYTES("\0\0\0\0\x02\x11x"), -EPROTO },
	{ BYTES("\0\0\0\0\x01\x0b"), -EPROTO }, /* a group: not in this language any more */
	{ BYTES("\0\0\0\0\x02\0\x01"), -EPROTO }, /* field 0 */
	{ BYTES("\0\0\0\0\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), -EPROTO },
	{ BYTES("\0\0\0\0\x06\x08\xff\xff\xff\xff\x0f"), -EPROTO }, /* no such number */
};

static void test_answers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct grpc whole = { 0 }, bytes = { 0 };

		grpc_feed(&whole, rows[i].bytes, rows[i].len);
		for (uint32_t k = 0; k < rows[i].len; k++)
			grpc_feed(&bytes, rows[i].bytes + k, 1);
		assert_int_equal(grpc_serving(&whole), rows[i].serving);
		assert_int_equal(grpc_serving(&bytes), rows[i].serving);
	}
}

static void test_too_long(void **state)
{
	uint8_t much[GRPC_ANSWER_LEN + 1] = { 0, 0, 0, 0, GRPC_ANSWER_LEN - 4 };
	struct grpc g = { 0 };

	(void)state;
	grpc_feed(&g, much, sizeof(much));
	assert_int_equal(grpc_serving(&g), -EPROTO);
}

static void test_status(void **state)
{
	(void)state;
	assert_int_equal(grpc_status("0", 1), 0);
	assert_int_equal(grpc_status("12", 2), 12);
	assert_int_equal(grpc_status("", 0), GRPC_STATUS_NONE);
	assert_int_equal(grpc_status("-1", 2), GRPC_STATUS_NONE);
	assert_int_equal(grpc_status("1000", 4), GRPC_STATUS_NONE);
	assert_string_equal(grpc_status_name(5), "NOT_FOUND");
	assert_string_equal(grpc_status_name(17), "unknown");
	assert_string_equal(grpc_serving_name(2), "NOT_SERVING");
	assert_string_equal(grpc_serving_name(4), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
