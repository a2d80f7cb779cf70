/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See reason.h.
 */
#include "core/reason.h"

static const struct {
	const char *name, *text;
	enum health_verdict verdict;
} rows[REASON_N] = {
#define REASON(sym, v, t) [REASON_##sym] = { .name = #sym, .text = (t), .verdict = (v) },
	REASONS(REASON)
#undef REASON
};

/* The number comes out of a message's eight bits: it may be any. */
static enum check_reason known(enum check_reason reason)
{
	return (unsigned)reason < REASON_N ? reason : REASON_UNKNOWN;
}

const char *reason_name(enum check_reason reason)
{
	return rows[known(reason)].name;
}

const char *reason_text(enum check_reason reason)
{
	return rows[known(reason)].text;
}

enum health_verdict reason_verdict(enum check_reason reason)
{
	return rows[known(reason)].verdict;
}
