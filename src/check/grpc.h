/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The messages of gRPC's health service (grpc.health.v1.Health, method Check): a frame of five bytes
 * before each, the message in the wire format of protocol buffers. Pure.
 *
 *	HealthCheckRequest	field 1, text: the service; "" is the server as a whole
 *	HealthCheckResponse	field 1, number: 0 UNKNOWN, 1 SERVING, 2 NOT_SERVING, 3 SERVICE_UNKNOWN
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	GRPC_SERVICE_LEN = 255, /* longest name of a service */
	GRPC_REQUEST_LEN = 5 + 3 + GRPC_SERVICE_LEN,
	GRPC_ANSWER_LEN = 256, /* longest answer that is read: a healthy one has seven bytes */
	GRPC_SERVING = 1,
	GRPC_STATUS_NONE = UINT16_MAX,
};

#define GRPC_PATH "/grpc.health.v1.Health/Check"

/* Zeroed memory has read nothing. */
struct grpc {
	uint32_t len;
	bool is_too_long;
	uint8_t byte[GRPC_ANSWER_LEN];
};

/* The whole body of the request; returns its length. service: NULL or at most GRPC_SERVICE_LEN bytes. */
uint32_t grpc_request(uint8_t buf[static GRPC_REQUEST_LEN], const char *service);

/* The next bytes of the answer's body. */
void grpc_feed(struct grpc *g, const uint8_t *data, uint32_t len);

/* At its end: the number that it says, or -EPROTO: it is no answer of this service. */
int grpc_serving(const struct grpc *g);

/* The number in a grpc-status header; GRPC_STATUS_NONE: none. */
uint16_t grpc_status(const char *text, uint32_t len);

/* Its name, "NOT_FOUND"; and that of a serving status. Never NULL. */
const char *grpc_status_name(uint16_t status);
const char *grpc_serving_name(int serving);
