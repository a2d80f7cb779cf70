/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl schema: every setting that a configuration may hold.
 */
#include "core/conf/schema.h"
#include "core/conf/schema_text.h"
#include "core/ops/options.h"
#include "ctl/verbs.h"

#include <stdio.h>

struct ask {
	bool is_json;
};

static void usage(const char *verb)
{
	(void)printf("usage: vipctl %s [--json]\n"
		     "\n"
		     "Every setting with its text; --json: also type, range and default, as\n"
		     "vipd --schema=json prints them.\n"
		     "\n"
		     "Exit status: 0 printed, 1 a wrong command line.\n",
		     verb);
}

static const struct opt opt[] = { OPT_JSON(ask), { 0 } };

const struct opts schema_opts = { opt, usage };

int verb_schema(int argc, char **argv)
{
	struct ask a = { 0 };
	int status, at = opts_parse(argc, argv, &schema_opts, &a, &status);

	if (at < 0)
		return status;
	if (at < argc) {
		(void)fprintf(stderr, "vipctl: schema takes no '%s'; try schema --help\n",
			      argv[at]);
		return EXIT_FAILED;
	}
	if (a.is_json) {
		schema_json(stdout);
		return EXIT_GOOD;
	}
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
			(void)printf("%s.%s: %s\n", schema_of[kind].where, k->name, k->text);
	return EXIT_GOOD;
}
