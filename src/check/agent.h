/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads the answer of an agent: one line of words that say how the server wants to be treated, with the
 * meaning that they have for HAProxy's agent-check. Pure.
 *
 *	75%			share of its configured weight
 *	ready			out of drain and maint
 *	drain, maint		no new connections; maint: no checks either
 *	up			it is well
 *	down, failed, stopped	it is not; what follows a '#' is the reason
 *	maxconn:N		passed over: IPVS has its own limits
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { AGENT_LINE_LEN = 512, AGENT_PERCENT_MAX = 256 };

enum agent_admin { AGENT_SAME, AGENT_READY, AGENT_DRAIN, AGENT_MAINT };
enum agent_state { AGENT_NO_STATE, AGENT_UP, AGENT_DOWN };

struct agent {
	bool has_percent;
	uint16_t percent;
	uint8_t admin; /* enum agent_admin */
	uint8_t state; /* enum agent_state */
};

/* text[0..len): up to the end of the line. False: a word that is none of these, or none at all. */
bool agent_parse(const char *text, uint32_t len, struct agent *out);
