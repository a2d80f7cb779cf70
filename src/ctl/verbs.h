/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verbs of vipctl. Each gets its own arguments, argv[0] being the verb, and returns the exit
 * status; what it says goes to standard output, findings and complaints to standard error. With --json
 * standard output is lines of JSON, the last of them with `status`.
 */
#pragma once

#include "ctl/opts.h"

/* What the other arguments of a verb are, for shell completion. */
enum verb_arg {
	VERB_NOTHING,
	VERB_TEXT, /* nothing that could be known */
	VERB_FILE,
	VERB_SERVER,
	VERB_INSTANCE,
	VERB_NAME, /* of a server or an instance */
	VERB_OBJECT, /* of an instance, a service or a server */
	VERB_THING, /* the first: what can be shown; then what that has */
	VERB_VERB,
};

struct verb {
	const char *name;
	int (*fn)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
	const struct opts *opts;
	const char *
		words; /* what the first argument may be: "release hold ready"; NULL: no such word */
	enum verb_arg arg; /* what the others are */
	const char *usage, *text;
};

extern const struct verb verbs[];
extern const size_t verbs_n;

/* NULL: there is none. --help, --version and -h stand for verbs. */
const struct verb *verb_find(const char *name);

/* 0: everything converted; 1: something named in the report was not; 2: errors, nothing is written;
 * 3: the file can't be read. A wrong command line is 1 as well. */
int verb_convert(int argc, char **argv);

/* 0: done; 1: refused, or any other failure; 2: errors in the configuration; 3: the file or vipd can't be
 * reached; 4: vipd did not answer in time. diff: what a reload would have given. */
int verb_reload(int argc, char **argv);
int verb_diff(int argc, char **argv);

/* 0: shown; 1: nothing matches, or a wrong command line; 3, 4: as above. status --strict: 5 when
 * something is not well. */
int verb_show(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_top(int argc, char **argv);

/* events, monitor; drain, maint, ready, weight: argv[0] says which. 0: done; 1: refused; 3, 4: as above. */
int verb_events(int argc, char **argv);
int verb_set(int argc, char **argv);

/* The same; check now --wait: 5 when a check did not pass. */
int verb_check(int argc, char **argv);
int verb_vrrp(int argc, char **argv);
int verb_log(int argc, char **argv);
int verb_metrics(int argc, char **argv);

/* 0: printed; 1: anything else. */
int verb_digest(int argc, char **argv);
int verb_schema(int argc, char **argv);
int verb_version(int argc, char **argv);
int verb_help(int argc, char **argv);

/* The words that may come next on a command line, for the shells' completion (complete.c). Always 0. */
int verb_complete(int argc, char **argv);

extern const struct opts status_opts, show_opts, explain_opts, events_opts, set_opts, weight_opts,
	check_opts, vrrp_opts, log_opts, metrics_opts, top_opts, reload_opts, diff_opts,
	convert_opts, digest_opts, schema_opts, version_opts, help_opts;
