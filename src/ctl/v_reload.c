/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl reload: the running vipd reads its configuration again, and says what came of it.
 */
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdbool.h>
#include <stdio.h>

struct ask {
	bool is_forced, is_waiting, is_json;
	unsigned timeout_s;
};

static void usage(const char *verb)
{
	(void)verb;
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

static const struct opt opt[] = {
	{ "wait", 0, OPT_FLAG, offsetof(struct ask, is_waiting), 0, 0 },
	{ "force", 0, OPT_FLAG, offsetof(struct ask, is_forced), 0, 0 },
	OPT_JSON(ask),
	OPT_TIMEOUT(ask),
	{ 0 },
};

const struct opts reload_opts = { opt, usage };

static void tell(const struct ask *a, const json_t *end, int status)
{
	json_int_t gen = json_integer_value(json_object_get(end, "generation"));
	const char *error = show_text(end, "error");

	if (a->is_json)
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
	struct ask a = { .timeout_s = CALL_TIMEOUT_S };
	struct show show = { 0 };
	json_t *end;
	int status, at = opts_parse(argc, argv, &reload_opts, &a, &status);

	if (at < 0)
		return status;
	if (at < argc) {
		(void)fprintf(stderr, "vipctl: reload takes no '%s'; try reload --help\n",
			      argv[at]);
		return EXIT_FAILED;
	}
	show.is_json = a.is_json;

	int err = call(json_pack("{s:s,s:b,s:b}", "verb", "reload", "wait", a.is_waiting, "force",
				 a.is_forced),
		       a.timeout_s, show_line, &show, &end);

	if (err)
		return call_status(err);
	status = show_end(&show, end);
	tell(&a, end, status);
	json_decref(end);
	return status;
}
