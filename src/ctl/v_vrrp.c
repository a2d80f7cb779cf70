/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl vrrp: who may be active, without touching a file.
 */
#include "core/bug.h"
#include "core/ops/control_vrrp.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <string.h>

struct ask {
	long long for_s; /* 0: not given */
	bool is_json;
};

static void usage(const char *verb)
{
	(void)printf(
		"usage: vipctl %s release|hold|ready INSTANCE [--for TIME] [--json]\n"
		"\n"
		"  release      An active instance gives its addresses to another router, at once, "
		"and\n"
		"               does not take them back while any other router is active. When "
		"there is\n"
		"               none it becomes active again, and the release is over.\n"
		"  hold         The same, but it does not become active when there is no other "
		"router\n"
		"               either.\n"
		"  ready        Ends both: elections decide again.\n"
		"\n"
		"  INSTANCE     *, ? and [ ] stand for what they do in a shell. The other members "
		"of\n"
		"               its sync group go with it.\n"
		"  --for        so long, for example 90s, 30m, 2h (default: release %dm, hold "
		"without\n"
		"               end)\n"
		"\n"
		"It holds over reloads and upgrades, and when the director dies; it ends when "
		"vipd\n"
		"is stopped.\n"
		"\n"
		"Exit status: 0 told to vipd, 1 refused (no such instance, no permission), 3 vipd "
		"can't\n"
		"be reached, 4 vipd did not answer in time.\n",
		verb, WISH_FOR_S / 60);
}

static const struct opt opt[] = {
	{ "for", 0, OPT_TIME, offsetof(struct ask, for_s), 0, 0 },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts vrrp_opts = { opt, usage };

/* What the word is on the wire, or NULL. */
static const char *state_of(const char *word)
{
	static const char *const words[][2] = {
		{ "release", "released" },
		{ "hold", "held" },
		{ "ready", "ready" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i][0], word))
			return words[i][1];
	return NULL;
}

static int tell(const struct ask *a, const char *word, const json_t *end)
{
	int status = show_end(&(struct show){ .is_json = a->is_json }, end);
	json_int_t n = json_integer_value(json_object_get(end, "matches"));

	if (a->is_json)
		return status;
	if (status)
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
	else
		(void)printf("%s: %" JSON_INTEGER_FORMAT " instance%s\n", word, n,
			     n == 1 ? "" : "s");
	return status;
}

int verb_vrrp(int argc, char **argv)
{
	struct ask a = { 0 };
	json_t *request, *end;
	int status, at = opts_parse(argc, argv, &vrrp_opts, &a, &status);
	const char *state = at > 0 && argc - at == 2 ? state_of(argv[at]) : NULL;

	if (at < 0)
		return status;
	if (!state || (a.for_s && !strcmp(state, "ready"))) {
		(void)fprintf(stderr, "vipctl: vrrp takes release, hold or ready (which has no "
				      "--for) and an instance; try vrrp --help\n");
		return EXIT_FAILED;
	}
	request = json_pack("{s:s,s:o,s:s}", "verb", "vrrp", "match", ctl_text(argv[at + 1]),
			    "state", state);
	BUG_ON(!request);
	if (a.for_s)
		BUG_ON(json_object_set_new(request, "for_s", json_integer(a.for_s)));

	int err = call(request, CALL_TIMEOUT_S, call_ignore, NULL, &end);

	if (err)
		return call_status(err);
	status = tell(&a, argv[at], end);
	json_decref(end);
	return status;
}
