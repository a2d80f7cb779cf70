/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the IPVS role shows of servers and services (core/status.h). All does nothing when the snapshot
 * has no room for it, as in tests. IPVS role.
 */
#pragma once

#include "core/conf/conf.h"
#include "ipvs/state.h"

/* What was known of the objects that stay, into the new snapshot. */
void shown_carry(const struct conf *old, const struct conf *new);

void shown_server(const struct state *st, uint32_t rs);
void shown_service(const struct state *st, uint32_t vs);
void shown_probe(const struct conf *c, uint32_t probe, struct health h);

/* All servers and services. */
void shown_all(const struct state *st);
