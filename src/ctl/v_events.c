/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl events and monitor: what has happened, and what happens.
 */
#include "core/bug.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct ask {
	unsigned max; /* 0: not given */
	bool is_json;
};

static void usage(const char *verb)
{
	bool is_monitor = !strcmp(verb, "monitor");

	(void)printf("usage: vipctl %s [PATTERN] [--max N] [--json]\n"
		     "\n"
		     "%s\n"
		     "\n"
		     "  PATTERN      of names of instances, services or servers\n"
		     "  --max        %s\n"
		     "  --json       a line for each, as vipctl-protocol(7) describes them\n"
		     "\n"
		     "Exit status: 0 told, 3 vipd can't be reached, or has ended, 4 no answer in "
		     "time.\n",
		     verb,
		     is_monitor ? "Tells each event as it happens, until it is interrupted."
				: "Tells the last events, the oldest of them first.",
		     is_monitor ? "so many of the past ones first"
				: "so many (default 100; 4096 are kept)");
}

static const struct opt opt[] = {
	{ "max", 0, OPT_NUMBER, offsetof(struct ask, max), 1, INT_MAX },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts events_opts = { opt, usage };

static void tell(const json_t *e)
{
	static const char *const words[] = { "priority", "weight" };
	const char *server = show_text(e, "server"), *from = show_text(e, "from");
	const char *to = show_text(e, "to"), *reason = show_text(e, "reason");

	(void)printf("%s %s %s%s%s %s", show_text(e, "time"), show_text(e, "kind"),
		     show_text(e, "name"), *server ? " " : "", server, show_text(e, "what"));
	if (*to)
		(void)printf(" %s%s%s", from, *from ? " -> " : "", to);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (json_object_get(e, words[i]))
			(void)printf(" %s %" JSON_INTEGER_FORMAT, words[i],
				     json_integer_value(json_object_get(e, words[i])));
	if (*reason)
		(void)printf(" %s", reason);
	(void)putchar('\n');
	(void)fflush(stdout);
}

static void on_line(void *arg, const char *text, const json_t *line)
{
	const struct ask *a = arg;

	if (a->is_json) {
		(void)puts(text);
		(void)fflush(stdout);
	} else if (json_object_get(line, "event")) {
		tell(json_object_get(line, "event"));
	}
}

int verb_events(int argc, char **argv)
{
	bool is_monitor = !strcmp(argv[0], "monitor");
	struct ask a = { 0 };
	json_t *request, *end;
	int status, at = opts_parse(argc, argv, &events_opts, &a, &status);

	if (at < 0)
		return status;
	if (argc - at > 1) {
		(void)fprintf(stderr,
			      "vipctl: %s takes one pattern; quote it when the shell expands it\n",
			      argv[0]);
		return EXIT_FAILED;
	}
	request = json_pack("{s:s}", "verb", is_monitor ? "monitor" : "show_events");
	BUG_ON(!request);
	opts_put(request, "match", at < argc ? argv[at] : NULL);
	if (a.max)
		BUG_ON(json_object_set_new(request, "max", json_integer(a.max)));

	/* 0: however long nothing happens */
	int err = call(request, is_monitor ? 0 : CALL_TIMEOUT_S, on_line, &a, &end);

	if (err)
		return call_status(err);
	status = show_end(&(struct show){ .is_json = a.is_json }, end);
	json_decref(end);
	return status;
}
