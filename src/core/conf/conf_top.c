/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The top of the files: what is there once, and the lists. See conf_build.h. Lists of several files
 * are appended in the files' order; groups of settings are merged, each setting given once.
 */
#include "core/bug.h"
#include "core/conf/conf_build.h"
#include "core/conf/conf_include.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONF_VERSION = 1, NODE_MAX_LEN = 255 };

static void top_fail(struct build *b, const config_setting_t *set, const char *why)
{
	struct conf_loc loc = build_loc(b, set);

	err_add(b->errs, ERR_ERROR, loc.file, loc.line, "%s", why);
}

static void top_version(struct build *b, config_setting_t *set)
{
	struct conf_loc loc = build_loc(b, set);

	if (config_setting_type(set) != CONFIG_TYPE_INT ||
	    config_setting_get_int(set) != CONF_VERSION)
		err_add(b->errs, ERR_ERROR, loc.file, loc.line,
			"'config_version' must be %d: this file is for another vipd", CONF_VERSION);
}

/* The name of this node: --node, else what a file says, else the host's name up to its first dot. */
static void top_node(struct build *b, config_setting_t *set)
{
	if (config_setting_type(set) != CONFIG_TYPE_STRING || !*config_setting_get_string(set) ||
	    strlen(config_setting_get_string(set)) > NODE_MAX_LEN)
		top_fail(b, set, "'node' must be a name in quotes");
	else if (!b->node)
		b->node = arena_strdup(&b->scratch, config_setting_get_string(set));
}

static void host_node(struct build *b)
{
	char host[NODE_MAX_LEN + 1] = "";

	if (b->node)
		return;
	/* a longer name is cut, which is as good: it only has to be told apart from others */
	(void)gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	b->node = arena_strdup(&b->scratch, host);
}

static void top_list(struct build *b, enum schema_kind kind, config_setting_t *set)
{
	int n = config_setting_length(set);

	if (!config_setting_is_list(set)) {
		build_fail(b, kind, set, set, "must be a list of groups: ( { ... }, { ... } )");
		return;
	}
	for (int i = 0; i < n; i++)
		object_element(b, kind, config_setting_get_elem(set, (unsigned)i));
}

static void top_pools(struct build *b, config_setting_t *set)
{
	top_list(b, SCHEMA_pool, set);
}

static void top_vrrp(struct build *b, config_setting_t *set)
{
	top_list(b, SCHEMA_vrrp, set);
}

static void top_vs(struct build *b, config_setting_t *set)
{
	top_list(b, SCHEMA_vs, set);
}

/* What a file may have at its top; once: in one file only; fn NULL: read elsewhere. The order is that
 * of work: what is named must be known before those that name it. */
static const struct top {
	const char *name;
	bool is_once;
	void (*fn)(struct build *b, config_setting_t *set);
} tops[] = {
	{ "include", false, NULL },
	{ "config_version", false, top_version },
	{ "node", true, top_node },
	{ "templates", false, templates_add },
	{ "node_overrides", false, overrides_add },
	{ "global_defs", false, NULL },
	{ "workers", false, NULL },
	{ "pools", false, top_pools },
	{ "vrrp_instances", false, top_vrrp },
	{ "virtual_servers", false, top_vs },
};

enum { TOPS = sizeof(tops) / sizeof(*tops) };

/* the settings of one file by their place in tops[]; NULL: not there */
struct file_tops {
	config_setting_t *set[TOPS];
};

static void unknown_top(struct build *b, const config_setting_t *set)
{
	struct conf_loc loc = build_loc(b, set);
	const char *name = config_setting_name(set), *near = NULL;
	unsigned best = (unsigned)strlen(name) / 3 + 2;

	for (size_t i = 0; i < TOPS; i++) {
		unsigned d = schema_distance(name, tops[i].name, best);

		if (d < best) {
			best = d;
			near = tops[i].name;
		}
	}
	err_add(b->errs, ERR_ERROR, loc.file, loc.line,
		near ? "unknown setting '%.40s'; did you mean '%s'?" : "unknown setting '%.40s'%s",
		name, near ? near : "");
}

static void sort_file(struct build *b, const struct conf_src *src, struct file_tops *out)
{
	config_setting_t *root = config_root_setting(&src->tree);

	for (int i = 0; i < config_setting_length(root); i++) {
		config_setting_t *set = config_setting_get_elem(root, (unsigned)i);
		size_t t = 0;

		while (t < TOPS && strcmp(tops[t].name, config_setting_name(set)) != 0)
			t++;
		if (t < TOPS)
			out->set[t] = set;
		else
			unknown_top(b, set);
	}
}

static void run_top(struct build *b, const struct file_tops *files, uint32_t n, size_t t)
{
	const config_setting_t *first = NULL;
	char text[CONF_PLACE_LEN];

	for (uint32_t i = 0; i < n; i++) {
		config_setting_t *set = files[i].set[t];

		if (!set || !tops[t].fn)
			continue;
		if (tops[t].is_once && first) {
			struct conf_loc loc = build_loc(b, set);

			err_add(b->errs, ERR_ERROR, loc.file, loc.line, "'%s' is set in %s already",
				tops[t].name, conf_place(build_loc(b, first), loc, text));
			continue;
		}
		first = set;
		tops[t].fn(b, set);
	}
}

/* A group of settings that occurs once, merged from all files, with the node's overrides on top. */
static void run_once(struct build *b, const struct file_tops *files, uint32_t n,
		     enum schema_kind kind, void *base)
{
	struct picks picks = { .seen = 0 };
	size_t t = 0;

	while (strcmp(tops[t].name, schema_of[kind].where) != 0)
		t++;
	for (uint32_t i = 0; i < n; i++) {
		config_setting_t *set = files[i].set[t];

		if (set && config_setting_is_group(set))
			object_pick_once(b, kind, set, &picks);
		else if (set)
			build_fail(b, kind, set, set, "must be a group { }");
	}
	picks_lay(&picks, &b->once_over[kind], true);
	if (!picks.seen) {
		/* nobody speaks of it: nothing that needs a place for its message */
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
			if (k->dflt != 0 && k->dflt != SCHEMA_INHERIT)
				schema_put(k, base, k->dflt);
		return;
	}
	object_fill(b, kind, picks.set[__builtin_ctzll(picks.seen)]->parent, &picks, base);
}

void conf_top(struct build *b, const struct conf_files *f)
{
	struct file_tops *files = calloc(f->n ? f->n : 1, sizeof(*files));

	BUG_ON(!files);
	for (uint32_t i = 0; i < f->n; i++)
		sort_file(b, f->src[i], &files[i]);
	for (size_t t = 0; t < TOPS; t++) {
		run_top(b, files, f->n, t);
		if (!strcmp(tops[t].name, "node"))
			host_node(b);
		if (!strcmp(tops[t].name, "templates"))
			templates_finish(b);
	}
	run_once(b, files, f->n, SCHEMA_global, &b->c->global.s);
	run_once(b, files, f->n, SCHEMA_workers, &b->c->workers.s);
	overrides_finish(b);
	free(files);
}
