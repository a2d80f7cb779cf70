/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl events and monitor: what has happened, and what happens.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/number.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct ask {
	const char *verb, *match;
	unsigned max;
	bool has_max;
	struct show show;
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

static bool parse(int argc, char **argv, struct ask *a, int *status)
{
	static const struct option longs[] = {
		{ "max", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*a = (struct ask){ .verb = argv[0] };
	*status = EXIT_FAILED;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(a->verb);
			*status = EXIT_GOOD;
			return false;
		}
		if (c == '?' || (c == 'm' && !number(a->verb, "max", optarg, 1, INT_MAX, &a->max)))
			return false;
		a->has_max |= c == 'm';
		a->show.is_json |= c == 'j';
	}
	a->match = optind < argc ? argv[optind++] : NULL;
	if (optind == argc)
		return true;
	(void)fprintf(stderr, "vipctl: %s takes one pattern; quote it when the shell expands it\n",
		      a->verb);
	return false;
}

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

	if (a->show.is_json) {
		(void)puts(text);
		(void)fflush(stdout);
	} else if (json_object_get(line, "event")) {
		tell(json_object_get(line, "event"));
	}
}

int verb_events(int argc, char **argv)
{
	struct ask a;
	json_t *request, *end;
	int status;

	if (!parse(argc, argv, &a, &status))
		return status;

	bool is_monitor = !strcmp(a.verb, "monitor");

	request = json_pack("{s:s}", "verb", is_monitor ? "monitor" : "show_events");
	BUG_ON(!request);
	if (a.match)
		BUG_ON(json_object_set_new(request, "match", ctl_text(a.match)));
	if (a.has_max)
		BUG_ON(json_object_set_new(request, "max", json_integer(a.max)));

	/* 0: however long nothing happens */
	int err = call(request, is_monitor ? 0 : CALL_TIMEOUT_S, on_line, &a, &end);

	if (err)
		return err == -ETIMEDOUT ? EXIT_UNKNOWN : EXIT_UNREADABLE;
	status = show_end(&a.show, end);
	json_decref(end);
	return status;
}
