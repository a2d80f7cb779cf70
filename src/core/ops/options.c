/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See options.h.
 */
#include "core/ops/options.h"

#include "core/conf/schema_text.h"
#include "core/ops/admin.h"
#include "core/ops/control_wire.h"
#include "core/ops/explain.h"
#include "core/ops/record_file.h"
#include "core/ops/watch.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *out)
{
	(void)fprintf(
		out,
		"usage: vipd -f FILE [--dataplane=kernel|memory]   run in the foreground\n"
		"       vipd --check -f FILE                       test a configuration\n"
		"       vipd --version | --help | --schema=man|json | --explain [ID]\n"
		"\n"
		"  -f, --file FILE         configuration (default /etc/vipd/vipd.conf)\n"
		"      --node NAME         whose node_overrides count (default: the file's node,\n"
		"                          else the host's name up to its first dot)\n"
		"      --base-dir DIR      where includes of FILE are (default: beside it)\n"
		"  -c, --check             print every finding as file:line: error: text\n"
		"      --strict            with --check: status 1 when there are warnings\n"
		"      --format=HOW        of the file: libconfig or keepalived (default: by what\n"
		"                          is in it); with --check, of the findings: text\n"
		"                          (default) or json. May be given twice.\n"
		"      --schema=HOW        print all settings: man (mdoc) or json\n"
		"      --dataplane=WHERE   kernel: the kernel's IPVS table (default);\n"
		"                          memory: a table in memory, for trials\n"
		"      --control=PATH      socket for vipctl (default: api.socket of the file);\n"
		"                          none: no socket\n"
		"      --state=PATH        file that keeps what is set by hand over restarts "
		"(default\n"
		"                          " ADMIN_PATH "); none: it is not kept\n"
		"  -p, --pid-file=PATH     write the number of the process to send signals to\n"
		"      --no-watchdog       one process: nobody starts it again when it dies\n"
		"      --stall-limit=S     seconds that a thread may stand still until vipd is\n"
		"                          started anew (default 15)\n"
		"      --handover=PATH     file on a tmpfs by which the next vipd goes on where\n"
		"                          this one ends (default " RECORD_PATH ");\n"
		"                          none: no file\n"
		"      --explain [ID]      what a line of the log means and what to do; without "
		"ID,\n"
		"                          all of them\n"
		"  -l, --log-console       log to standard error too\n"
		"  -D, --log-detail        log all there is (log.level = debug)\n"
		"  -S, --log-facility=F    of syslog: 0 to 7, local0 to local7, user or daemon\n"
		"                          (default); syslog is used unless the journal is\n"
		"  -G, --no-syslog         never log to syslog\n"
		"  -u, --umask=MASK        file mode mask, octal; counts more than the file's "
		"umask\n"
		"  -n, --dont-fork         nothing: vipd always runs in the foreground\n"
		"\n"
		"Signals: HUP reloads the file, USR1 logs how late checks and adverts were,\n"
		"TERM and INT stop; USR2 replaces vipd by the program that its file is now.\n"
		"vipd(8) has the rest.\n"
		"Exit status: 0 good, 2 errors in the configuration, 3 file missing or\n"
		"unreadable, 4 refused for the security of the programs it names, 1 anything\n"
		"else.\n");
}

/* The value of an option that has two: true for the second. False from the function: neither. */
static bool one_of(const char *option, const char *first, const char *second, bool *is_second)
{
	*is_second = !strcmp(optarg, second);
	if (*is_second || !strcmp(optarg, first))
		return true;
	(void)fprintf(stderr, "vipd: --%s is %s or %s, not %s\n", option, first, second, optarg);
	return false;
}

enum {
	OPT_DATAPLANE = 256,
	OPT_VERSION,
	OPT_NODE,
	OPT_BASE_DIR,
	OPT_STRICT,
	OPT_FORMAT,
	OPT_SCHEMA,
	OPT_CONTROL,
	OPT_STATE,
	OPT_NO_WATCHDOG,
	OPT_STALL_LIMIT,
	OPT_HANDOVER,
	OPT_EXPLAIN,
};

/* One word for two things that nobody mixes up: the language of the file, the form of the findings. */
static bool take_format(struct options *o)
{
	bool is_json = !strcmp(optarg, "json");

	if (is_json || !strcmp(optarg, "text")) {
		o->is_json = is_json;
		return true;
	}
	if (conf_format_parse(optarg, &o->format))
		return true;
	(void)fprintf(stderr, "vipd: --format is libconfig, keepalived, text or json, not %s\n",
		      optarg);
	return false;
}

enum { STALL_MIN_S = 3, STALL_MAX_S = 3600 }; /* a role at rest moves once in a second */

static bool take_stall(struct options *o)
{
	char *end;
	long s = strtol(optarg, &end, 10);

	if (*optarg && !*end && s >= STALL_MIN_S && s <= STALL_MAX_S) {
		o->stall_us = (int64_t)s * 1000000;
		return true;
	}
	(void)fprintf(stderr, "vipd: --stall-limit is a number of seconds from %d to %d, not %s\n",
		      STALL_MIN_S, STALL_MAX_S, optarg);
	return false;
}

/* The options of a running vipd. False: it is none of them. */
static bool take_running(int c, struct options *o)
{
	switch (c) {
	case OPT_CONTROL:
		o->control = optarg;
		return true;
	case OPT_STATE:
		o->state = strcmp(optarg, "none") ? optarg : NULL;
		return true;
	case OPT_HANDOVER:
		o->record = strcmp(optarg, "none") ? optarg : NULL;
		return true;
	case OPT_NO_WATCHDOG:
		o->is_alone = true;
		return true;
	case 'p':
		o->pid_file = optarg;
		return true;
	default:
		return false;
	}
}

static bool take_facility(struct options *o)
{
	o->log.facility = log_to_facility(optarg);
	if (o->log.facility != LOG_FACILITY_NONE)
		return true;
	(void)fprintf(stderr,
		      "vipd: --log-facility is 0 to 7, local0 to local7, user or daemon, not %s\n",
		      optarg);
	return false;
}

static bool take_umask(struct options *o)
{
	enum { UMASK_MAX = 0777 };
	char *end;
	long mask = strtol(optarg, &end, 8);

	o->umask = (int)mask;
	if (*optarg && !*end && mask >= 0 && mask <= UMASK_MAX)
		return true;
	(void)fprintf(stderr, "vipd: --umask is an octal number up to 0777, not %s\n", optarg);
	return false;
}

/* Those that keepalived has too, and that people have in their unit files. False: as take(). */
static bool take_keepalived(int c, struct options *o)
{
	switch (c) {
	case 'l':
		o->log.is_console = true;
		return true;
	case 'D':
		o->is_detailed = true;
		return true;
	case 'S':
		return take_facility(o);
	case 'G':
		o->log.is_quiet = true;
		return true;
	case 'u':
		return take_umask(o);
	case 'n':
		return true;
	default:
		(void)fprintf(stderr, "vipd: try --help\n");
		return false;
	}
}

/* The word behind --explain is its argument, but it may be missing. */
static bool take_explain(int argc, char **argv)
{
	return explain(optind < argc ? argv[optind] : NULL, stdout);
}

/* One option. False: there is nothing more to do; see options_parse(). */
static bool take(int c, struct options *o, int *status)
{
	bool is_second;

	if (take_running(c, o))
		return true;
	switch (c) {
	case 'f':
		o->file = optarg;
		return true;
	case 'c':
		o->is_check = true;
		return true;
	case OPT_NODE:
		o->node = optarg;
		return true;
	case OPT_BASE_DIR:
		o->base_dir = optarg;
		return true;
	case OPT_STRICT:
		o->is_strict = true;
		return true;
	case OPT_FORMAT:
		return take_format(o);
	case OPT_STALL_LIMIT:
		return take_stall(o);
	case OPT_DATAPLANE:
		return one_of("dataplane", "kernel", "memory", &o->is_memory);
	case OPT_SCHEMA:
		if (!one_of("schema", "man", "json", &is_second))
			return false;
		if (is_second)
			schema_json(stdout);
		else
			schema_man(stdout);
		break;
	case OPT_VERSION:
		(void)printf("vipd %s\n", VIPD_VERSION);
		break;
	case 'h':
		usage(stdout);
		break;
	default:
		return take_keepalived(c, o);
	}
	*status = EXIT_GOOD;
	return false;
}

bool options_parse(int argc, char **argv, struct options *o, int *status)
{
	static const struct option longs[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'c' },
		{ "node", required_argument, NULL, OPT_NODE },
		{ "base-dir", required_argument, NULL, OPT_BASE_DIR },
		{ "strict", no_argument, NULL, OPT_STRICT },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "schema", required_argument, NULL, OPT_SCHEMA },
		{ "dataplane", required_argument, NULL, OPT_DATAPLANE },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "control", required_argument, NULL, OPT_CONTROL },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "pid-file", required_argument, NULL, 'p' },
		{ "no-watchdog", no_argument, NULL, OPT_NO_WATCHDOG },
		{ "stall-limit", required_argument, NULL, OPT_STALL_LIMIT },
		{ "handover", required_argument, NULL, OPT_HANDOVER },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ "explain", no_argument, NULL, OPT_EXPLAIN },
		{ "log-console", no_argument, NULL, 'l' },
		{ "log-detail", no_argument, NULL, 'D' },
		{ "log-facility", required_argument, NULL, 'S' },
		{ "no-syslog", no_argument, NULL, 'G' },
		{ "umask", required_argument, NULL, 'u' },
		{ "dont-fork", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*o = (struct options){ .file = "/etc/vipd/vipd.conf",
			       .state = ADMIN_PATH,
			       .record = RECORD_PATH,
			       .stall_us = (int64_t)WATCH_STALL_S * 1000000,
			       .log.facility = LOG_FACILITY_NONE,
			       .umask = -1 };
	*status = EXIT_FAILED;
	while ((c = getopt_long(argc, argv, "f:chp:lDS:Gu:n", longs, NULL)) != -1) {
		if (c == OPT_EXPLAIN) {
			*status = take_explain(argc, argv) ? EXIT_GOOD : EXIT_FAILED;
			return false;
		}
		if (!take(c, o, status))
			return false;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "vipd: unexpected argument %s; try --help\n", argv[optind]);
		return false;
	}
	return true;
}
