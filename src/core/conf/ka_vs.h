/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A service while its block is read: what ka_lvs.c, ka_rs.c and ka_check.c share.
 */
#pragma once

#include "core/conf/ka.h"

enum { KA_DELAY_LOOP_S = 60, KA_CONNECT_TIMEOUT_S = 5 }; /* keepalived's own */

struct ka_vs {
	struct ka_obj o; /* first */
	const struct ka_node *node;
	struct ka_obj sorry; /* where sorry_node is */
	const struct ka_node *sorry_node;
	bool has_defaults;
	struct conf_range last_checks; /* of the server before */
};

/* What keepalived has where nothing was said, before servers are read. */
void ka_vs_defaults(struct ka *k, struct ka_vs *vs);

/* When all servers are read: those that are there twice go, and the list of checks that most of them
 * have becomes the service's. */
void ka_servers_end(struct ka *k, struct ka_vs *vs);
