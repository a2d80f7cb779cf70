/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The agent check: a program on the server says how it wants to be treated; agent.h reads its words. Run
 * by the engine (steps.h).
 *
 * An agent that can't be asked has no say: that is no failure of the server (is_advice). Drain and maint are
 * no verdict: the IPVS role treats them as if the administrator had said so (struct says in msg.h), and
 * the stricter of the two holds.
 */
#include "check/agent.h"
#include "check/protos.h"

#include "core/bug.h"

#include <string.h>

struct ctx {
	uint32_t len;
	char line[AGENT_LINE_LEN];
};

_Static_assert(sizeof(struct ctx) <= STEP_CTX_LEN, "the line must fit into a run");

static bool does_apply(const struct conf_check *ck, const char *word)
{
	for (uint32_t i = 0; i < ck->s.apply.n; i++)
		if (!strcmp(ck->s.apply.v[i], word))
			return true;
	return !ck->s.apply.n;
}

/* What is not said stays as it was said before. */
static void take(struct run *run, const struct agent *a)
{
	const struct conf_check *ck = run->ask.check;

	if (a->has_percent && does_apply(ck, "weight")) {
		run->weight.how = WEIGHT_PERCENT;
		run->weight.value = a->percent;
		run->code = a->percent;
	}
	if (a->admin == AGENT_READY)
		run->weight.admin = ADMIN_READY + 1;
	if (a->admin == AGENT_DRAIN && does_apply(ck, "drain"))
		run->weight.admin = ADMIN_DRAIN + 1;
	if (a->admin == AGENT_MAINT && does_apply(ck, "maint"))
		run->weight.admin = ADMIN_MAINT + 1;
}

static enum step_verdict judge(struct run *run, const struct ctx *c, enum check_reason *why)
{
	struct agent a;

	*why = REASON_L7RSP;
	if (!agent_parse(c->line, c->len, &a)) {
		run_say(run, "the agent's words are not known");
		return STEP_FAIL;
	}
	take(run, &a);
	*why = REASON_L7STS;
	if (a.state != AGENT_DOWN || !does_apply(run->ask.check, "down"))
		return STEP_NEXT;
	run_say(run, "the agent says down");
	return STEP_FAIL;
}

static enum step_verdict match_line(struct run *run, const uint8_t *data, uint32_t len,
				    enum check_reason *why)
{
	struct ctx *c = (void *)run->ctx;
	uint32_t n = len < sizeof(c->line) - c->len ? len : (uint32_t)sizeof(c->line) - c->len;

	memcpy(c->line + c->len, data, n);
	c->len += n;
	if (!len || memchr(c->line, '\n', c->len))
		return judge(run, c, why);
	*why = REASON_L7RSP;
	return c->len < sizeof(c->line) ? STEP_WAIT : STEP_FAIL;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_TLS },
	{ .kind = STEP_EXPECT, .match = match_line },
	{ .kind = STEP_DONE },
};

const struct proto proto_agent = {
	.name = "agent", .steps = steps, .ok = REASON_L7OK, .conn = CONN_STREAM, .is_advice = true
};
