/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The SMTP check: greeting 220, HELO answered with 250, QUIT answered with anything. Run by the engine
 * (steps.h); smtp.h reads the replies.
 */
#include "check/protos.h"
#include "check/smtp.h"

#include <stdio.h>
#include <unistd.h>

_Static_assert(sizeof(struct smtp) <= STEP_CTX_LEN, "the parser must fit into a run");

static enum step_verdict match_code(struct run *run, const uint8_t *data, uint32_t len,
				    uint16_t want, enum check_reason *why)
{
	struct smtp *s = (void *)run->ctx;
	uint32_t used;
	enum smtp_result r = len ? smtp_feed(s, data, len, &used) : SMTP_BAD;

	if (r == SMTP_MORE)
		return STEP_WAIT;
	*why = REASON_L7RSP;
	if (r == SMTP_BAD)
		return STEP_FAIL;
	run->code = s->code;
	*why = REASON_L7STS;
	return !want || s->code == want ? STEP_NEXT : STEP_FAIL;
}

static enum step_verdict match_greeting(struct run *run, const uint8_t *data, uint32_t len,
					enum check_reason *why)
{
	return match_code(run, data, len, 220, why);
}

static enum step_verdict match_ok(struct run *run, const uint8_t *data, uint32_t len,
				  enum check_reason *why)
{
	return match_code(run, data, len, 250, why);
}

/* What the verdict is hangs on HELO; a server that hangs up instead of saying good-bye is no worse. */
static enum step_verdict match_bye(struct run *run, const uint8_t *data, uint32_t len,
				   enum check_reason *why)
{
	uint16_t code = run->code;
	enum step_verdict v = len ? match_code(run, data, len, 0, why) : STEP_NEXT;

	run->code = code;
	return v == STEP_WAIT ? STEP_WAIT : STEP_NEXT;
}

static uint32_t make_helo(struct run *run, char *buf, uint32_t cap)
{
	const char *name = run->ask.check->s.helo;
	char host[256] = "localhost";

	if (!name && gethostname(host, sizeof(host) - 1))
		name = "localhost";
	return (uint32_t)snprintf(buf, cap, "HELO %s\r\n", name ? name : host);
}

static uint32_t make_quit(struct run *run, char *buf, uint32_t cap)
{
	(void)run;
	return (uint32_t)snprintf(buf, cap, "QUIT\r\n");
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_TLS },
	{ .kind = STEP_EXPECT, .match = match_greeting },
	{ .kind = STEP_SEND, .make = make_helo },
	{ .kind = STEP_EXPECT, .match = match_ok },
	{ .kind = STEP_SEND, .make = make_quit },
	{ .kind = STEP_EXPECT, .match = match_bye },
	{ .kind = STEP_DONE },
};

const struct proto proto_smtp = {
	.name = "smtp", .steps = steps, .ok = REASON_L7OK, .conn = CONN_STREAM
};
