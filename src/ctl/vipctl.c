/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl: the operator's program. A verb is a row of the table in verbs.c and a function of its own file.
 * Some verbs ask the running vipd over its control socket (call.h), the others do their work here.
 */
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -s PATH, --control PATH and --control=PATH before the verb; how many arguments that were. */
static int take_control(int argc, char **argv)
{
	static const char option[] = "--control";
	size_t len = sizeof(option) - 1;
	const char *env = getenv("VIPD_CONTROL");

	if (env && *env)
		call_use(env);
	if (argc > 2 && (!strcmp(argv[1], "-s") || !strcmp(argv[1], option))) {
		call_use(argv[2]);
		return 2;
	}
	if (argc < 2 || strncmp(argv[1], option, len) != 0 || argv[1][len] != '=')
		return 0;
	call_use(argv[1] + len + 1);
	return 1;
}

int main(int argc, char **argv)
{
	int taken = take_control(argc, argv), status;
	const struct verb *v;

	argc -= taken;
	argv += taken;
	if (argc > 1 && !strcmp(argv[1], "__complete"))
		return verb_complete(argc - 1, argv + 1);
	if (argc < 2) {
		(void)fprintf(stderr, "usage: vipctl [-s PATH] VERB ...; `vipctl help` lists the "
				      "verbs\n");
		return EXIT_FAILED;
	}
	v = verb_find(argv[1]);
	if (!v) {
		(void)fprintf(stderr, "vipctl: unknown verb '%s'; try --help\n", argv[1]);
		return EXIT_FAILED;
	}
	status = v->fn(argc - 1, argv + 1);
	if (fflush(stdout) || ferror(stdout)) {
		(void)fprintf(stderr, "vipctl: can't write to standard output\n");
		return EXIT_FAILED;
	}
	return status;
}
