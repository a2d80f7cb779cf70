/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The TCP check: the server takes the connection. Run by the engine (steps.h).
 */
#include "check/protos.h"

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_DONE },
};

const struct proto proto_tcp = { .name = "tcp", .steps = steps, .ok = REASON_L4OK };
