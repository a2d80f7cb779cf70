/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Templates: named groups of settings, and `use`, which puts them below an object's own. See
 * conf_build.h. Each template is resolved once: what it picked is then copied to its users.
 */
#include "core/conf/conf_build.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum schema_kind kind;
} kinds[] = {
	{ "check", SCHEMA_check },
	{ "virtual_server", SCHEMA_vs },
	{ "real_server", SCHEMA_rs },
	{ "vrrp_instance", SCHEMA_vrrp },
};

static const char *kind_name(enum schema_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "";
}

static void add_one(struct build *b, enum schema_kind kind, config_setting_t *group)
{
	const char *name = config_setting_name(group);
	struct conf_template *t = names_get(&b->templates, kind, name);
	char text[CONF_PLACE_LEN];

	if (!config_setting_is_group(group)) {
		build_fail(b, kind, group, group, "a template must be a group { }");
	} else if (t) {
		build_fail(b, kind, group, group, "this name is taken by %s",
			   conf_place(build_loc(b, t->group), build_loc(b, group), text));
	} else {
		t = arena_alloc(&b->scratch, sizeof(*t));
		t->kind = kind;
		t->group = group;
		names_put(&b->templates, kind, name, t);
	}
}

static void add_kind(struct build *b, config_setting_t *set)
{
	const char *name = config_setting_name(set);
	struct conf_loc loc = build_loc(b, set);
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(*kinds) && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == sizeof(kinds) / sizeof(*kinds)) {
		err_add(b->errs, ERR_ERROR, loc.file, loc.line,
			"templates: unknown kind '%.40s'; known are: check, virtual_server, "
			"real_server, vrrp_instance",
			name);
		return;
	}
	if (!config_setting_is_group(set)) {
		err_add(b->errs, ERR_ERROR, loc.file, loc.line,
			"templates: '%s' must be a group of named groups: { NAME = { ... }; }",
			name);
		return;
	}
	for (int k = 0; k < config_setting_length(set); k++)
		add_one(b, kinds[i].kind, config_setting_get_elem(set, (unsigned)k));
}

void templates_add(struct build *b, config_setting_t *set)
{
	struct conf_loc loc = build_loc(b, set);

	if (!config_setting_is_group(set)) {
		err_add(b->errs, ERR_ERROR, loc.file, loc.line,
			"templates: must be a group: { check = { NAME = { ... }; }; }");
		return;
	}
	for (int i = 0; i < config_setting_length(set); i++)
		add_kind(b, config_setting_get_elem(set, (unsigned)i));
}

static void resolve(struct build *b, struct conf_template *t)
{
	if (t->state != TEMPLATE_NEW)
		return;
	t->state = TEMPLATE_ACTIVE;
	b->use_depth++;
	t->depth = 1;
	object_pick(b, t->kind, t->group, &t->picks);
	b->use_depth--;
	t->state = TEMPLATE_DONE;
}

void templates_finish(struct build *b)
{
	for (uint32_t i = 0; i < b->templates.size; i++)
		if (b->templates.slot[i].name)
			resolve(b, b->templates.slot[i].obj);
	for (uint32_t i = 0; i < b->templates.size; i++) {
		struct conf_template *t = b->templates.slot[i].obj;

		if (t)
			object_try(b, t->kind, t->group, &t->picks);
	}
}

struct conf_template *template_find(const struct build *b, enum schema_kind kind, const char *name)
{
	return names_get(&b->templates, kind, name);
}

const char *template_why(const struct build *b, enum schema_kind kind, const char *name,
			 char buf[static TEMPLATE_WHY_LEN])
{
	/* what nobody will read need not be searched for */
	const char *near =
		b->errs->n_error < ERR_LIST_MAX ? names_nearest(&b->templates, kind, name) : NULL;

	(void)snprintf(buf, TEMPLATE_WHY_LEN,
		       near ? "there is no template %s \"%.40s\"; did you mean \"%.40s\"?"
			    : "there is no template %s \"%.40s\"%s",
		       kind_name(kind), name, near ? near : "");
	return buf;
}

static void use_one(struct build *b, enum schema_kind kind, config_setting_t *group,
		    const config_setting_t *el, struct picks *picks)
{
	struct conf_template *t, *user;
	char why[TEMPLATE_WHY_LEN];

	if (config_setting_type(el) != CONFIG_TYPE_STRING) {
		build_fail(b, kind, group, el, "'use' must be a name or an array of names");
		return;
	}
	t = template_find(b, kind, config_setting_get_string(el));
	if (!t) {
		build_fail(b, kind, group, el, "%s",
			   template_why(b, kind, config_setting_get_string(el), why));
		return;
	}
	if (t->state == TEMPLATE_ACTIVE) {
		build_fail(b, kind, group, el,
			   "'use' goes round in a circle: \"%.40s\" uses this one",
			   config_setting_name(t->group));
		return;
	}
	if (t->state == TEMPLATE_NEW && b->use_depth < CONF_TEMPLATE_DEPTH_MAX)
		resolve(b, t);
	/* the group may be a template itself: its chain is longer by one than the longest it uses */
	user = config_setting_name(group)
		       ? names_get(&b->templates, kind, config_setting_name(group))
		       : NULL;
	if (user && user->group != group)
		user = NULL;
	if (user && user->depth <= t->depth)
		user->depth = t->depth + 1;
	if (t->state != TEMPLATE_DONE || (user && user->depth > CONF_TEMPLATE_DEPTH_MAX)) {
		build_fail(b, kind, group, el, "'use': more than %d templates in a chain",
			   CONF_TEMPLATE_DEPTH_MAX);
		return;
	}
	picks_lay(picks, &t->picks, true);
}

void templates_use(struct build *b, enum schema_kind kind, config_setting_t *group,
		   config_setting_t *use, struct picks *picks)
{
	int n = config_setting_is_array(use) || config_setting_is_list(use)
			? config_setting_length(use)
			: 0;

	if (!config_setting_is_array(use) && !config_setting_is_list(use))
		use_one(b, kind, group, use, picks);
	for (int i = 0; i < n; i++)
		use_one(b, kind, group, config_setting_get_elem(use, (unsigned)i), picks);
}

const struct conf_check *template_check(struct build *b, struct conf_template *t)
{
	if (!t->is_made) {
		union conf_object o;

		memset(&o, 0, sizeof(o.check));
		object_fill(b, SCHEMA_check, t->group, &t->picks, &o);
		t->check = o.check;
		t->check.loc = build_loc(b, t->group);
		t->is_made = true;
	}
	return &t->check;
}
