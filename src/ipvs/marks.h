/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nftables_ipvs: the nftables table, vipd's own, that marks packets for services with several addresses
 * (core/conf/conf_mark.h). It is there before the kernel's services by mark are, and is replaced in one
 * transaction at a reload that changes it. Packets that come in are marked in the input hook, those of this
 * machine in the output hook; both before IPVS sees them.
 *
 * netns: the namespace of the IPVS table (core/netns.h); NULL: the caller's. Main; blocks while nftables works.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdbool.h>

/* The whole table as text for nft(8); from malloc(). NULL: no service has a mark. Pure. */
char *marks_text(const struct conf *c);

/* Brings the kernel's table in line with c, whose marks have been given; old: the snapshot before it, or
 * NULL. When nftables refuses it (logged), the marks are taken back: c works without. */
void marks_apply(const char *netns, const struct conf *old, struct conf *c);

/* At the end; c: the last snapshot. Nothing with on_stop = keep: the services that stay need it. */
void marks_remove(const char *netns, const struct conf *c);
