/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ping check: an echo request is answered. Run by the engine (steps.h); icmp.h makes and reads the
 * packets.
 */
#include "check/icmp.h"
#include "check/protos.h"

#include "core/clock.h"

#include <unistd.h>

struct ctx {
	uint64_t token;
	uint16_t seq;
};

static uint32_t make_echo(struct run *run, char *buf, uint32_t cap)
{
	struct ctx *c = (void *)run->ctx;

	c->seq = run->engine->seq++;
	/* whose reply it is: no two runs of this machine have the same */
	c->token = (uint64_t)clock_now_us() ^ (uint64_t)(uintptr_t)run << 20;
	return icmp_make((uint8_t *)buf, cap, run_addr(run->ask.rs, run->ask.check)->family,
			 (uint16_t)getpid(), c->seq, c->token);
}

static enum step_verdict match_reply(struct run *run, const uint8_t *data, uint32_t len,
				     enum check_reason *why)
{
	const struct ctx *c = (const void *)run->ctx;
	int family = run_addr(run->ask.rs, run->ask.check)->family;

	switch (icmp_judge(data, len, family, run->conn->is_raw && family == AF_INET, c->seq,
			   c->token)) {
	case ICMP_OTHER:
		return STEP_WAIT;
	case ICMP_REPLY:
		return STEP_NEXT;
	case ICMP_UNREACHABLE:
		break;
	}
	*why = REASON_L4CON;
	return STEP_FAIL;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_SEND, .make = make_echo },
	{ .kind = STEP_EXPECT, .match = match_reply },
	{ .kind = STEP_DONE },
};

const struct proto proto_ping = {
	.name = "ping", .steps = steps, .ok = REASON_L4OK, .conn = CONN_PING
};
