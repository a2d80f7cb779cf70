/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl status: is all well, and if not, what is not and why. One screen.
 */
#include "core/bug.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TROUBLES_N = 10 /* of each kind that are told */ };

struct ask {
	bool is_strict, is_json;
	unsigned timeout_s;
	double now_s;
	json_int_t troubles_n;
};

static void usage(const char *verb)
{
	(void)verb;
	(void)printf(
		"usage: vipctl status [--strict] [--json] [--timeout SECONDS]\n"
		"\n"
		"  --strict     exit status 5 when something is in FAULT, without quorum or down\n"
		"  --json       the reply as vipctl-protocol(7) describes it\n"
		"\n"
		"Exit status: 0 told, 3 vipd can't be reached, 4 vipd did not answer in time.\n");
}

static const struct opt opt[] = {
	{ "strict", 0, OPT_FLAG, offsetof(struct ask, is_strict), 0, 0 },
	OPT_JSON(ask),
	OPT_TIMEOUT(ask),
	{ 0 },
};

const struct opts status_opts = { opt, usage };

static json_int_t count(const json_t *end, const char *of, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(end, of), name));
}

/* ", 3 down" when there are any. */
static void some(const json_t *end, const char *of, const char *name, enum grid_colour colour)
{
	json_int_t n = count(end, of, name);

	if (n)
		(void)printf(", %s%" JSON_INTEGER_FORMAT " %s%s", grid_paint(colour), n, name,
			     grid_unpaint(colour));
}

static void summary(const json_t *end)
{
	char age[GRID_AGE_LEN];
	json_int_t all = count(end, "vrrp_instances", "total");

	(void)printf("vipd %s, process %" JSON_INTEGER_FORMAT ", up %s, generation "
		     "%" JSON_INTEGER_FORMAT "%s%s\n",
		     show_text(end, "version"), json_integer_value(json_object_get(end, "pid")),
		     grid_age(json_number_value(json_object_get(end, "uptime_s")), age),
		     json_integer_value(json_object_get(end, "generation")),
		     *show_text(end, "router_id") ? ", router " : "", show_text(end, "router_id"));
	if (all) {
		(void)printf("instances: %" JSON_INTEGER_FORMAT, all);
		some(end, "vrrp_instances", "ACTIVE", GRID_GOOD);
		some(end, "vrrp_instances", "BACKUP", GRID_PLAIN);
		some(end, "vrrp_instances", "INIT", GRID_DIM);
		some(end, "vrrp_instances", "FAULT", GRID_BAD);
		(void)putchar('\n');
	}
	if (!count(end, "virtual_servers", "total"))
		return;
	(void)printf("services:  %" JSON_INTEGER_FORMAT, count(end, "virtual_servers", "total"));
	some(end, "virtual_servers", "up", GRID_GOOD);
	some(end, "virtual_servers", "down", GRID_BAD);
	some(end, "virtual_servers", "unknown", GRID_DIM);
	(void)printf("\nservers:   %" JSON_INTEGER_FORMAT, count(end, "real_servers", "total"));
	some(end, "real_servers", "up", GRID_GOOD);
	some(end, "real_servers", "down", GRID_BAD);
	some(end, "real_servers", "unknown", GRID_DIM);
	some(end, "real_servers", "drain", GRID_PLAIN);
	some(end, "real_servers", "maint", GRID_PLAIN);
	(void)putchar('\n');
}

/* ------------------------------------------------------------------ what is not well */

static void trouble(void *arg, const char *text, const json_t *line)
{
	const struct ask *a = arg;
	const json_t *in = json_object_get(line, "vrrp_instance");
	const json_t *vs = json_object_get(line, "virtual_server");
	const json_t *rs = json_object_get(line, "real_server");
	const json_t *o = in ? in : vs ? vs : rs;
	char age[GRID_AGE_LEN];

	(void)text;
	(void)grid_age(a->now_s - json_number_value(json_object_get(o, "since")), age);
	if (in)
		(void)printf("  instance %s is in FAULT for %s: %s\n", show_text(in, "name"), age,
			     *show_text(in, "fault") ? show_text(in, "fault")
						     : show_text(in, "why"));
	else if (vs)
		(void)printf("  service %s has no quorum for %s: weight %" JSON_INTEGER_FORMAT
			     " of %" JSON_INTEGER_FORMAT " is up, %" JSON_INTEGER_FORMAT
			     " needed%s\n",
			     show_text(vs, "name"), age,
			     json_integer_value(json_object_get(vs, "up_weight")),
			     json_integer_value(json_object_get(vs, "total_weight")),
			     json_integer_value(json_object_get(vs, "quorum_weight")),
			     json_is_true(json_object_get(vs, "sorry_server"))
				     ? "; the sorry server has its traffic"
				     : "");
	else if (rs)
		(void)printf("  server %s of %s is down for %s: %s, %s\n", show_text(rs, "name"),
			     show_text(rs, "service"), age, show_text(rs, "reason"),
			     show_text(rs, "text"));
}

static int troubles(struct ask *a, const char *verb, const char *state)
{
	json_t *end;
	int err = call(json_pack("{s:s,s:s,s:i}", "verb", verb, "state", state, "max", TROUBLES_N),
		       a->timeout_s, trouble, a, &end);

	if (err)
		return err;

	json_int_t n = json_integer_value(json_object_get(end, "matches"));

	if (n > TROUBLES_N)
		(void)printf("  ... and %" JSON_INTEGER_FORMAT " more: vipctl show %s --state %s\n",
			     n - TROUBLES_N, verb + strlen("show_"), state);
	json_decref(end);
	return 0;
}

static int tell_troubles(struct ask *a)
{
	int err = 0;

	if (!a->troubles_n) {
		(void)printf("%sall is well%s\n", grid_paint(GRID_GOOD), grid_unpaint(GRID_GOOD));
		return 0;
	}
	(void)printf("%snot well:%s\n", grid_paint(GRID_BAD), grid_unpaint(GRID_BAD));
	err = troubles(a, "show_vrrp", "FAULT");
	if (!err)
		err = troubles(a, "show_services", "down");
	return err ? err : troubles(a, "show_servers", "down");
}

int verb_status(int argc, char **argv)
{
	struct ask a = { .timeout_s = CALL_TIMEOUT_S, .now_s = grid_now_s() };
	json_t *end;
	int status, at = opts_parse(argc, argv, &status_opts, &a, &status);

	if (at < 0)
		return status;
	if (at < argc) {
		(void)fprintf(stderr, "vipctl: status takes no '%s'; try status --help\n",
			      argv[at]);
		return EXIT_FAILED;
	}

	int err = call(json_pack("{s:s}", "verb", "status"), a.timeout_s, call_ignore, NULL, &end);

	if (err)
		return call_status(err);
	status = show_end(&(struct show){ .is_json = a.is_json }, end);
	a.troubles_n = count(end, "vrrp_instances", "FAULT") +
		       count(end, "virtual_servers", "down") + count(end, "real_servers", "down");
	if (!a.is_json && !status) {
		summary(end);
		err = tell_troubles(&a);
	}
	json_decref(end);
	if (err)
		return call_status(err);
	return !status && a.is_strict && a.troubles_n ? EXIT_TROUBLE : status;
}
