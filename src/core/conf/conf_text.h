/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * struct conf -> the libconfig text that a person would have written: what differs from the defaults,
 * nothing that is inherited. Reading it again gives an equal configuration. Pure.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/schema.h"

#include <stdio.h>

struct conf_text_opt {
	const char *head; /* lines for a comment at the top; NULL: none */
	bool has_places; /* each block has a comment that says where it came from */
	/* equal checks become templates, equal lists of servers pools, servers short texts and ranges */
	bool is_factored;
};

/* One value as it stands in a file, "none" where there is none; base is an object of c. Secrets are not
 * shown. */
void conf_text_value(FILE *out, const struct conf *c, const struct schema_key *key,
		     const void *base);

/* An address with all that is said of it: as in short texts of virtual_ipaddress, "192.0.2.1/24 dev eth1
 * label eth1:1", but with what it inherits. */
void conf_text_vip(FILE *out, const struct conf *c, const struct conf_vip *vip);

/* To be freed. opt may be NULL. */
char *conf_text(const struct conf *c, const struct conf_text_opt *opt);
