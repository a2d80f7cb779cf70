/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When and where things run: the settings of `workers` for threads, and the network namespace.
 */
#pragma once

#include "core/role.h"

/* Before role_start(). */
void place_vrrp(struct role *r, const struct conf *c);
void place_check(struct role *r, const struct conf *c);

/* Enters the network namespace that the configuration names (ip-netns(8): below /run/netns), and starts
 * the script helper anew there; what is only for that is over then (rights_settle()). Main, before any
 * thread. False: one sentence has been printed. */
bool place_netns(const struct conf *c);
