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

/* What this router always has: the lists of all files become one. */
static void top_statics(struct build *b, config_setting_t *set)
{
	const struct schema_key *key = schema_find(SCHEMA_statics, config_setting_name(set));
	unsigned char *field = schema_place(key, &b->c->statics.s);
	struct conf_range r;

	memcpy(&r, field, sizeof(r));
	if (!r.n)
		r.first = b->list[key->elem].n;
	top_list(b, key->elem, set);
	r.n = b->list[key->elem].n - r.first;
	memcpy(field, &r, sizeof(r));
}

/* What a file may have at its top; once: in one file only; fn NULL: read elsewhere. The order is that
 * of work: what is named must be known before those that name it. */
static const struct top {
	const char *name;
	bool is_once;
	void (*fn)(struct build *b, config_setting_t *set);
	enum schema_kind
		list; /* fn NULL: a list of such objects; 0: none, global_defs is no list */
} tops[] = {
	{ "include", false, NULL, 0 },
	{ "config_version", false, top_version, 0 },
	{ "node", true, top_node, 0 },
	{ "templates", false, templates_add, 0 },
	{ "node_overrides", false, overrides_add, 0 },
	{ "global_defs", false, NULL, 0 },
	{ "workers", false, NULL, 0 },
	{ "api", false, NULL, 0 },
	{ "metrics", false, NULL, 0 },
	{ "log", false, NULL, 0 },
	{ "ssl", false, NULL, 0 },
	{ "static_ipaddress", false, top_statics, 0 },
	{ "static_routes", false, top_statics, 0 },
	{ "static_rules", false, top_statics, 0 },
	{ "track_groups", false, NULL, SCHEMA_track_group },
	{ "garp_groups", false, NULL, SCHEMA_garp_group },
	{ "interface_up_down_delays", false, NULL, SCHEMA_if_delay },
	{ "vrrp_scripts", false, NULL, SCHEMA_track_script },
	{ "track_files", false, NULL, SCHEMA_track_file },
	{ "track_processes", false, NULL, SCHEMA_track_process },
	{ "bfd_instances", false, NULL, SCHEMA_bfd },
	{ "pools", false, NULL, SCHEMA_pool },
	{ "vrrp_instances", false, NULL, SCHEMA_vrrp },
	{ "vrrp_sync_groups", false, NULL, SCHEMA_sync },
	{ "virtual_server_groups", false, NULL, SCHEMA_vsg },
	{ "virtual_servers", false, NULL, SCHEMA_vs },
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

		if (!set || (!tops[t].fn && !tops[t].list))
			continue;
		if (tops[t].is_once && first) {
			struct conf_loc loc = build_loc(b, set);

			err_add(b->errs, ERR_ERROR, loc.file, loc.line, "'%s' is set in %s already",
				tops[t].name, conf_place(build_loc(b, first), loc, text));
			continue;
		}
		first = set;
		if (tops[t].fn)
			tops[t].fn(b, set);
		else
			top_list(b, tops[t].list, set);
	}
}

/* A group of settings that occurs once, merged from all files, with the node's overrides on top. */
static void run_once(struct build *b, const struct file_tops *files, uint32_t n,
		     enum schema_kind kind, void *base)
{
	struct picks picks = { .seen = { { 0 } } };
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
	memcpy(base, schema_defaults(kind), schema_of[kind].len);
	b->once_seen[kind] = picks.seen;
	if (keyset_is_empty(&picks.seen))
		return;

	config_setting_t *group = picks.set[keyset_next(&picks.seen, 0)]->parent;

	object_fill(b, kind, group, &picks, base);
	build_set_loc(kind, base, build_loc(b, group));
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
	run_once(b, files, f->n, SCHEMA_api, &b->c->api.s);
	run_once(b, files, f->n, SCHEMA_metrics, &b->c->metrics.s);
	run_once(b, files, f->n, SCHEMA_log, &b->c->log.s);
	run_once(b, files, f->n, SCHEMA_ssl, &b->c->ssl.s);
	overrides_finish(b);
	free(files);
}
