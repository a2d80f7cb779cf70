/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The UDP check: a datagram, and no ICMP error in the time that there is; or, where that is asked for,
 * an answer of the right length and content. Run by the engine (steps.h). The socket is connected: what
 * comes from another address or port is not seen.
 */
#include "check/protos.h"

#include <string.h>

static uint32_t make_payload(struct run *run, char *buf, uint32_t cap)
{
	const struct kit_check *k = run->ask.kit;
	uint32_t len = k->payload_len < cap ? k->payload_len : cap;

	memcpy(buf, k->payload, len);
	return len;
}

static bool is_reply(const struct kit_check *k, const uint8_t *data, uint32_t len)
{
	if (len < k->reply_len)
		return false;
	for (uint32_t i = 0; i < k->reply_len; i++)
		if ((data[i] ^ k->reply[i]) & k->mask[i])
			return false;
	return true;
}

static bool is_asked(const struct run *run)
{
	return run->ask.check->s.require_reply || run->ask.kit->reply;
}

static enum step_verdict match_reply(struct run *run, const uint8_t *data, uint32_t len,
				     enum check_reason *why)
{
	const struct fields_check *s = &run->ask.check->s;

	if (!is_asked(run))
		return STEP_NEXT; /* somebody is there */
	*why = REASON_L7RSP;
	if (len < s->reply_min || len > s->reply_max)
		run_say(run, "an answer of %u bytes", len);
	else if (!is_reply(run->ask.kit, data, len))
		run_say(run, "another answer");
	else
		return STEP_NEXT;
	return STEP_FAIL;
}

static enum step_verdict on_timeout(struct run *run)
{
	return is_asked(run) ? STEP_FAIL : STEP_NEXT;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_SEND, .make = make_payload },
	{ .kind = STEP_EXPECT, .match = match_reply },
	{ .kind = STEP_DONE },
};

const struct proto proto_udp = { .name = "udp",
				 .steps = steps,
				 .ok = REASON_L7OK,
				 .conn = CONN_DATAGRAM,
				 .timeout = on_timeout };
