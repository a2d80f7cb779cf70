/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Checks that ask the same of the same target, with the same settings throughout, are made once: the
 * one with the smallest id (the oldest) leads, and the others take what it finds. So a reload changes
 * who leads only when the leader goes.
 *
 * Here each probe gets its worker too, and has it for its life, whoever leads: only that worker knows
 * what has been found and said of it. So probes that have different workers when a reload makes them
 * ask the same are made once by each of these workers. Pure.
 */
#pragma once

#include "core/conf/conf.h"

/* Sets conf_probe.leader and .worker of all probes, after conf_ids_mint(). Without share_checks each is
 * its own leader. old: the generation before, or NULL; worker_of: which of worker_n workers gets a new
 * probe. Main. */
void conf_share(struct conf *c, const struct conf *old, uint32_t worker_n,
		uint32_t (*worker_of)(uint32_t id, uint32_t worker_n));

/* How many checks are made: probes that lead. */
uint32_t conf_share_leaders(const struct conf *c);
