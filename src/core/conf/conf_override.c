/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * node_overrides: what one node lays on top of the common settings, so that all nodes can have the
 * same files. See conf_build.h. What other nodes lay on top is tried as well: a mistake in it shows
 * on every node, before it meets the one that it is for.
 */
#include "core/conf/conf_build.h"

#include <string.h>

struct conf_override {
	enum schema_kind kind;
	config_setting_t *group;
	const char *name;
};

/* Kinds whose elements have names that something can be laid on by. */
static const enum schema_kind lists[] = { SCHEMA_vrrp,       SCHEMA_vs,  SCHEMA_pool,
					  SCHEMA_sync,       SCHEMA_vsg, SCHEMA_track_script,
					  SCHEMA_track_file, SCHEMA_bfd, SCHEMA_track_process,
					  SCHEMA_track_group };

static bool is_mine(const struct build *b, const config_setting_t *entry)
{
	const char *node;

	return config_setting_lookup_string(entry, "node", &node) && !strcmp(node, b->node);
}

static void add_object(struct build *b, enum schema_kind kind, config_setting_t *entry,
		       config_setting_t *group)
{
	struct conf_override o = { .kind = kind, .group = group };
	struct picks picks = { .seen = { { 0 } } };
	char text[CONF_PLACE_LEN];

	if (!config_setting_is_group(group) ||
	    !config_setting_lookup_string(group, "name", &o.name)) {
		build_fail(b, kind, group, group,
			   "in node_overrides an element must be a group { } with the name of what "
			   "it is laid on");
		return;
	}
	object_pick(b, kind, group, &picks);
	object_try(b, kind, group, &picks);
	b->override_all.el_len = sizeof(o);
	vec_push(&b->override_all, &o);
	if (!is_mine(b, entry))
		return;

	config_setting_t *first = names_get(&b->overrides, kind, o.name);

	if (first)
		build_fail(b, kind, group, group, "is laid over in %s already",
			   conf_place(build_loc(b, first), build_loc(b, group), text));
	else
		names_put(&b->overrides, kind, o.name, group);
}

static void add_once(struct build *b, enum schema_kind kind, config_setting_t *entry,
		     config_setting_t *group)
{
	struct picks picks = { .seen = { { 0 } } };

	if (!config_setting_is_group(group)) {
		build_fail(b, kind, group, group, "must be a group { }");
		return;
	}
	object_pick(b, kind, group, &picks);
	object_try(b, kind, group, &picks);
	if (is_mine(b, entry))
		picks_lay(&b->once_over[kind], &picks, true);
}

static void add_list(struct build *b, enum schema_kind kind, config_setting_t *entry,
		     config_setting_t *set)
{
	if (!config_setting_is_list(set)) {
		build_fail(b, kind, set, set, "must be a list of groups: ( { name = ...; } )");
		return;
	}
	for (int i = 0; i < config_setting_length(set); i++)
		add_object(b, kind, entry, config_setting_get_elem(set, (unsigned)i));
}

static void add_member(struct build *b, config_setting_t *entry, config_setting_t *set)
{
	static const enum schema_kind once[] = { SCHEMA_global,  SCHEMA_workers, SCHEMA_api,
						 SCHEMA_metrics, SCHEMA_log,     SCHEMA_ssl };
	const char *name = config_setting_name(set);
	struct conf_loc loc = build_loc(b, set);

	if (!strcmp(name, "node")) {
		if (config_setting_type(set) != CONFIG_TYPE_STRING)
			err_add(b->errs, ERR_ERROR, loc.file, loc.line,
				"node_overrides: 'node' must be a text in quotes");
		return;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (!strcmp(name, schema_of[lists[i]].where)) {
			add_list(b, lists[i], entry, set);
			return;
		}
	for (size_t i = 0; i < sizeof(once) / sizeof(*once); i++)
		if (!strcmp(name, schema_of[once[i]].where)) {
			add_once(b, once[i], entry, set);
			return;
		}
	err_add(b->errs, ERR_ERROR, loc.file, loc.line,
		"node_overrides: unknown setting '%.40s'; known are: node, the groups that are "
		"there once (global_defs, workers, ...) and lists of what has a name "
		"(vrrp_instances, virtual_servers, pools, ...)",
		name);
}

void overrides_add(struct build *b, config_setting_t *set)
{
	struct conf_loc loc = build_loc(b, set);

	if (!config_setting_is_list(set)) {
		err_add(b->errs, ERR_ERROR, loc.file, loc.line,
			"node_overrides: must be a list of groups: ( { node = \"NAME\"; ... } )");
		return;
	}
	for (int i = 0; i < config_setting_length(set); i++) {
		config_setting_t *entry = config_setting_get_elem(set, (unsigned)i);

		loc = build_loc(b, entry);
		if (!config_setting_is_group(entry) || !config_setting_get_member(entry, "node")) {
			err_add(b->errs, ERR_ERROR, loc.file, loc.line,
				"node_overrides: an element must be a group { } with the name of a "
				"'node'");
			continue;
		}
		for (int k = 0; k < config_setting_length(entry); k++)
			add_member(b, entry, config_setting_get_elem(entry, (unsigned)k));
	}
}

config_setting_t *override_of(const struct build *b, enum schema_kind kind, config_setting_t *group)
{
	const char *name;

	/* the look-up by name is linear in the group's members: fine once a group, if at all */
	if (!b->overrides.n || !config_setting_lookup_string(group, "name", &name))
		return NULL;
	return names_get(&b->overrides, kind, name);
}

static const char *name_of(const struct build *b, enum schema_kind kind, uint32_t i)
{
	const unsigned char *o = build_made(b, kind, i);
	const char *name;

	memcpy(&name, o + schema_find(kind, "name")->off, sizeof(name));
	return name;
}

void overrides_finish(struct build *b)
{
	struct names known = { 0 };

	if (!b->override_all.n)
		return;
	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++)
		for (uint32_t i = 0; i < b->list[lists[k]].n; i++) {
			const char *name = name_of(b, lists[k], i);

			if (name && !names_get(&known, lists[k], name))
				names_put(&known, lists[k], name, b);
		}
	for (uint32_t i = 0; i < b->override_all.n; i++) {
		const struct conf_override *o = vec_at(&b->override_all, i);

		if (!names_get(&known, o->kind, o->name))
			build_fail(b, o->kind, o->group, o->group,
				   "is not there to be laid over; the name must be that of an "
				   "element of %s",
				   schema_of[o->kind].where);
	}
	names_fini(&known);
}
