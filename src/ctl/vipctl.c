/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl: the operator's program. A verb is a row of the table below and a function of its own file.
 * Some verbs ask the running vipd over its control socket (call.h), the others do their work here.
 */
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
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
	{ "status", verb_status, "status [--strict]",
	  "is all well, and if not, what is not and why" },
	{ "show", verb_show, "show vrrp|services|servers|checks|... [PATTERN]",
	  "list what runs, and how it is" },
	{ "explain", verb_explain, "explain SERVER|INSTANCE", "say why it is in its state" },
	{ "events", verb_events, "events [PATTERN] [--max N]", "tell what has happened" },
	{ "monitor", verb_events, "monitor [PATTERN]", "tell what happens, as it happens" },
	{ "drain", verb_set, "drain SERVER [--for 30m] [--reason TEXT]",
	  "no new connections; those that are there go on" },
	{ "maint", verb_set, "maint SERVER ...", "out at once, whatever its checks say" },
	{ "ready", verb_set, "ready SERVER ...", "its checks decide again" },
	{ "weight", verb_set, "weight SERVER N|auto ...",
	  "another weight than the configured one" },
	{ "reload", verb_reload, "reload [--wait] [--force]",
	  "read the configuration again, all of it or nothing" },
	{ "diff", verb_diff, "diff [FILE] [--base FILE]", "say what a reload would change" },
	{ "convert", verb_convert, "convert KEEPALIVED.CONF [-o FILE] [-i ID]",
	  "write what a keepalived.conf says as a configuration of vipd" },
	{ "digest", verb_digest, "digest URL", "print the MD5 of a page for a check's digest" },
	{ "schema", verb_schema, "schema [--json]", "list every setting" },
	{ "version", verb_version, "version", "say which version this is" },
	{ "help", verb_help, "help", "this text" },
};

enum { VERBS_N = sizeof(verbs) / sizeof(*verbs) };

static void usage(FILE *out)
{
	(void)fputs("usage: vipctl [--control PATH] VERB ...\n\n", out);
	for (size_t i = 0; i < VERBS_N; i++)
		(void)fprintf(out, "  vipctl %-44s %s\n", verbs[i].usage, verbs[i].text);
	(void)fputs(
		"\n`vipctl VERB --help` says more about a verb. --control says where vipd's socket "
		"is\n(default " CONTROL_PATH ").\n",
		out);
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

/* --control PATH and --control=PATH before the verb; how many arguments that were. */
static int take_control(int argc, char **argv)
{
	static const char option[] = "--control";
	size_t len = sizeof(option) - 1;

	if (argc < 2 || strncmp(argv[1], option, len) != 0)
		return 0;
	if (argv[1][len] == '=') {
		call_use(argv[1] + len + 1);
		return 1;
	}
	if (argv[1][len] || argc < 3)
		return 0;
	call_use(argv[2]);
	return 2;
}

int main(int argc, char **argv)
{
	int taken = take_control(argc, argv);

	argc -= taken;
	argv += taken;
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
