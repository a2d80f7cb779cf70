/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When and where things run: the settings of `workers` for threads, the file mode mask and the network namespace.
 */
#pragma once

#include "core/role.h"

/* Before role_start(). */
void place_vrrp(struct role *r, const struct conf *c);
void place_check(struct role *r, const struct conf *c);

/* Sets the file mode mask, of scripts too: asked, the command line's, unless that is -1; else the
 * configuration's. Enters the network namespace that the configuration names (ip-netns(8): below
 * /run/netns), and starts the script helper anew there; what is only for that is over then
 * (rights_settle()). Main, before any thread. False: one sentence has been printed. */
bool place_process(const struct conf *c, int asked_umask);
