/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules of conf_check() about where services are: addresses, lists, groups and marks. Pure.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

enum {
	CONF_SLOT_MAX = 4000000, /* servers times addresses, of all services */
};

enum conf_where_family { WHERE_V4 = 1, WHERE_V6 = 2 };

/* Which families a service's addresses and marks have, bits of enum conf_where_family. */
uint8_t conf_where_families(const struct conf *c, const struct conf_vs *vs);

void conf_check_where(const struct conf *c, struct err_list *errs);
