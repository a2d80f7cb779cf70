/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The HTTP check: GET a path and look at the status. Run by the engine (steps.h); http.h reads the
 * answer.
 */
#include "check/http.h"
#include "check/protos.h"

#include <stdio.h>

_Static_assert(sizeof(struct http) <= STEP_CTX_LEN, "the parser must fit into a run");

enum { HTTP_PORT = 80 };

static uint32_t make_request(const struct run *run, char *buf, uint32_t cap)
{
	const struct conf_check *ck = run->check;
	uint16_t port = run_port(run->rs, ck);
	char host[ADDR_PORT_TEXT_LEN];

	if (port == HTTP_PORT)
		(void)addr_text(&run->rs->s.addr, host);
	else
		(void)addr_port_text(&run->rs->s.addr, port, host);

	int n = snprintf(buf, cap,
			 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: vipd\r\nAccept: */*\r\n"
			 "Connection: close\r\n\r\n",
			 ck->s.path ? ck->s.path : "/", ck->s.host ? ck->s.host : host);

	return n < (int)cap ? (uint32_t)n : cap; /* the schema's bounds are smaller than cap */
}

/* After a zeroed ctx: the parser begins at the first call. */
static enum step_verdict match_answer(struct run *run, const uint8_t *data, uint32_t len,
				      enum check_reason *why)
{
	struct http *h = (void *)run->ctx;

	if (!h->head_len)
		http_init(h, HTTP_HEAD);

	enum http_result r = len ? http_feed(h, data, len) : HTTP_BAD;

	if (r == HTTP_MORE)
		return STEP_WAIT;
	if (r == HTTP_BAD) {
		*why = REASON_L7RSP;
		return STEP_FAIL;
	}
	run->code = h->code;
	if (conf_status_has(&run->check->s.status, h->code))
		return STEP_NEXT;
	*why = REASON_L7STS;
	return STEP_FAIL;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_SEND, .make = make_request },
	{ .kind = STEP_EXPECT, .match = match_answer },
	{ .kind = STEP_DONE },
};

const struct proto proto_http = { .name = "http", .steps = steps, .ok = REASON_L7OK };
