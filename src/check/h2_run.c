/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See h2_run.h.
 */
#include "check/h2_run.h"

void h2_run_ask(struct run *run, const struct h2_ask *ask, const struct h2_ear *ear)
{
	if (!run->conn->h2)
		run->conn->h2 = h2_new();
	h2_ask(run->conn->h2, ask, ear);
}

uint32_t h2_run_take(struct run *run, char *buf, uint32_t cap)
{
	return h2_take(run->conn->h2, buf, cap);
}

static enum step_verdict is_bad(struct run *run, enum check_reason *why)
{
	run_say(run, "%s", h2_text(run->conn->h2));
	*why = REASON_L7RSP;
	return STEP_FAIL;
}

enum step_verdict h2_run_enter(struct run *run, enum check_reason *why)
{
	return h2_is_over(run->conn->h2) ? is_bad(run, why) : STEP_WAIT;
}

enum step_verdict h2_run_match(struct run *run, const uint8_t *data, uint32_t len,
			       enum check_reason *why,
			       enum step_verdict (*judge)(struct run *run, enum check_reason *why))
{
	struct h2 *h = run->conn->h2;
	enum http_result r = h2_feed(h, data, len);

	/* a server that says GOAWAY just as we ask, on a connection of before, has refused nothing */
	run->is_reused &= !h2_has_begun(h);
	switch (r) {
	case HTTP_MORE:
		return h2_wants_send(h) ? STEP_NEXT : STEP_WAIT;
	case HTTP_DONE:
		run->may_keep = h2_may_keep(h);
		return judge(run, why);
	case HTTP_BAD:
		break;
	}
	return is_bad(run, why);
}

bool h2_run_again(struct run *run)
{
	return !h2_is_done(run->conn->h2);
}
