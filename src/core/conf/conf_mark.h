/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Firewall marks for services with several addresses (nftables_ipvs): an nftables table of vipd's own marks
 * their packets (ipvs/marks.h), and the kernel has one service by mark instead of one for each address.
 *
 * A mark follows from the service's name, so that neither a reload nor a restart gives a service another
 * one, which would cut off its connections; of two that would share one, the later in the file takes the
 * next. Services of which an address has all ports keep an entry for each address: a mark would take
 * packets away from other services at the same address.
 *
 * Pure.
 */
#pragma once

#include "core/conf/conf.h"

enum { CONF_MARK_SPAN = 65536 }; /* marks are from nftables_ipvs_start_fwmark on, so many */

/* Sets conf_vs.mark of all services, after conf_ids_mint(). old: the snapshot before, or NULL. Main, before
 * c is published. */
void conf_mark_make(struct conf *c, const struct conf *old);

/* Takes all of them back: each address is a service of the kernel then. */
void conf_mark_clear(struct conf *c);
