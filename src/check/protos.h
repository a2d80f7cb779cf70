/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The protocols that checks speak: one p_NAME.c each.
 */
#pragma once

#include "check/steps.h"
#include "core/bug.h"

extern const struct proto proto_tcp, proto_http;

static inline const struct proto *proto_of(enum words_CHECK_TYPE type)
{
	switch (type) {
	case CHECK_TCP:
		return &proto_tcp;
	case CHECK_HTTP:
		return &proto_http;
	default:
		break;
	}
	BUG("check type"); /* conf_check_runs() keeps them out */
}
