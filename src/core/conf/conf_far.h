/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Far settings of servers (FAR() in schema.def): there may be a hundred thousand servers, which differ in
 * address and weight; what hardly any server has of its own lies in a block that all with the same share.
 * While a server is made it has a block of its own. Main only.
 */
#pragma once

#include "core/conf/conf.h"

/* Blocks that were shared lately, by hash: few are in use at a time. Zeroed memory is none. */
enum { CONF_FAR_N = 64 };
struct conf_fars {
	struct far_rs *of[CONF_FAR_N];
};

/* Gives the settings at base a copy of their block, from the arena. Nothing happens with kinds that have none. */
void conf_far_own(enum schema_kind kind, void *base, struct arena *a);

/* The block that says the same as this one, of which bytes that are no setting are zero; it is made if there is
 * none. */
struct far_rs *conf_far_share(struct conf_fars *f, struct arena *a, const struct far_rs *far);

/* The far settings of a server; never NULL. */
const struct far_rs *conf_far(const struct conf_rs *rs);
