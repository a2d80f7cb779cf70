/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See grpc.h.
 */
#include "check/grpc.h"

#include <errno.h>
#include <string.h>

enum {
	FRAME_LEN = 5, /* compressed or not, and the length in four bytes */
	TAG_SERVICE = 1 << 3 | 2, /* field 1, length and bytes */
	TAG_SERVING = 1 << 3 | 0, /* field 1, a varint */
	VARINT_LEN = 10,
};

static uint32_t put_varint(uint8_t *to, uint32_t n)
{
	uint32_t len = 0;

	for (; n > 0x7f; n >>= 7)
		to[len++] = (uint8_t)(n | 0x80);
	to[len++] = (uint8_t)n;
	return len;
}

uint32_t grpc_request(uint8_t buf[static GRPC_REQUEST_LEN], const char *service)
{
	uint32_t n = service ? (uint32_t)strnlen(service, GRPC_SERVICE_LEN) : 0;
	uint32_t len = FRAME_LEN;

	memset(buf, 0, FRAME_LEN);
	if (n) {
		buf[len++] = TAG_SERVICE;
		len += put_varint(buf + len, n);
		memcpy(buf + len, service, n);
		len += n;
	}
	buf[3] = (uint8_t)((len - FRAME_LEN) >> 8);
	buf[4] = (uint8_t)(len - FRAME_LEN);
	return len;
}

void grpc_feed(struct grpc *g, const uint8_t *data, uint32_t len)
{
	uint32_t room = GRPC_ANSWER_LEN - g->len;

	g->is_too_long |= len > room;
	len = len < room ? len : room;
	memcpy(g->byte + g->len, data, len);
	g->len += len;
}

/* 0 or -EPROTO; *at is behind it then. */
static int get_varint(const struct grpc *g, uint32_t *at, uint64_t *n)
{
	*n = 0;
	for (unsigned i = 0; i < VARINT_LEN && *at < g->len; i++) {
		uint8_t b = g->byte[(*at)++];

		*n |= (uint64_t)(b & 0x7f) << 7 * i;
		if (!(b & 0x80))
			return 0;
	}
	return -EPROTO;
}

/* Passes over a field of that kind. */
static int skip(const struct grpc *g, uint32_t *at, unsigned kind)
{
	uint64_t n = 0;

	switch (kind) {
	case 0:
		return get_varint(g, at, &n);
	case 1:
		n = 8;
		break;
	case 2:
		if (get_varint(g, at, &n))
			return -EPROTO;
		break;
	case 5:
		n = 4;
		break;
	default:
		return -EPROTO;
	}
	if (n > g->len - *at)
		return -EPROTO;
	*at += (uint32_t)n;
	return 0;
}

int grpc_serving(const struct grpc *g)
{
	uint32_t at = FRAME_LEN;
	uint64_t serving = 0; /* what is not there is 0 */

	if (g->is_too_long || g->len < FRAME_LEN || g->byte[0])
		return -EPROTO;
	if (((uint32_t)g->byte[1] << 24 | (uint32_t)g->byte[2] << 16 | (uint32_t)g->byte[3] << 8 |
	     g->byte[4]) != g->len - FRAME_LEN)
		return -EPROTO;
	while (at < g->len) {
		uint64_t tag;

		if (get_varint(g, &at, &tag) || !(tag >> 3))
			return -EPROTO;
		if (tag == TAG_SERVING ? get_varint(g, &at, &serving)
				       : skip(g, &at, (unsigned)tag & 7))
			return -EPROTO;
	}
	return serving <= INT32_MAX ? (int)serving : -EPROTO;
}

uint16_t grpc_status(const char *text, uint32_t len)
{
	uint16_t n = 0;

	if (!len || len > 3)
		return GRPC_STATUS_NONE;
	for (uint32_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return GRPC_STATUS_NONE;
		n = (uint16_t)(n * 10 + (text[i] - '0'));
	}
	return n;
}

const char *grpc_status_name(uint16_t status)
{
	static const char *const name[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	return status < sizeof(name) / sizeof(*name) ? name[status] : "unknown";
}

const char *grpc_serving_name(int serving)
{
	static const char *const name[] = { "UNKNOWN", "SERVING", "NOT_SERVING",
					    "SERVICE_UNKNOWN" };

	return (unsigned)serving < sizeof(name) / sizeof(*name) ? name[serving] : "unknown";
}
