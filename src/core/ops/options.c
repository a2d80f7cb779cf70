/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See options.h.
 */
#include "core/ops/options.h"

#include <getopt.h>
#include <string.h>

static void usage(FILE *out)
{
	(void)fprintf(
		out, "usage: vipd -f FILE [--dataplane=kernel|memory]   run in the foreground\n"
		     "       vipd --check -f FILE                       test a configuration\n"
		     "       vipd --version | --help\n"
		     "\n"
		     "  -f, --file FILE         configuration (default /etc/vipd/vipd.conf)\n"
		     "  -c, --check             print every finding as file:line: error: text\n"
		     "      --format=LANGUAGE   of the file: libconfig or keepalived (default: by\n"
		     "                          what is in it)\n"
		     "      --dataplane=WHERE   kernel: the kernel's IPVS table (default);\n"
		     "                          memory: a table in memory, for trials\n"
		     "\n"
		     "Signals: HUP reloads the file, TERM and INT stop.\n"
		     "Exit status: 0 good, 2 errors in the configuration, 3 file missing or\n"
		     "unreadable, 1 anything else.\n");
}

bool options_parse(int argc, char **argv, struct options *o, int *status)
{
	enum { OPT_DATAPLANE = 256, OPT_FORMAT, OPT_VERSION };
	static const struct option longs[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'c' },
		{ "dataplane", required_argument, NULL, OPT_DATAPLANE },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*o = (struct options){ .file = "/etc/vipd/vipd.conf" };
	*status = EXIT_FAILED;
	while ((c = getopt_long(argc, argv, "f:ch", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->file = optarg;
			break;
		case 'c':
			o->is_check = true;
			break;
		case OPT_DATAPLANE:
			if (strcmp(optarg, "kernel") && strcmp(optarg, "memory")) {
				(void)fprintf(stderr,
					      "vipd: --dataplane is kernel or memory, not %s\n",
					      optarg);
				return false;
			}
			o->is_memory = optarg[0] == 'm';
			break;
		case OPT_FORMAT:
			if (!conf_format_parse(optarg, &o->format)) {
				(void)fprintf(stderr,
					      "vipd: --format is libconfig or keepalived, not %s\n",
					      optarg);
				return false;
			}
			break;
		case OPT_VERSION:
			(void)printf("vipd %s\n", VIPD_VERSION);
			*status = EXIT_GOOD;
			return false;
		case 'h':
			usage(stdout);
			*status = EXIT_GOOD;
			return false;
		default:
			(void)fprintf(stderr, "vipd: try --help\n");
			return false;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "vipd: unexpected argument %s; try --help\n", argv[optind]);
		return false;
	}
	return true;
}

void findings_print(const struct err_list *errs, FILE *out)
{
	for (size_t i = 0; i < errs->n; i++) {
		const struct err_item *it = &errs->item[i];

		if (it->line)
			(void)fprintf(out, "%s:%u: %s: %s\n", it->file, it->line,
				      err_level_name(it->level), it->text);
		else
			(void)fprintf(out, "%s: %s: %s\n", it->file, err_level_name(it->level),
				      it->text);
	}
	if (errs->n_error + errs->n_warning + errs->n_note > errs->n)
		(void)fprintf(out, "... and %zu more\n",
			      errs->n_error + errs->n_warning + errs->n_note - errs->n);
}

int options_check(const struct options *o)
{
	struct err_list errs = { 0 };
	bool is_unreadable;
	struct conf *c = conf_open(o->file, o->format, &errs, &is_unreadable);
	int status = c ? EXIT_GOOD : is_unreadable ? EXIT_UNREADABLE : EXIT_CONF;

	findings_print(&errs, stdout);
	if (c)
		(void)printf("%s: %u instances, %u virtual servers, %u real servers, %u checks; "
			     "%zu errors, %zu warnings\n",
			     o->file, c->vrrp_n, c->vs_n, c->rs_n, c->probe_n, errs.n_error,
			     errs.n_warning);
	err_fini(&errs);
	conf_free(c);
	return status;
}
