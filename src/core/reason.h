/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Why a check ended as it did: the codes that HAProxy's users know (L4TOUT, L7STS, ...). The check
 * role finds them, the IPVS role logs them; what travels is the number (struct health in msg.h).
 * Pure.
 */
#pragma once

#include "core/msg.h"

/* clang-format off */
/*     symbol   verdict         text */
#define REASONS(REASON) \
	REASON(NONE,    HEALTH_UNKNOWN, "not checked yet") \
	REASON(UNKNOWN, HEALTH_UNKNOWN, "the check gave no verdict") \
	REASON(SOCKERR, HEALTH_UNKNOWN, "no check was made for a reason of this machine") \
	REASON(L4OK,    HEALTH_UP,      "connected") \
	REASON(L4TOUT,  HEALTH_DOWN,    "no answer to the connection request in time") \
	REASON(L4CON,   HEALTH_DOWN,    "connection refused or no way to the server") \
	REASON(L6OK,    HEALTH_UP,      "TLS session made") \
	REASON(L6TOUT,  HEALTH_DOWN,    "TLS session not made in time") \
	REASON(L6RSP,   HEALTH_DOWN,    "the server's TLS answer was not good") \
	REASON(L7OK,    HEALTH_UP,      "the answer was as expected") \
	REASON(L7TOUT,  HEALTH_DOWN,    "no whole answer in time") \
	REASON(L7RSP,   HEALTH_DOWN,    "the answer was not of the protocol") \
	REASON(L7STS,   HEALTH_DOWN,    "the answer's status says failure") \
	REASON(PROCOK,  HEALTH_UP,      "the script says success") \
	REASON(PROCERR, HEALTH_DOWN,    "the script says failure, or was killed") \
	REASON(PROCTOUT, HEALTH_DOWN,   "the script did not end in time")
/* clang-format on */

enum check_reason {
#define REASON(sym, verdict, text) REASON_##sym,
	REASONS(REASON)
#undef REASON
		REASON_N
};

/* "L7STS"; a number that is none of ours gives "UNKNOWN". */
const char *reason_name(enum check_reason reason);

/* Half a sentence in plain words. */
const char *reason_text(enum check_reason reason);

/* What one check that ended so says of the server, before rise and fall are counted. */
enum health_verdict reason_verdict(enum check_reason reason);
