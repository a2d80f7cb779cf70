/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl drain, maint, ready, weight: what the administrator wants of servers, from now on, without touching
 * a file.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ask {
	const char *verb, *match, *service, *reason, *weight;
	long long for_s; /* 0: without end */
	bool is_json;
};

static void usage(const char *verb)
{
	bool is_weight = !strcmp(verb, "weight");

	(void)printf(
		"usage: vipctl %s ADDRESS[:PORT]%s [--service PATTERN] [--for TIME]\n"
		"                   [--reason TEXT] [--json]\n"
		"\n"
		"%s\n"
		"\n"
		"  ADDRESS      *, ? and [ ] stand for what they do in a shell: all that fit are "
		"meant\n"
		"  --service    only in these services\n"
		"  --for        until then, for example 90s, 30m, 2h, 1d; then the configuration "
		"counts again\n"
		"  --reason     shown by vipctl explain\n"
		"\n"
		"It holds over reloads and restarts of vipd, until the configuration says "
		"something\n"
		"else of the server than before.\n"
		"\n"
		"Exit status: 0 done, 1 refused (no such server, no permission), 3 vipd can't be\n"
		"reached, 4 vipd did not answer in time.\n",
		verb, is_weight ? " N|auto" : "",
		is_weight ? "Gives servers this weight; auto: that of the configuration again."
		: !strcmp(verb, "drain")
			? "Gives servers weight 0: they keep their connections and get no new ones."
		: !strcmp(verb, "maint") ? "Takes servers out at once, whatever their checks say."
					 : "Gives servers back to their checks.");
}

static const struct opt opt[] = {
	{ "service", 0, OPT_SERVICE, offsetof(struct ask, service), 0, 0 },
	{ "for", 0, OPT_TIME, offsetof(struct ask, for_s), 0, 0 },
	{ "reason", 0, OPT_TEXT, offsetof(struct ask, reason), 0, 0 },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts set_opts = { opt, usage }, weight_opts = { opt, usage };

static bool parse(int argc, char **argv, struct ask *a, int *status)
{
	bool is_weight = !strcmp(argv[0], "weight");
	int at;

	*a = (struct ask){ .verb = argv[0] };
	at = opts_parse(argc, argv, &set_opts, a, status);
	if (at < 0)
		return false;
	if (argc - at != 1 + is_weight) {
		(void)fprintf(stderr, "vipctl: %s takes a server%s; try %s --help\n", a->verb,
			      is_weight ? " and a weight" : "", a->verb);
		return false;
	}
	a->match = argv[at];
	a->weight = is_weight ? argv[at + 1] : NULL;
	return true;
}

static void put(json_t *request, const char *name, json_t *value)
{
	BUG_ON(!value || json_object_set_new(request, name, value));
}

/* NULL: one sentence has been printed. */
static json_t *request_of(const struct ask *a)
{
	json_t *o = json_pack("{s:s,s:o}", "verb", "set", "match", ctl_text(a->match));
	char *end;

	BUG_ON(!o);
	opts_put(o, "service", a->service);
	opts_put(o, "reason", a->reason);
	if (a->for_s)
		put(o, "for_s", json_integer(a->for_s));
	if (!a->weight) {
		put(o, "state", ctl_text(a->verb));
		return o;
	}
	if (!strcmp(a->weight, "auto")) {
		put(o, "reset_weight", json_true());
		return o;
	}
	errno = 0;

	long n = strtol(a->weight, &end, 10);

	if (!errno && *a->weight && !*end && n >= 0) {
		put(o, "weight", json_integer(n));
		return o;
	}
	(void)fprintf(stderr, "vipctl: a weight is a number of at least 0, or auto\n");
	json_decref(o);
	return NULL;
}

static int tell(const struct ask *a, const json_t *end)
{
	int status = show_end(&(struct show){ .is_json = a->is_json }, end);
	json_int_t n = json_integer_value(json_object_get(end, "matches"));

	if (a->is_json)
		return status;
	if (status) {
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
		return status;
	}
	(void)printf("%s%s%s: %" JSON_INTEGER_FORMAT " server%s\n", a->verb, a->weight ? " " : "",
		     a->weight ? a->weight : "", n, n == 1 ? "" : "s");
	if (json_is_false(json_object_get(end, "is_kept")))
		(void)fprintf(stderr,
			      "vipctl: it holds, but vipd could not write it down: a restart of "
			      "vipd will forget it (its log says why: admin.fail)\n");
	return status;
}

int verb_set(int argc, char **argv)
{
	struct ask a;
	json_t *request, *end;
	int status;

	if (!parse(argc, argv, &a, &status))
		return status;
	request = request_of(&a);
	if (!request)
		return EXIT_FAILED;

	int err = call(request, CALL_TIMEOUT_S, call_ignore, NULL, &end);

	if (err)
		return call_status(err);
	status = tell(&a, end);
	json_decref(end);
	return status;
}
