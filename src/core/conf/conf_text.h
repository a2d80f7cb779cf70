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
};

/* One value as it stands in a file, "none" where there is none; base is an object of c. Secrets are not
 * shown. */
void conf_text_value(FILE *out, const struct conf *c, const struct schema_key *key,
		     const void *base);

/* To be freed. opt may be NULL. */
char *conf_text(const struct conf *c, const struct conf_text_opt *opt);
