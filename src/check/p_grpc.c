/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The gRPC check: asks the server's health service (grpc.h) over HTTP/2 (h2_run.h), with TLS or without. It
 * passes when the call succeeds and the service is SERVING. Run by the engine (steps.h).
 */
#include "check/grpc.h"
#include "check/h2_run.h"
#include "check/protos.h"

#include <string.h>
#include <strings.h>

struct ctx {
	uint16_t status; /* grpc-status */
	bool has_begun, is_grpc;
	struct grpc answer;
	uint8_t request[GRPC_REQUEST_LEN];
};

_Static_assert(sizeof(struct ctx) <= STEP_CTX_LEN, "it must fit into a run");

static bool is_name(const char *name, uint32_t len, const char *want)
{
	return len == strlen(want) && !memcmp(name, want, len);
}

/* A call that fails at once has its status in the headers, others in the trailer. */
static void on_header(void *arg, const char *name, uint32_t name_len, const char *value,
		      uint32_t value_len)
{
	static const char type[] = "application/grpc";
	struct ctx *c = arg;

	if (is_name(name, name_len, "grpc-status"))
		c->status = grpc_status(value, value_len);
	if (is_name(name, name_len, "content-type"))
		c->is_grpc = value_len >= sizeof(type) - 1 &&
			     !strncasecmp(value, type, sizeof(type) - 1);
}

static void on_body(void *arg, const uint8_t *data, uint32_t len)
{
	struct ctx *c = arg;

	grpc_feed(&c->answer, data, len);
}

static void begin(struct run *run)
{
#define FIELD(n, v)                                                                                \
	{                                                                                          \
		n, v, sizeof(n) - 1, sizeof(v) - 1                                                 \
	}
	static const struct h2_field fields[] = {
		FIELD("content-type", "application/grpc"),
		FIELD("te", "trailers"),
		FIELD("user-agent", "vipd"),
	};
#undef FIELD
	const struct conf_check *ck = run->ask.check;
	struct ctx *c = (void *)run->ctx;
	struct ip_addr addr = *run_addr(run->ask.rs, ck);
	char text[ADDR_PORT_TEXT_LEN];
	struct h2_ask ask = {
		.method = "POST",
		.scheme = run->tls ? "https" : "http",
		.authority = ck->s.host ? ck->s.host
					: addr_port_text(&addr, run_port(run->ask.rs, ck), text),
		.path = GRPC_PATH,
		.field = fields,
		.field_n = sizeof(fields) / sizeof(*fields),
		.body = c->request,
		.body_len = grpc_request(c->request, ck->s.service),
		.want = HTTP_BODY,
	};
	struct h2_ear ear = {
		.on_header = on_header, .on_trailer = on_header, .on_body = on_body, .arg = c
	};

	c->status = GRPC_STATUS_NONE;
	c->has_begun = true;
	h2_run_ask(run, &ask, &ear);
}

static uint32_t make(struct run *run, char *buf, uint32_t cap)
{
	struct ctx *c = (void *)run->ctx;

	if (!c->has_begun)
		begin(run);
	return h2_run_take(run, buf, cap);
}

static enum step_verdict fail(enum check_reason *why, enum check_reason reason)
{
	*why = reason;
	return STEP_FAIL;
}

static enum step_verdict judge(struct run *run, enum check_reason *why)
{
	enum { HTTP_OK = 200 };
	const struct ctx *c = (void *)run->ctx;
	int serving;

	run->code = h2_code(run->conn->h2);
	if (run->code != HTTP_OK)
		return fail(why, REASON_L7STS);
	run->code = 0;
	if (!c->is_grpc || c->status == GRPC_STATUS_NONE) {
		run_say(run, "the answer is not of gRPC");
		return fail(why, REASON_L7RSP);
	}
	run->code = c->status;
	if (c->status) {
		run_say(run, "gRPC status %s", grpc_status_name(c->status));
		return fail(why, REASON_L7STS);
	}
	serving = grpc_serving(&c->answer);
	if (serving < 0) {
		run_say(run, "the answer is not of the health service");
		return fail(why, REASON_L7RSP);
	}
	if (serving == GRPC_SERVING)
		return STEP_NEXT;
	run_say(run, "the service is %s", grpc_serving_name(serving));
	return fail(why, REASON_L7STS);
}

static enum step_verdict match(struct run *run, const uint8_t *data, uint32_t len,
			       enum check_reason *why)
{
	return h2_run_match(run, data, len, why, judge);
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_TLS },
	{ .kind = STEP_SEND, .make = make },
	{ .kind = STEP_EXPECT, .match = match, .enter = h2_run_enter },
	{ .kind = STEP_LOOP, .again = h2_run_again, .to = 2 },
	{ .kind = STEP_DONE },
};

const struct proto proto_grpc = {
	.name = "grpc", .steps = steps, .ok = REASON_L7OK, .conn = CONN_STREAM
};
