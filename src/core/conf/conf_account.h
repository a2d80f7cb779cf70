/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The accounts that programs run as. Looked up once, while a configuration is loaded: asking for an
 * account may wait for a directory service, which no role should do.
 */
#pragma once

#include "core/conf/conf.h"

#include <stdbool.h>

/* By name: its own if it says one, else global_defs.script_user, else vipd_script where that exists,
 * else that of vipd. False: there is no such user or group; *missing gets its name. Main. */
bool conf_account_find(const struct conf *c, const char *user, const char *group,
		       struct conf_account *account, const char **missing);
