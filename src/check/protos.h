/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The protocols that checks speak: one p_NAME.c each, and a row in protos.c.
 */
#pragma once

#include "check/steps.h"

extern const struct proto proto_tcp, proto_http, proto_https, proto_smtp, proto_dns, proto_udp,
	proto_ping, proto_expect, proto_agent, proto_script, proto_file, proto_grpc;

/* A type that conf_check_runs(). */
const struct proto *proto_of(uint8_t type);
