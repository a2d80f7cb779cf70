/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The check by dialogue: what to send and what to expect, step by step as the settings say. Run by the
 * engine (steps.h); dialog.h looks for what is expected.
 */
#include "check/protos.h"

#include <string.h>

struct ctx {
	struct dialog dialog;
	uint32_t at; /* which step of the settings */
};

_Static_assert(sizeof(struct ctx) <= STEP_CTX_LEN, "it must fit into a run");

static const struct dialog_step *step_of(const struct run *run)
{
	const struct ctx *c = (const void *)run->ctx;

	return &run->ask.kit->step[c->at];
}

static uint32_t make_text(struct run *run, char *buf, uint32_t cap)
{
	const struct dialog_step *d = step_of(run);
	uint32_t len = d->send_len < cap ? d->send_len : cap;

	if (len)
		memcpy(buf, d->send, len);
	return len;
}

static enum step_verdict look(struct run *run, bool is_end, enum check_reason *why)
{
	struct ctx *c = (void *)run->ctx;

	switch (dialog_look(&c->dialog, step_of(run), is_end)) {
	case DIALOG_MORE:
		return STEP_WAIT;
	case DIALOG_NEXT:
		return STEP_NEXT;
	case DIALOG_FAIL:
		break;
	}
	run_say(run, "step %u of the dialogue", c->at + 1);
	*why = REASON_L7RSP;
	return STEP_FAIL;
}

static enum step_verdict enter(struct run *run, enum check_reason *why)
{
	return look(run, false, why);
}

static enum step_verdict match(struct run *run, const uint8_t *data, uint32_t len,
			       enum check_reason *why)
{
	struct ctx *c = (void *)run->ctx;

	if (!dialog_feed(&c->dialog, data, len)) {
		run_say(run, "step %u: more than %d bytes", c->at + 1, DIALOG_BUF_LEN);
		*why = REASON_L7RSP;
		return STEP_FAIL;
	}
	return look(run, !len, why);
}

static bool again(struct run *run)
{
	struct ctx *c = (void *)run->ctx;

	return ++c->at < run->ask.kit->step_n;
}

static void fini(struct run *run)
{
	struct ctx *c = (void *)run->ctx;

	dialog_fini(&c->dialog);
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_TLS },
	{ .kind = STEP_SEND, .make = make_text },
	{ .kind = STEP_EXPECT, .match = match, .enter = enter },
	{ .kind = STEP_LOOP, .again = again, .to = 2 },
	{ .kind = STEP_DONE },
};

const struct proto proto_expect = {
	.name = "expect", .steps = steps, .ok = REASON_L7OK, .conn = CONN_STREAM, .fini = fini
};
