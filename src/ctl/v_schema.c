/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl schema: every setting that a configuration may hold.
 */
#include "core/conf/schema.h"
#include "core/conf/schema_text.h"
#include "core/ops/options.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <string.h>

int verb_schema(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--json")) {
		schema_json(stdout);
		return EXIT_GOOD;
	}
	if (argc > 1) {
		bool is_help = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h");

		(void)fprintf(
			is_help ? stdout : stderr,
			"usage: vipctl schema [--json]\n"
			"\n"
			"Every setting with its text; --json: also type, range and default, as\n"
			"vipd --schema=json prints them.\n");
		return is_help ? EXIT_GOOD : EXIT_FAILED;
	}
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
			(void)printf("%s.%s: %s\n", schema_of[kind].where, k->name, k->text);
	return EXIT_GOOD;
}
