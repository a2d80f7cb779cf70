/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See verbs.h: the table, and the verbs that are about it.
 */
#include "ctl/verbs.h"

#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/show.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct verb verbs[] = {
	{ "status", verb_status, &status_opts, NULL, VERB_NOTHING, "status [--strict]",
	  "is all well, and if not, what is not and why" },
	{ "show", verb_show, &show_opts, NULL, VERB_THING, "show vrrp|services|servers|checks|... [PATTERN]",
	  "list what runs, and how it is" },
	{ "top", verb_top, &top_opts, "servers services vrrp", VERB_NOTHING, "top [servers|services|vrrp]",
	  "the same on a screen of its own, always up to date" },
	{ "explain", verb_explain, &explain_opts, NULL, VERB_NAME, "explain SERVER|INSTANCE",
	  "say why it is in its state" },
	{ "events", verb_events, &events_opts, NULL, VERB_OBJECT, "events [PATTERN] [--max N]",
	  "tell what has happened" },
	{ "monitor", verb_events, &events_opts, NULL, VERB_OBJECT, "monitor [PATTERN]",
	  "tell what happens, as it happens" },
	{ "check", verb_check, &check_opts, "now", VERB_SERVER, "check now SERVER... [--wait]",
	  "have servers checked now" },
	{ "drain", verb_set, &set_opts, NULL, VERB_SERVER, "drain SERVER [--for 30m] [--reason TEXT]",
	  "no new connections; those that are there go on" },
	{ "maint", verb_set, &set_opts, NULL, VERB_SERVER, "maint SERVER ...",
	  "out at once, whatever its checks say" },
	{ "ready", verb_set, &set_opts, NULL, VERB_SERVER, "ready SERVER ...", "its checks decide again" },
	{ "weight", verb_set, &weight_opts, NULL, VERB_SERVER, "weight SERVER N|auto ...",
	  "another weight than the configured one" },
	{ "vrrp", verb_vrrp, &vrrp_opts, "release hold ready", VERB_INSTANCE,
	  "vrrp release|hold|ready INSTANCE [--for 30m]", "give addresses to the other router, or not take them" },
	{ "reload", verb_reload, &reload_opts, NULL, VERB_NOTHING, "reload [--wait] [--force]",
	  "read the configuration again, all of it or nothing" },
	{ "diff", verb_diff, &diff_opts, NULL, VERB_FILE, "diff [FILE] [--base FILE]",
	  "say what a reload would change" },
	{ "log", verb_log, &log_opts, "level", VERB_TEXT, "log level LEVEL|auto [--for 10m]",
	  "what is logged from now on" },
	{ "metrics", verb_metrics, &metrics_opts, NULL, VERB_NOTHING, "metrics", "print what /metrics has" },
	{ "convert", verb_convert, &convert_opts, NULL, VERB_FILE, "convert KEEPALIVED.CONF [-o FILE] [-i ID]",
	  "write what a keepalived.conf says as a configuration of vipd" },
	{ "digest", verb_digest, &digest_opts, NULL, VERB_TEXT, "digest URL",
	  "print the MD5 of a page for a check's digest" },
	{ "schema", verb_schema, &schema_opts, NULL, VERB_NOTHING, "schema [--json]", "list every setting" },
	{ "version", verb_version, &version_opts, NULL, VERB_NOTHING, "version", "say which version this is" },
	{ "help", verb_help, &help_opts, NULL, VERB_VERB, "help [VERB]", "this text" },
};
/* clang-format on */

const size_t verbs_n = sizeof(verbs) / sizeof(*verbs);

const struct verb *verb_find(const char *name)
{
	if (!strcmp(name, "-h"))
		name = "help";
	else if (!strncmp(name, "--", 2))
		name += 2;
	for (size_t i = 0; i < verbs_n; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

struct ask {
	bool is_json;
};

static const struct opt json_opt[] = { OPT_JSON(ask), { 0 } };

/* ------------------------------------------------------------------ version */

static void version_usage(const char *verb)
{
	(void)printf("usage: vipctl %s [--json]\n"
		     "\n"
		     "Exit status: 0 told, 1 a wrong command line.\n",
		     verb);
}

const struct opts version_opts = { json_opt, version_usage };

int verb_version(int argc, char **argv)
{
	struct ask a = { 0 };
	int status, at = opts_parse(argc, argv, &version_opts, &a, &status);

	if (at < 0)
		return status;
	if (at < argc) {
		(void)fprintf(stderr, "vipctl: version takes no arguments\n");
		return EXIT_FAILED;
	}
	if (!a.is_json)
		(void)printf("vipctl %s\n", VIPD_VERSION);
	else
		show_json(json_pack("{s:i,s:s}", "status", EXIT_GOOD, "version", VIPD_VERSION));
	return EXIT_GOOD;
}

/* ------------------------------------------------------------------ help */

static void list_verbs(const char *verb)
{
	(void)verb;
	(void)fputs("usage: vipctl [-s PATH | --control PATH] VERB ...\n\n", stdout);
	for (size_t i = 0; i < verbs_n; i++)
		(void)printf("  vipctl %-44s %s\n", verbs[i].usage, verbs[i].text);
	(void)fputs("\n`vipctl VERB --help` says more about a verb. -s says where vipd's socket "
		    "is; without it,\nthe environment's VIPD_CONTROL (default " CONTROL_PATH ").\n",
		    stdout);
}

const struct opts help_opts = { json_opt, list_verbs };

/* For programs: what the verbs and their options are. */
static json_t *verb_json(const struct verb *v)
{
	json_t *options = json_array();

	BUG_ON(!options);
	for (const struct opt *o = v->opts->opt; o->name; o++)
		BUG_ON(json_array_append_new(options, json_string(o->name)));

	json_t *line = json_pack("{s:{s:s,s:s,s:s,s:s?,s:o}}", "verb", "name", v->name, "usage",
				 v->usage, "text", v->text, "words", v->words, "options", options);

	BUG_ON(!line);
	return line;
}

int verb_help(int argc, char **argv)
{
	struct ask a = { 0 };
	int status, at = opts_parse(argc, argv, &help_opts, &a, &status);
	const struct verb *one = at > 0 && at < argc ? verb_find(argv[at]) : NULL;

	if (at < 0)
		return status;
	if (argc - at > 1 || (at < argc && !one)) {
		(void)fprintf(stderr, "vipctl: there is no such verb; try --help\n");
		return EXIT_FAILED;
	}
	for (size_t i = 0; a.is_json && i < verbs_n; i++)
		if (!one || one == &verbs[i])
			show_json(verb_json(&verbs[i]));
	if (a.is_json)
		show_json(json_pack("{s:i}", "status", EXIT_GOOD));
	else if (one)
		one->opts->usage(one->name);
	else
		list_verbs("help");
	return EXIT_GOOD;
}
