/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl diff: what a reload would do, before it is done. The running vipd is asked, which compares with
 * what it really runs; or two files are compared here.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "core/ops/report.h"
#include "core/ops/verdict.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SHOWN_N = 40 }; /* changes that a person is shown without --all */

struct ask {
	const char *file; /* NULL: the daemon's own */
	const char *base; /* NULL: what runs */
	const char *base_dir, *node;
	unsigned timeout_s;
	bool is_all, is_json;
	struct show show;
};

static void usage(const char *verb)
{
	(void)verb;
	(void)printf(
		"usage: vipctl diff [FILE] [--base FILE] [--all] [--json]\n"
		"                   [--base-dir DIR] [--node NAME] [--timeout SECONDS]\n"
		"\n"
		"What a reload would change: of FILE, or of the file that vipd was started with.\n"
		"Nothing is changed.\n"
		"\n"
		"  --base FILE  compare with that file and not with what vipd runs; without vipd\n"
		"  --all        all changes, and not the first 40 only\n"
		"  --json       a line for each, as vipctl-protocol(7) describes them\n"
		"  --base-dir   where includes of FILE are (default: as vipd does, else beside "
		"it)\n"
		"  --node       with --base: whose node_overrides count\n"
		"  --timeout    how long to wait for vipd (default 60)\n"
		"\n"
		"Exit status: 0 a reload would be done, 1 it would be refused, 2 errors in the\n"
		"configuration, 3 a file or vipd can't be reached.\n");
}

static const struct opt opt[] = {
	{ "base", 0, OPT_FILE, offsetof(struct ask, base), 0, 0 },
	{ "all", 0, OPT_FLAG, offsetof(struct ask, is_all), 0, 0 },
	{ "base-dir", 0, OPT_FOLDER, offsetof(struct ask, base_dir), 0, 0 },
	{ "node", 0, OPT_TEXT, offsetof(struct ask, node), 0, 0 },
	OPT_JSON(ask),
	OPT_TIMEOUT(ask),
	{ 0 },
};

const struct opts diff_opts = { opt, usage };

static bool parse(int argc, char **argv, struct ask *a, int *status)
{
	int at;

	*a = (struct ask){ .timeout_s = CALL_TIMEOUT_S };
	at = opts_parse(argc, argv, &diff_opts, a, status);
	if (at < 0)
		return false;
	a->show.is_json = a->is_json;
	a->file = at < argc ? argv[at++] : NULL;
	if (at < argc)
		(void)fprintf(stderr, "vipctl: diff takes one file; try diff --help\n");
	else if (a->base && !a->file)
		(void)fprintf(stderr, "vipctl: diff --base FILE needs a second file to compare\n");
	else if (!a->base && a->node)
		(void)fprintf(stderr, "vipctl: diff --node goes with --base only\n");
	else if (!a->file && a->base_dir)
		(void)fprintf(stderr, "vipctl: diff --base-dir goes with a file only\n");
	else
		return true;
	return false;
}

/* How many of the changes were not shown. */
static long long left(const struct ask *a, const json_t *end)
{
	json_t *kinds = json_object_get(end, "changes"), *kind, *n;
	const char *name, *what;
	long long all = 0;

	json_object_foreach(kinds, name, kind) json_object_foreach(kind, what, n) all +=
		json_integer_value(n);
	return all > a->show.max ? all - a->show.max : 0;
}

static int tell(const struct ask *a, const json_t *end)
{
	int status = show_end(&a->show, end);
	const char *error = show_text(end, "error");

	if (a->show.is_json)
		return status;
	if (left(a, end))
		(void)printf("... and %lld more (--all)\n", left(a, end));
	if (*show_text(end, "summary"))
		(void)printf("%s\n", show_text(end, "summary"));
	if (*error)
		(void)fprintf(stderr, "vipctl: %s%s\n",
			      json_object_get(end, "errors") ? "a reload would be refused: " : "",
			      error);
	return status;
}

/* ------------------------------------------------------------------ two files */

static int compare(struct ask *a, struct reload *r, const struct conf *base)
{
	struct report report;
	json_t *line;

	report_init(&report, r, base, REPORT_ALL);
	while ((line = report_next(&report))) {
		char *text = json_dumps(line, JSON_COMPACT);

		BUG_ON(!text);
		show_line(&a->show, text, line);
		free(text);
		json_decref(line);
	}
	report_fini(&report);
	line = report_end(r, 0);
	BUG_ON(json_object_del(line, "generation"));

	int status = tell(a, line);

	json_decref(line);
	return status;
}

static int diff_files(struct ask *a)
{
	struct conf_ask ask = { .path = a->base, .node = a->node, .base_dir = a->base_dir };
	struct err_list errs = { 0 };
	struct conf *base = conf_open(&ask, CONF_FORMAT_GUESS, &errs);
	struct reload_now now = { .conf = base };
	struct reload_from from = {
		.file = a->file, .node = a->node, .base_dir = a->base_dir, .has_table = true
	};
	struct reload *r = calloc(1, sizeof(*r));
	int status = ask.is_unreadable ? EXIT_UNREADABLE : EXIT_CONF;

	BUG_ON(!r);
	if (base) {
		conf_ids_mint(&now.minter, NULL, base);
		reload_make(r, &from, &now, false);
		status = compare(a, r, base);
		reload_fini(r);
	} else {
		findings_print(&errs, stderr);
	}
	free(r);
	conf_free(base);
	err_fini(&errs);
	return status;
}

/* ------------------------------------------------------------------ the running vipd */

/* vipd has another folder than the one who asks. */
static void set_path(json_t *request, const char *name, const char *path)
{
	char *full = realpath(path, NULL);

	BUG_ON(json_object_set_new(request, name, ctl_text(full ? full : path)));
	free(full);
}

static int diff_running(struct ask *a)
{
	json_t *request = json_pack("{s:s}", "verb", a->file ? "diff_file" : "diff"), *end;

	BUG_ON(!request);
	if (a->file)
		set_path(request, "file", a->file);
	if (a->base_dir)
		set_path(request, "base_dir", a->base_dir);
	if (!a->is_all && !a->show.is_json)
		BUG_ON(json_object_set_new(request, "max", json_integer(SHOWN_N)));

	int err = call(request, a->timeout_s, show_line, &a->show, &end);

	if (err)
		return call_status(err);

	int status = tell(a, end);

	json_decref(end);
	return status;
}

int verb_diff(int argc, char **argv)
{
	struct ask a;
	int status;

	if (!parse(argc, argv, &a, &status))
		return status;
	a.show.max = a.is_all ? REPORT_ALL : SHOWN_N;
	return a.base ? diff_files(&a) : diff_running(&a);
}
