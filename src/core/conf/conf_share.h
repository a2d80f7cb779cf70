/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Checks that ask the same of the same target, with the same settings throughout, are made once: the
 * one with the smallest id (the oldest) leads, and the others take what it finds. So a reload changes
 * who leads only when the leader goes. Pure.
 */
#pragma once

#include "core/conf/conf.h"

/* Sets conf_probe.leader of all probes, after conf_ids_mint(). Without share_checks each is its own.
 * Main. */
void conf_share(struct conf *c);

/* How many checks are made: probes that lead. */
uint32_t conf_share_leaders(const struct conf *c);
