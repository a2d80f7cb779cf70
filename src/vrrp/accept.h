/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * no_accept: packets to virtual addresses are dropped (RFC 9568 Accept_Mode false), by an nftables table
 * of vipd's own; and membership reports are kept from leaving with a virtual MAC address (V108).
 *
 * The rules do not depend on the state of an instance: while another router is active, the addresses are
 * not local here and no packet to them gets to these hooks. So they change at a reload only, before the
 * snapshot is published, and nothing waits for nftables when a router takes over.
 */
#pragma once

#include "core/conf/conf.h"

/* The whole table as text for nft(8), which replaces what was there in one transaction; from malloc(). NULL:
 * nothing of it is wanted. Pure. */
char *accept_text(const struct conf *c);

/* Brings the kernel's table in line with c; old: the snapshot before it, or NULL. Main; blocks while
 * nftables works. Failures are logged. */
void accept_apply(const struct conf *old, const struct conf *c);

/* At the end; c: the last snapshot. */
void accept_remove(const struct conf *c);
