/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl explain: why a server or an instance is in its state.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/grid.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ask {
	const char *match, *service;
	bool is_json;
	double now_s;
};

static void usage(const char *verb)
{
	(void)verb;
	(void)printf(
		"usage: vipctl explain NAME [--service PATTERN] [--json]\n"
		"\n"
		"Says why a server (by its address, or address and port) or an instance of VRRP "
		"(by\n"
		"its name) is as it is: what its checks found last, what was set by hand, whom it\n"
		"heard. *, ? and [ ] stand for what they do in a shell; at most 32 are told.\n"
		"\n"
		"Exit status: 0 told, 1 there is none, 3 vipd can't be reached, 4 no answer in "
		"time.\n");
}

static const struct opt opt[] = {
	{ "service", 0, OPT_SERVICE, offsetof(struct ask, service), 0, 0 },
	OPT_JSON(ask),
	{ 0 },
};

const struct opts explain_opts = { opt, usage };

static json_int_t number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static const char *ago(const struct ask *a, const json_t *moment, char buf[static GRID_AGE_LEN])
{
	return grid_age(a->now_s - json_number_value(moment), buf);
}

/* ------------------------------------------------------------------ servers */

static void hand(const struct ask *a, const json_t *by_hand, const char *part)
{
	const json_t *o = json_object_get(by_hand, part), *value = json_object_get(o, "value");
	const json_t *until = json_object_get(o, "until");
	char left[GRID_AGE_LEN];

	if (!o)
		return;
	if (json_is_string(value))
		(void)printf("  set by hand: %s", json_string_value(value));
	else
		(void)printf("  set by hand: weight %" JSON_INTEGER_FORMAT,
			     json_integer_value(value));
	if (json_is_integer(until))
		(void)printf(", for %s more",
			     grid_age((double)json_integer_value(until) - a->now_s, left));
	if (*show_text(o, "reason"))
		(void)printf(", because: %s", show_text(o, "reason"));
	(void)putchar('\n');
}

static void result(const struct ask *a, const json_t *o)
{
	char age[GRID_AGE_LEN];

	(void)printf("    %8s ago  %-8s", ago(a, json_object_get(o, "at"), age),
		     show_text(o, "reason"));
	if (number_of(o, "code"))
		(void)printf(" %4" JSON_INTEGER_FORMAT, number_of(o, "code"));
	else
		(void)printf("     ");
	(void)printf(" %10.1f ms\n", (double)number_of(o, "duration_us") / 1000);
}

static void certificate(const struct ask *a, const json_t *c)
{
	const json_t *end = json_object_get(c, "certificate_ends");
	double left_s = json_number_value(end) - a->now_s;
	char age[GRID_AGE_LEN];

	if (!end)
		return;
	(void)printf("    its certificate %s %s%s", left_s < 0 ? "has ended" : "is good for",
		     grid_age(left_s < 0 ? -left_s : left_s, age), left_s < 0 ? " ago" : " more");
	if (*show_text(c, "alpn"))
		(void)printf(", they speak %s (ALPN)", show_text(c, "alpn"));
	(void)putchar('\n');
}

static void check(const struct ask *a, const json_t *c)
{
	const json_t *results = json_object_get(c, "results"), *one;
	char age[GRID_AGE_LEN];
	size_t i;

	(void)printf("  check %s, every %.3g s: %s for %s: %s, %s%s\n", show_text(c, "type"),
		     json_number_value(json_object_get(c, "interval_s")), show_text(c, "health"),
		     ago(a, json_object_get(c, "since"), age), show_text(c, "reason"),
		     show_text(c, "text"),
		     json_is_true(json_object_get(c, "is_shared"))
			     ? " (another server's check, which asks the same)"
			     : "");
	certificate(a, c);
	json_array_foreach(results, i, one) result(a, one);
}

static void server(const struct ask *a, const json_t *o)
{
	const json_t *checks = json_object_get(o, "checks"), *one;
	char age[GRID_AGE_LEN];
	size_t i;

	(void)printf("server %s of %s is %s for %s, in the kernel's table: %s, weight "
		     "%" JSON_INTEGER_FORMAT " (configured: %" JSON_INTEGER_FORMAT ")\n",
		     show_text(o, "name"), show_text(o, "service"), show_text(o, "state"),
		     ago(a, json_object_get(o, "since"), age), show_text(o, "table"),
		     number_of(o, "weight"), number_of(o, "configured_weight"));
	if (number_of(o, "ramp_percent") < 100)
		(void)printf("  it came back a while ago: %" JSON_INTEGER_FORMAT
			     " %% of its weight so far\n",
			     number_of(o, "ramp_percent"));
	if (*show_text(o, "zone"))
		(void)printf("  zone: %s\n", show_text(o, "zone"));
	if (*show_text(o, "comment"))
		(void)printf("  comment: %s\n", show_text(o, "comment"));
	hand(a, json_object_get(o, "by_hand"), "state");
	hand(a, json_object_get(o, "by_hand"), "weight");
	if (!json_array_size(checks))
		(void)printf("  it has no checks, so it counts as up\n");
	json_array_foreach(checks, i, one) check(a, one);
}

/* ------------------------------------------------------------------ instances */

/* What was said by hand. */
static void wish(const struct ask *a, const json_t *o)
{
	const char *what = show_text(o, "wish");
	const json_t *until = json_object_get(o, "wish_until");
	char left[GRID_AGE_LEN];

	if (!*what || !strcmp(what, "ready"))
		return;
	(void)printf("  %s by hand", what);
	if (json_is_number(until))
		(void)printf(", for %s more", grid_age(json_number_value(until) - a->now_s, left));
	(void)printf(": `vipctl vrrp ready %s` ends it\n", show_text(o, "name"));
}

static void instance(const struct ask *a, const json_t *o)
{
	const json_t *peer = json_object_get(o, "peer");
	char age[GRID_AGE_LEN];

	(void)printf("instance %s is %s for %s (%s), priority %" JSON_INTEGER_FORMAT
		     " (configured: %" JSON_INTEGER_FORMAT "), on %s\n",
		     show_text(o, "name"), show_text(o, "state"),
		     ago(a, json_object_get(o, "since"), age), show_text(o, "why"),
		     number_of(o, "priority"), number_of(o, "base_priority"),
		     *show_text(o, "interface") ? show_text(o, "interface") : "any interface");
	if (*show_text(o, "fault"))
		(void)printf("  it can't be more, because: %s\n", show_text(o, "fault"));
	if (json_is_object(peer))
		(void)printf("  heard last: %s with priority %" JSON_INTEGER_FORMAT ", %s ago\n",
			     show_text(peer, "address"), number_of(peer, "priority"),
			     ago(a, json_object_get(peer, "heard"), age));
	else
		(void)printf("  it has heard no other router\n");
	wish(a, o);
	(void)printf("  adverts: %" JSON_INTEGER_FORMAT " sent, %" JSON_INTEGER_FORMAT
		     " not sent, %" JSON_INTEGER_FORMAT " received, %" JSON_INTEGER_FORMAT
		     " dropped; became ACTIVE %" JSON_INTEGER_FORMAT " times\n",
		     number_of(o, "sent"), number_of(o, "send_failures"), number_of(o, "received"),
		     number_of(o, "dropped"), number_of(o, "became_active"));
}

/* Some of it was written by others: who set something by hand, the server that answered a check. */
static void tame(json_t *o)
{
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_string(o)) {
		char *text = strdup(json_string_value(o));

		BUG_ON(!text || json_string_set_nocheck(o, grid_tame(text)));
		free(text);
	}
	json_object_foreach(o, key, one) tame(one);
	json_array_foreach(o, i, one) tame(one);
}

static void on_line(void *arg, const char *text, const json_t *line)
{
	const struct ask *a = arg;
	json_t *plain = json_deep_copy(line);

	BUG_ON(!plain);
	tame(plain);

	const json_t *in = json_object_get(plain, "vrrp_instance");
	const json_t *rs = json_object_get(plain, "real_server");

	if (a->is_json)
		(void)puts(text);
	else if (in)
		instance(a, in);
	else if (rs)
		server(a, rs);
	json_decref(plain);
}

int verb_explain(int argc, char **argv)
{
	struct ask a = { .now_s = grid_now_s() };
	json_t *request, *end;
	int status, at = opts_parse(argc, argv, &explain_opts, &a, &status);

	if (at < 0)
		return status;
	if (argc - at != 1) {
		(void)fprintf(stderr, "vipctl: explain takes a name; try explain --help\n");
		return EXIT_FAILED;
	}
	a.match = argv[at];
	request = json_pack("{s:s,s:o}", "verb", "explain", "match", ctl_text(a.match));
	BUG_ON(!request);
	opts_put(request, "service", a.service);

	int err = call(request, CALL_TIMEOUT_S, on_line, &a, &end);

	if (err)
		return call_status(err);
	status = show_end(&(struct show){ .is_json = a.is_json }, end);
	if (status && !a.is_json)
		(void)fprintf(stderr, "vipctl: %s\n", show_text(end, "error"));
	json_decref(end);
	return status;
}
