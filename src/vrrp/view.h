/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the reflector see in one turn: the configuration and the kernel as it was read.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/nl.h"
#include "vrrp/link.h"

struct view {
	struct nl_chan *chan; /* to change the kernel */
	const struct conf *conf;
	const struct link_table *links;
	const struct link_pic *pic;
	bool is_torn; /* something may be missing in the picture */
	bool has_failed; /* a part sets it: look again a while later */
};
