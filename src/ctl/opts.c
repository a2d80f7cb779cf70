/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See opts.h.
 */
#include "ctl/opts.h"

#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTS_N = 12, /* of a verb */
	VAL_FIRST = 256, /* getopt_long()'s value of the first of them: behind all letters */
	FOR_MAX_S = 10 * 365 * 86400,
};

static bool number(const char *verb, const struct opt *o, const char *text, unsigned *out)
{
	char *end;

	errno = 0;

	unsigned long v = strtoul(text, &end, 10);

	if (isdigit((unsigned char)*text) && !*end && !errno && v >= o->lo && v <= o->hi) {
		*out = (unsigned)v;
		return true;
	}
	(void)fprintf(stderr, "vipctl: --%s of %s is a number from %u to %u, not '%s'\n", o->name,
		      verb, o->lo, o->hi, text);
	return false;
}

bool opts_time(const char *text, long long *out)
{
	static const struct {
		char unit;
		long s;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || n <= 0 || (*end && end[1]))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (*end == units[i].unit && n <= FOR_MAX_S / units[i].s) {
			*out = n * units[i].s;
			return true;
		}
	return false;
}

/* False: one sentence has been printed. */
static bool take(const char *verb, const struct opt *o, void *out)
{
	void *at = (char *)out + o->at;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return true;
	case OPT_TEXT:
	case OPT_SERVICE:
	case OPT_STATE:
	case OPT_SORT:
	case OPT_FILE:
	case OPT_FOLDER:
		*(const char **)at = optarg;
		return true;
	case OPT_NUMBER:
		return number(verb, o, optarg, at);
	case OPT_TIME:
		if (opts_time(optarg, at))
			return true;
		(void)fprintf(stderr, "vipctl: --%s takes a time such as 90s, 30m, 2h or 1d\n",
			      o->name);
		return false;
	}
	return false;
}

/* For getopt_long(). */
static void make_tables(const struct opt *o, struct option longs[static OPTS_N + 2],
			char shorts[static 2 * OPTS_N + 2])
{
	size_t n = 0, len = 0;

	for (; o[n].name; n++) {
		BUG_ON(n == OPTS_N);
		longs[n] = (struct option){ o[n].name,
					    o[n].kind == OPT_FLAG ? no_argument : required_argument,
					    NULL, VAL_FIRST + (int)n };
		if (!o[n].letter)
			continue;
		shorts[len++] = o[n].letter;
		if (o[n].kind != OPT_FLAG)
			shorts[len++] = ':';
	}
	longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[n + 1] = (struct option){ NULL, 0, NULL, 0 };
	shorts[len++] = 'h';
	shorts[len] = '\0';
}

__attribute__((returns_nonnull)) static const struct opt *find(const struct opt *o, int c)
{
	if (c >= VAL_FIRST)
		return &o[c - VAL_FIRST];
	while (o->name && o->letter != c)
		o++;
	BUG_ON(!o->name); /* getopt_long() knows no others */
	return o;
}

int opts_parse(int argc, char **argv, const struct opts *o, void *out, int *status)
{
	struct option longs[OPTS_N + 2];
	char shorts[2 * OPTS_N + 2];
	int c;

	*status = EXIT_FAILED;
	make_tables(o->opt, longs, shorts);
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 'h') {
			o->usage(argv[0]);
			*status = EXIT_GOOD;
			return -1;
		}
		if (c == '?' || !take(argv[0], find(o->opt, c), out))
			return -1;
	}
	return optind;
}

void opts_put(json_t *request, const char *name, const char *text)
{
	if (text)
		BUG_ON(json_object_set_new(request, name, ctl_text(text)));
}
