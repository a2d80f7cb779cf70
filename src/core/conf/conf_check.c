/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_check.h. Here: names, and settings that have no effect; the other rules are by area.
 */
#include "core/conf/conf_check.h"

#include "core/bug.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_kernel.h"
#include "core/conf/conf_rules.h"
#include "core/cpus.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ for all rules */

struct sorting {
	const struct conf *c;
	rule_cmp *cmp;
};

static int cmp_index(const void *va, const void *vb, void *arg)
{
	const struct sorting *s = arg;
	uint32_t a, b;

	memcpy(&a, va, sizeof(a));
	memcpy(&b, vb, sizeof(b));

	int d = s->cmp(s->c, a, b);

	return d ? d : (a > b) - (a < b); /* equal keys stay in order of the file */
}

void rule_find_twice(const struct conf *c, uint32_t n, rule_cmp *cmp, rule_twice *tell,
		     struct err_list *errs)
{
	struct sorting s = { .c = c, .cmp = cmp };
	uint32_t *order = calloc(n ? n : 1, sizeof(*order));

	BUG_ON(!order);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), cmp_index, &s);
	for (uint32_t i = 1; i < n; i++)
		if (!cmp(c, order[i - 1], order[i]))
			tell(c, order[i - 1], order[i], errs);
	free(order);
}

struct conf_loc rule_loc(const struct conf *c, enum schema_kind kind, uint32_t i)
{
	struct conf_loc loc;

	memcpy(&loc, (const unsigned char *)conf_object(c, kind, i) + conf_shape[kind].loc_off,
	       sizeof(loc));
	return loc;
}

const char *rule_name(const struct conf *c, enum schema_kind kind, uint32_t i)
{
	const struct schema_key *key = schema_find(kind, "name");
	const char *name;

	memcpy(&name, schema_field(key, conf_object(c, kind, i)), sizeof(name));
	return name ? name : "";
}

/* ------------------------------------------------------------------ names */

/* Kinds whose objects are known by a name of their own. */
static const enum schema_kind named[] = {
	SCHEMA_vrrp,          SCHEMA_sync,         SCHEMA_vs,
	SCHEMA_vsg,           SCHEMA_track_script, SCHEMA_track_file,
	SCHEMA_track_process, SCHEMA_bfd,          SCHEMA_track_group,
};

enum { NAMED = sizeof(named) / sizeof(*named) };

struct by_name {
	const struct conf *c;
	enum schema_kind kind;
};

static int cmp_name(const void *va, const void *vb, void *arg)
{
	const struct by_name *by = arg;
	uint32_t a, b;
	int d;

	memcpy(&a, va, sizeof(a));
	memcpy(&b, vb, sizeof(b));
	d = strcmp(rule_name(by->c, by->kind, a), rule_name(by->c, by->kind, b));
	return d ? d : (a > b) - (a < b); /* equal names stay in order of the file */
}

static void names_of_kind(const struct conf *c, enum schema_kind kind, struct err_list *errs)
{
	struct by_name by = { .c = c, .kind = kind };
	uint32_t n = conf_object_n(c, kind);
	uint32_t *order = calloc(n ? n : 1, sizeof(*order));
	char there[CONF_PLACE_LEN];

	BUG_ON(!order);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), cmp_name, &by);
	for (uint32_t i = 1; i < n; i++) {
		struct conf_loc first = rule_loc(c, kind, order[i - 1]);
		struct conf_loc again = rule_loc(c, kind, order[i]);

		if (!strcmp(rule_name(c, kind, order[i - 1]), rule_name(c, kind, order[i])))
			FAIL(again, "%s \"%s\": this name is taken by %s", schema_of[kind].where,
			     rule_name(c, kind, order[i]), conf_place(first, again, there));
	}
	free(order);
}

static void rule_names_once(const struct conf *c, struct err_list *errs)
{
	for (size_t k = 0; k < NAMED; k++)
		names_of_kind(c, named[k], errs);
}

/* Names stand in log lines as key=value. */
static void rule_names_plain(const struct conf *c, struct err_list *errs)
{
	for (size_t k = 0; k < NAMED; k++)
		for (uint32_t i = 0; i < conf_object_n(c, named[k]); i++)
			if (strpbrk(rule_name(c, named[k], i), " ="))
				FAIL(rule_loc(c, named[k], i),
				     "%s \"%s\": 'name' must not have blanks or '='",
				     schema_of[named[k]].where, rule_name(c, named[k], i));
}

/* ------------------------------------------------------------------ no effect */

/* What a row inherits from, for the i-th object of its kind, as far as that is still there to see. */
static const void *above(const struct conf *c, enum schema_kind kind, uint32_t i,
			 enum schema_kind up_kind)
{
	if (up_kind == kind || schema_of[up_kind].is_once)
		return conf_object(c, up_kind, up_kind == kind ? i : 0);
	if (kind == SCHEMA_rs && up_kind == SCHEMA_vs)
		return &c->vs[c->rs[i].vs];
	return NULL;
}

/* Whether the object says something of a setting by itself. */
static bool says(const struct conf *c, enum schema_kind kind, uint32_t i,
		 const struct schema_key *key)
{
	const struct schema_key *up = key;
	enum schema_kind up_kind = kind;
	const void *base = NULL;

	if (key->dflt == SCHEMA_NEED || key->dflt == SCHEMA_INHERIT)
		return false; /* its object is told of, or what it is by default */
	if (key->dflt == SCHEMA_UP) {
		up = schema_up(key, &up_kind);
		base = above(c, kind, i, up_kind);
		if (!base || up->is_build)
			return false;
	}
	if (!base)
		base = schema_defaults(kind);
	return !conf_setting_same(key, c, conf_object(c, kind, i), up, c, base);
}

static void tell_no_effect(const struct conf *c, enum schema_kind kind,
			   const struct schema_key *key, struct err_list *errs)
{
	for (uint32_t i = 0; i < conf_object_n(c, kind); i++)
		if (says(c, kind, i, key)) {
			struct conf_loc loc = rule_loc(c, kind, i);

			NOTE(loc, "%s: '%s' has no effect yet", schema_of[kind].where, key->name);
			return; /* once */
		}
}

/* A kind that is nothing but what is not done yet is told of as a whole: by the setting that has it as
 * its element, or here when it is a list of the file. */
static bool is_without_effect(enum schema_kind kind)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (k->effect == SCHEMA_NOW)
			return false;
	return true;
}

static bool is_element(enum schema_kind kind)
{
	for (int k = 0; k < SCHEMA_KIND_N; k++)
		for (const struct schema_key *key = schema_of[k].key; key->name; key++)
			if ((key->type == KT_LIST || key->type == KT_ONE) && key->elem == kind)
				return true;
	return false;
}

static void rule_effect(const struct conf *c, struct err_list *errs)
{
	for (int k = 0; k < SCHEMA_KIND_N; k++) {
		enum schema_kind kind = (enum schema_kind)k;

		if (!conf_object_n(c, kind))
			continue;
		if (is_without_effect(kind) && !schema_of[kind].is_once) {
			if (!is_element(kind))
				NOTE(rule_loc(c, kind, 0), "%s: has no effect yet",
				     schema_of[kind].where);
			continue;
		}
		for (const struct schema_key *key = schema_of[kind].key; key->name; key++)
			if (key->effect == SCHEMA_YET)
				tell_no_effect(c, kind, key, errs);
	}
}

static void rule_exporters(const struct conf *c, struct err_list *errs)
{
	const struct conf_strs *s = &c->metrics.s.compat;

	for (uint32_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], "mehdy") != 0 && strcmp(s->v[i], "gen2brain") != 0)
			FAIL(c->metrics.loc,
			     "metrics: 'compat' knows \"mehdy\" and \"gen2brain\", not \"%.40s\"",
			     s->v[i]);
}

/* ------------------------------------------------------------------ processors */

/* Anything else libcurl would take for something else: a file, another protocol. */
static void rule_webhook(const struct conf *c, struct err_list *errs)
{
	for (uint32_t i = 0; i < c->webhook_n; i++) {
		const struct conf_webhook *w = &c->webhook[i];

		if (strncmp(w->s.url, "http://", 7) != 0 && strncmp(w->s.url, "https://", 8) != 0)
			err_add(errs, ERR_ERROR, w->loc.file, w->loc.line,
				"webhook: url begins with http:// or https://");
		for (uint32_t k = 0; k < w->s.headers.n; k++)
			if (!strchr(w->s.headers.v[k], ':') || strpbrk(w->s.headers.v[k], "\r\n"))
				err_add(errs, ERR_ERROR, w->loc.file, w->loc.line,
					"webhook: a header is \"Name: value\", not \"%.64s\"",
					w->s.headers.v[k]);
	}
}

static void check_cpus(const struct conf *c, const char *setting, const struct conf_strs *cpus,
		       struct err_list *errs)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (uint32_t i = 0; i < cpus->n; i++)
		if (!cpus_add(&set, cpus->v[i]))
			FAIL(rule_loc(c, SCHEMA_workers, 0),
			     "workers: '%s' \"%s\" is no number or range of processors", setting,
			     cpus->v[i]);
}

static void rule_cpus(const struct conf *c, struct err_list *errs)
{
	check_cpus(c, "vrrp_cpu_affinity", &c->workers.s.vrrp_cpus, errs);
	check_cpus(c, "checker_cpu_affinity", &c->workers.s.check_cpus, errs);
	check_cpus(c, "bfd_cpu_affinity", &c->workers.s.bfd_cpus, errs);
}

/* ------------------------------------------------------------------ the table */

static const struct rule rules[] = {
	{ "a name is used once", rule_names_once },
	{ "names fit into log lines", rule_names_plain },
	{ "addresses, routes and rules are what the kernel takes", conf_check_kernel },
	{ "metrics are under names that are known", rule_exporters },
	{ "processors are numbers", rule_cpus },
	{ "all that is set has an effect", rule_effect },
	{ "the webhook is one", rule_webhook },
	{ NULL, NULL },
};

void conf_check(const struct conf *c, struct err_list *errs)
{
	static const struct rule *const tables[] = { rules, conf_rules_vrrp, conf_rules_wire,
						     conf_rules_vs, conf_rules_health };

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct rule *r = tables[t]; r->what; r++)
			r->fn(c, errs);
}
