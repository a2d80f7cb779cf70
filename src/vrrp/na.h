/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Unsolicited neighbour advertisement (RFC 4861 section 4.4, RFC 9568 section 6.4.1): the frame. Pure.
 */
#pragma once

#include "core/addr.h"

enum { NA_FRAME_LEN = 86 };

/* From the address itself to all nodes; the override flag is set, the router flag when this host
 * forwards. addr: of IPv6. */
void na_frame(uint8_t out[static NA_FRAME_LEN], const uint8_t mac[static 6],
	      const struct ip_addr *addr, bool is_router);
