/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules of health checks. See conf_check.h.
 */
#include "core/clock.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_make.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_rules.h"

#include <string.h>

#define IS(type) (1u << (type))

/* Which types a setting is for. Settings that are not here are for all. */
static const struct {
	const char *key;
	uint32_t types;
} of_types[] = {
	{ "path", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "host", IS(CHECK_HTTP) | IS(CHECK_HTTPS) | IS(CHECK_GRPC) },
	{ "status", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "method", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "http_protocol", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "headers", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "body", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "expect", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "urls", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "fast_recovery", IS(CHECK_HTTP) | IS(CHECK_HTTPS) },
	{ "tls_compliant", IS(CHECK_HTTPS) },
	{ "enable_sni", IS(CHECK_HTTPS) },
	{ "sni_name", IS(CHECK_HTTPS) },
	{ "helo_name", IS(CHECK_SMTP) },
	{ "qtype", IS(CHECK_DNS) },
	{ "name", IS(CHECK_DNS) | IS(CHECK_BFD) },
	{ "payload", IS(CHECK_UDP) },
	{ "require_reply", IS(CHECK_UDP) },
	{ "reply", IS(CHECK_UDP) },
	{ "min_reply_length", IS(CHECK_UDP) },
	{ "max_reply_length", IS(CHECK_UDP) },
	{ "command", IS(CHECK_SCRIPT) },
	{ "user", IS(CHECK_SCRIPT) },
	{ "group", IS(CHECK_SCRIPT) },
	{ "dynamic_weight", IS(CHECK_SCRIPT) },
	{ "track_file", IS(CHECK_FILE) },
	{ "weight", IS(CHECK_FILE) },
	{ "reverse", IS(CHECK_FILE) },
	{ "dialog", IS(CHECK_EXPECT) },
	{ "service", IS(CHECK_GRPC) },
	{ "apply", IS(CHECK_AGENT) },
};

/* What a type can't be without. */
static const struct {
	uint8_t type;
	const char *key;
} needs[] = {
	{ CHECK_SCRIPT, "command" },
	{ CHECK_FILE, "track_file" },
	{ CHECK_BFD, "name" },
	{ CHECK_EXPECT, "dialog" },
};

/* Whether a setting is not what it is by itself. `host` may come from the service, and the codes that
 * pass are always there. */
static bool is_given(const struct conf *c, const struct conf_check *ck,
		     const struct schema_key *key)
{
	struct conf_status dflt = conf_status_default();

	if (!strcmp(key->name, "status"))
		return memcmp(&ck->s.status, &dflt, sizeof(dflt)) != 0;
	return !conf_setting_same(key, c, ck, key, c, schema_defaults(SCHEMA_check));
}

static void rule_types(const struct conf *c, struct err_list *errs)
{
	const struct schema_key *key[sizeof(of_types) / sizeof(*of_types)];

	for (size_t k = 0; k < sizeof(of_types) / sizeof(*of_types); k++)
		key[k] = schema_find(SCHEMA_check, of_types[k].key);
	for (uint32_t i = 0; i < c->check_n; i++) {
		const struct conf_check *ck = &c->check[i];

		for (size_t k = 0; k < sizeof(of_types) / sizeof(*of_types); k++)
			if (!(of_types[k].types & IS(ck->s.type)) && is_given(c, ck, key[k]) &&
			    strcmp(of_types[k].key, "host") != 0)
				WARN(ck->loc,
				     "checks: '%s' means nothing to a check of type \"%s\"",
				     of_types[k].key,
				     schema_enum_name(schema_names_CHECK_TYPE, ck->s.type));
	}
}

static void rule_needs(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->check_n; i++)
		for (size_t k = 0; k < sizeof(needs) / sizeof(*needs); k++) {
			const struct conf_check *ck = &c->check[i];

			if (needs[k].type == ck->s.type &&
			    !schema_is_set(schema_find(SCHEMA_check, needs[k].key), ck))
				FAIL(ck->loc, "checks: a check of type \"%s\" needs '%s'",
				     schema_enum_name(schema_names_CHECK_TYPE, ck->s.type),
				     needs[k].key);
		}
}

static void rule_runs(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->check_n; i++)
		if (!conf_check_runs(c->check[i].s.type))
			WARN(c->check[i].loc,
			     "checks: checks of type \"%s\" are not made yet; a server without "
			     "another check counts as up",
			     schema_enum_name(schema_names_CHECK_TYPE, c->check[i].s.type));
}

static void rule_http(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->check_n; i++) {
		const struct conf_check *ck = &c->check[i];

		if (ck->s.path && ck->s.path[0] != '/')
			FAIL(ck->loc, "checks: 'path' must begin with '/'");
		if ((ck->s.path && strchr(ck->s.path, ' ')) ||
		    (ck->s.host && strchr(ck->s.host, ' ')))
			FAIL(ck->loc, "checks: 'path' and 'host' must not have blanks");
	}
}

static void rule_times(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->check_n; i++) {
		const struct fields_check *s = &c->check[i].s;

		if (s->timeout_us > s->interval_us)
			WARN(c->check[i].loc,
			     "checks: 'timeout' is longer than 'interval', so a slow server is "
			     "checked less often than you say");
		if (s->connect_timeout_us > s->timeout_us)
			WARN(c->check[i].loc,
			     "checks: 'connect_timeout' is longer than 'timeout', which ends the "
			     "whole check");
	}
}

static void rule_named(const struct conf *c, struct err_list *errs)
{
	struct names n = { 0 };

	for (uint32_t i = 0; i < c->track_file_n; i++)
		if (!names_get(&n, SCHEMA_track_file, c->track_file[i].s.name))
			names_put(&n, SCHEMA_track_file, c->track_file[i].s.name,
				  &c->track_file[i]);
	for (uint32_t i = 0; i < c->bfd_n; i++)
		if (!names_get(&n, SCHEMA_bfd, c->bfd[i].s.name))
			names_put(&n, SCHEMA_bfd, c->bfd[i].s.name, &c->bfd[i]);
	for (uint32_t i = 0; i < c->check_n; i++) {
		const struct fields_check *s = &c->check[i].s;

		if (s->type == CHECK_FILE && s->track_file &&
		    !names_get(&n, SCHEMA_track_file, s->track_file))
			FAIL(c->check[i].loc, "checks: there is no \"%s\" in track_files",
			     s->track_file);
		if (s->type == CHECK_BFD && s->name && !names_get(&n, SCHEMA_bfd, s->name))
			FAIL(c->check[i].loc, "checks: there is no \"%s\" in bfd_instances",
			     s->name);
	}
	names_fini(&n);
}

static void rule_dialog(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->step_n; i++) {
		const struct fields_step *s = &c->step[i].s;
		int n = (s->send != NULL) + (s->send_hex != NULL) + (s->expect != NULL) +
			(s->expect_hex != NULL) + (s->expect_regex != NULL);

		if (n != 1)
			FAIL(c->step[i].loc,
			     "dialog: a step is one of 'send', 'send_hex', 'expect', 'expect_hex' "
			     "and "
			     "'expect_regex', not %s",
			     n ? "several" : "none");
	}
}

/* A check has to know where to connect to. */
static void rule_port(const struct conf *c, struct err_list *errs)
{
	const uint32_t portless =
		IS(CHECK_PING) | IS(CHECK_SCRIPT) | IS(CHECK_FILE) | IS(CHECK_BFD);
	char text[ADDR_TEXT_LEN];

	for (uint32_t i = 0; i < c->rs_n; i++) {
		const struct conf_rs *rs = &c->rs[i];

		for (uint32_t k = 0; !rs->s.port && k < rs->s.checks.n; k++) {
			const struct conf_check *ck = &c->check[rs->s.checks.first + k];

			if (!ck->s.port && !(portless & IS(ck->s.type)))
				FAIL(ck->loc,
				     "checks: the server %s is for all ports, so its check of type "
				     "\"%s\" needs a 'port'",
				     addr_text(&rs->s.addr, text),
				     schema_enum_name(schema_names_CHECK_TYPE, ck->s.type));
		}
	}
}

const struct rule conf_rules_health[] = {
	{ "a check knows its port", rule_port },
	{ "settings are for the type of check", rule_types },
	{ "a check has what its type needs", rule_needs },
	{ "all checks are made", rule_runs },
	{ "paths and hosts are those of HTTP", rule_http },
	{ "times fit together", rule_times },
	{ "what is named is there", rule_named },
	{ "a step does one thing", rule_dialog },
	{ NULL, NULL },
};
