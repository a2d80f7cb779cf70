/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl reload: the running vipd reads its configuration again, and says what came of it.
 */
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/number.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

struct ask {
	bool is_forced, is_waiting;
	unsigned timeout_s;
	struct show show;
};

static void usage(void)
{
	(void)printf(
		"usage: vipctl reload [--wait] [--force] [--json] [--timeout SECONDS]\n"
		"\n"
		"  --wait       until every part of vipd works with the new configuration\n"
		"  --force      even when it removes more servers than\n"
		"               global_defs.reload_max_removed_percent allows\n"
		"  --timeout    how long to wait for vipd (default 60)\n"
		"  --json       the reply as vipctl-protocol(7) describes it\n"
		"\n"
		"Exit status: 0 done, 1 refused, 2 errors in the configuration (or in the security "
		"of\n"
		"its programs, which is said), 3 the file or vipd can't be reached, 4 not known:\n"
		"vipd did not answer in time.\n");
}

/* False: *status is the exit status. */
static bool parse(int argc, char **argv, struct ask *a, int *status)
{
	static const struct option longs[] = {
		{ "wait", no_argument, NULL, 'w' }, { "force", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' }, { "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	int c;

	*a = (struct ask){ .timeout_s = CALL_TIMEOUT_S };
	*status = EXIT_FAILED;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage();
			*status = EXIT_GOOD;
			return false;
		}
		if (c == '?' || (c == 't' && !number("reload", "timeout", optarg, 1,
						     CALL_TIMEOUT_MAX_S, &a->timeout_s)))
			return false;
		a->is_waiting |= c == 'w';
		a->is_forced |= c == 'f';
		a->show.is_json |= c == 'j';
	}
	if (optind == argc)
		return true;
	(void)fprintf(stderr, "vipctl: reload takes no '%s'; try reload --help\n", argv[optind]);
	return false;
}

static void tell(const struct ask *a, const json_t *end, int status)
{
	json_int_t gen = json_integer_value(json_object_get(end, "generation"));
	const char *error = show_text(end, "error");

	if (a->show.is_json)
		return;
	if (status == EXIT_GOOD)
		(void)printf("generation %" JSON_INTEGER_FORMAT "%s: %s\n", gen,
			     a->is_waiting ? " works" : "", show_text(end, "summary"));
	else if (*error)
		(void)fprintf(stderr, "vipctl: refused: %s\n", error);
	else
		(void)fprintf(stderr,
			      "vipctl: refused: the configuration has errors; generation "
			      "%" JSON_INTEGER_FORMAT " goes on\n",
			      gen);
}

int verb_reload(int argc, char **argv)
{
	struct ask a;
	json_t *end;
	int status;

	if (!parse(argc, argv, &a, &status))
		return status;

	int err = call(json_pack("{s:s,s:b,s:b}", "verb", "reload", "wait", a.is_waiting, "force",
				 a.is_forced),
		       a.timeout_s, show_line, &a.show, &end);

	if (err)
		return err == -ETIMEDOUT ? EXIT_UNKNOWN : EXIT_UNREADABLE;
	status = show_end(&a.show, end);
	tell(&a, end, status);
	json_decref(end);
	return status;
}
