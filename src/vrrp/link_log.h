/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said of interfaces: link.change, for those that the configuration names. The reflector's.
 */
#pragma once

#include "core/conf/conf.h"
#include "vrrp/link.h"

#include <stdint.h>

struct link_name;

/* Zeroed memory names nothing. */
struct link_log {
	struct link_name *name; /* sorted, without doubles */
	uint32_t n;
};

/* Follows the interfaces of a new snapshot: those of instances and those of addresses. */
void link_log_adopt(struct link_log *l, const struct conf *c);

/* A line for each of them that differs in what matters to a reader; was may be NULL. */
void link_log_changes(const struct link_log *l, const struct link_table *was,
		      const struct link_table *now);

void link_log_fini(struct link_log *l);
