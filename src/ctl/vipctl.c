/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl: the operator's program. A verb is a row of the table below and a function of its own file.
 * It runs beside vipd, as anybody, and does nothing that vipd has to be asked for yet.
 */
#include "core/ops/options.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <string.h>

static int verb_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		(void)fprintf(stderr, "vipctl: version takes no arguments\n");
		return EXIT_FAILED;
	}
	(void)printf("vipctl %s\n", VIPD_VERSION);
	return EXIT_GOOD;
}

static int verb_help(int argc, char **argv);

static const struct verb {
	const char *name;
	int (*fn)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
	const char *usage, *text;
} verbs[] = {
	{ "convert", verb_convert, "convert KEEPALIVED.CONF [-o FILE] [-i ID]",
	  "write what a keepalived.conf says as a configuration of vipd" },
	{ "version", verb_version, "version", "say which version this is" },
	{ "help", verb_help, "help", "this text" },
};

enum { VERBS_N = sizeof(verbs) / sizeof(*verbs) };

static void usage(FILE *out)
{
	(void)fputs("usage:\n", out);
	for (size_t i = 0; i < VERBS_N; i++)
		(void)fprintf(out, "  vipctl %-44s %s\n", verbs[i].usage, verbs[i].text);
	(void)fputs("\n`vipctl VERB --help` says more about a verb.\n", out);
}

static int verb_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	usage(stdout);
	return EXIT_GOOD;
}

/* --help, --version and -h stand for the verbs. */
static const char *verb_name(const char *arg)
{
	if (!strcmp(arg, "-h"))
		return "help";
	return strncmp(arg, "--", 2) ? arg : arg + 2;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < VERBS_N; i++) {
		if (strcmp(verb_name(argv[1]), verbs[i].name) != 0)
			continue;

		int status = verbs[i].fn(argc - 1, argv + 1);

		if (fflush(stdout) || ferror(stdout)) {
			(void)fprintf(stderr, "vipctl: can't write to standard output\n");
			return EXIT_FAILED;
		}
		return status;
	}
	(void)fprintf(stderr, "vipctl: unknown verb '%s'; try --help\n", argv[1]);
	return EXIT_FAILED;
}
