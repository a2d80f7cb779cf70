/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The account that a script runs as. Main only: it asks for users, which may take long.
 */
#pragma once

#include "core/conf/conf.h"

enum { CONF_ACCOUNT_WHY_LEN = 128 };

/* user, group: what the script says, or NULL. A user of its own has its own group unless the script says
 * one; without one it is global_defs.script_user and script_group, else vipd_script where that exists,
 * else the account of vipd. False: there is no such user or group, and why says so. Texts in *out are
 * the configuration's own. */
bool conf_account_find(const struct conf *c, const char *user, const char *group,
		       struct conf_account *out, char why[static CONF_ACCOUNT_WHY_LEN]);

/* Whether what that user runs (NULL: what says none) runs with uid 0, whatever its name is. */
bool conf_account_is_root(const struct conf *c, const char *user);
