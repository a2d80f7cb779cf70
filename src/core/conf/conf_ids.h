/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Identity over reloads: which object of the new configuration is which of the old one.
 *
 * Every object gets an id when it first appears and keeps it as long as it keeps its identity: an
 * instance and a service their name, a server its service, address and port, a probe its server
 * and what it asks (the RESTART rows of a check), a tracked script, file, process or track group its
 * name. Ids are never used again, so a message about an object that is gone can't be taken for one about
 * another. One hash join a kind: O(n).
 */
#pragma once

#include "core/conf/conf.h"

/* The last ids given out: of probes, whose ids follow each other without gaps, so that workers can be
 * given equal shares; and of all other kinds. Main owns it. 2^32 ids last for 40,000 reloads that each
 * replace 100,000 objects. */
struct conf_minter {
	uint32_t last, last_probe;
};

/* Fills in all ids of next and its id maps. prev: the generation that runs, or NULL. */
void conf_ids_mint(struct conf_minter *m, const struct conf *prev, struct conf *next);
