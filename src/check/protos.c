/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See protos.h.
 */
#include "check/protos.h"

#include "core/bug.h"

static const struct proto *const protos[] = {
	[CHECK_TCP] = &proto_tcp,     [CHECK_HTTP] = &proto_http,
	[CHECK_HTTPS] = &proto_https, [CHECK_SMTP] = &proto_smtp,
	[CHECK_DNS] = &proto_dns,     [CHECK_UDP] = &proto_udp,
	[CHECK_PING] = &proto_ping,   [CHECK_EXPECT] = &proto_expect,
	[CHECK_AGENT] = &proto_agent, [CHECK_SCRIPT] = &proto_script,
	[CHECK_FILE] = &proto_file,   [CHECK_GRPC] = &proto_grpc,
};

const struct proto *proto_of(uint8_t type)
{
	BUG_ON(type >= sizeof(protos) / sizeof(*protos) || !protos[type]);
	return protos[type];
}
