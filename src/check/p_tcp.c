/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The TCP check: the server takes the connection, and TLS on it where that is asked for. Run by the
 * engine (steps.h).
 *
 * In TLS 1.3 our side is done before the server has judged the certificate that we show: a refusal
 * comes with the first thing read. So with a certificate of ours, we say good-bye and look at what the
 * server says to that; one that just hangs up has had no complaint.
 */
#include "check/protos.h"

static uint32_t make_bye(struct run *run, char *buf, uint32_t cap)
{
	(void)buf;
	(void)cap;
	if (run->tls && run->tls->has_cert)
		(void)SSL_shutdown(run->conn->ssl);
	return 0;
}

static enum step_verdict enter_bye(struct run *run, enum check_reason *why)
{
	(void)why;
	return run->tls && run->tls->has_cert ? STEP_WAIT : STEP_NEXT;
}

/* An alert does not come here: it ends the check as an error of the connection. */
static enum step_verdict match_bye(struct run *run, const uint8_t *data, uint32_t len,
				   enum check_reason *why)
{
	(void)run;
	(void)data;
	(void)why;
	return len ? STEP_WAIT : STEP_NEXT;
}

static enum step_verdict on_timeout(struct run *run)
{
	return run->step->kind == STEP_EXPECT ? STEP_NEXT : STEP_FAIL;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_TLS },
	{ .kind = STEP_SEND, .make = make_bye },
	{ .kind = STEP_EXPECT, .match = match_bye, .enter = enter_bye },
	{ .kind = STEP_DONE },
};

const struct proto proto_tcp = {
	.name = "tcp", .steps = steps, .ok = REASON_L4OK, .conn = CONN_STREAM, .timeout = on_timeout
};
