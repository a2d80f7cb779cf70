/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the loader share: a configuration while it is made from libconfig's trees. Main
 * only. conf_load.c says in which order things happen:
 *
 *	conf_include.c    files -> trees
 *	conf_template.c   templates and `use`
 *	conf_override.c   what node_overrides lays on top
 *	conf_object.c     one group -> one object, by the rows of schema.def
 *	conf_short.c      one short text -> one object
 *	conf_top.c        the top of the files: what is there once, and the lists
 *	conf_expand.c     pools and inheritance -> the arrays of struct conf
 *
 * Trees stay until the end of loading: a template or a pool may stand in another file. A text of the
 * file becomes one text in the arena, however many objects it is a setting of.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_span.h"
#include "core/conf/conf_vec.h"
#include "core/conf/schema.h"
#include "core/err.h"

#include <libconfig.h>
#include <stdbool.h>

enum {
	CONF_RS_MAX = 1000000, /* servers of all services, and those of all pools and lists */
	CONF_VIP_MAX = 100000, /* virtual addresses of all instances */
	CONF_TEMPLATE_DEPTH_MAX = 32, /* templates that use each other in a chain */
	CONF_VSADDR_MAX = 1000000, /* addresses of all services that have several */
	CONF_SHORT_MAX_LEN = 1024, /* a server or address as a text */
};

/* Any object that a list may hold. All begin with their settings. */
union conf_object {
#define ONCE(kind, where, text) struct conf_##kind kind;
#define KIND(kind, where, text) struct conf_##kind kind;
#define KEY(...)
#define FAR(...)
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
};

/* An object in its list: which of its settings were given decides what it inherits. */
struct conf_made {
	union conf_object o;
	struct keyset seen;
};

/* The settings of one object, gathered from its layers (templates, its own group, the node's
 * overrides) before any is read: the last one given wins. */
struct picks {
	struct keyset seen;
	struct keyset is_told; /* from a layer whose mistakes are told by themselves */
	config_setting_t *set[SCHEMA_KEYS_MAX]; /* where seen */
};

struct build {
	struct conf *c;
	struct err_list *errs;
	const char *node; /* this node's name */
	struct arena scratch; /* what lives as long as the build */

	/* Elements of each kind's lists (struct conf_made, cut to its kind; see build_made()). A
	 * service's servers are a range of list[SCHEMA_rs] until conf_expand(). */
	struct vec list[SCHEMA_KIND_N];
	struct keyset once_seen[SCHEMA_KIND_N]; /* of kinds that are there once */
	struct conf_range last_checks; /* of list[SCHEMA_check]: the list of checks read last */

	struct names templates; /* struct conf_template */
	struct names overrides; /* config_setting_t: the group */
	struct vec override_all; /* struct conf_override: of every node */
	struct picks *once_over; /* for each kind: what this node lays on kinds that occur once */
	unsigned use_depth;
	bool is_quiet; /* what goes wrong is told elsewhere */
	bool is_full; /* one of the bounds above is reached and told */
};

void build_init(struct build *b, struct conf *c, struct err_list *errs);
void build_fini(struct build *b);

/* The i-th element of a kind: its object, and its given settings. */
void *build_made(const struct build *b, enum schema_kind kind, uint32_t i);
const struct keyset *build_seen(const struct build *b, enum schema_kind kind, uint32_t i);

/* The same for who makes it. */
struct keyset *build_seen_of(struct build *b, enum schema_kind kind, uint32_t i);

/* Appends the first part of *m, as long as an object of this kind is, with seen. */
void build_push(struct build *b, enum schema_kind kind, const struct conf_made *m);

/* Puts the object's place where an object of this kind keeps it. */
void build_set_loc(enum schema_kind kind, void *o, struct conf_loc loc);

/* The place of a setting; its file's name is in the arena. */
struct conf_loc build_loc(struct build *b, const config_setting_t *set);

/* An error about object (a group or a short text of this kind) at the place of a setting. */
__attribute__((format(printf, 5, 6))) void build_fail(struct build *b, enum schema_kind kind,
						      const config_setting_t *object,
						      const config_setting_t *at, const char *fmt,
						      ...);

/* ------------------------------------------------------------------ conf_object.c */

/* Puts a group's members on top of what was picked, its `use` below them. What is unknown is an
 * error. */
void object_pick(struct build *b, enum schema_kind kind, config_setting_t *group,
		 struct picks *picks);

/* The same where each setting may be given once: a second one is an error with both places. */
void object_pick_once(struct build *b, enum schema_kind kind, config_setting_t *group,
		      struct picks *picks);

/* Puts one layer of picks on top of another. is_told: see struct picks. */
void picks_lay(struct picks *below, const struct picks *above, bool is_told);

/* Reads what was picked into base (a fields_KIND struct), defaults for the rest. */
void object_fill(struct build *b, enum schema_kind kind, config_setting_t *object,
		 const struct picks *picks, void *base);

/* Tells what is wrong with a layer's own settings (not those below it that are told by themselves);
 * keeps nothing. */
void object_try(struct build *b, enum schema_kind kind, config_setting_t *group,
		const struct picks *picks);

/* An element of a list, a group or a short text, into list[kind]: one object, or those of a range. */
void object_element(struct build *b, enum schema_kind kind, config_setting_t *el);

/* ------------------------------------------------------------------ conf_template.c */

struct conf_template {
	config_setting_t *group;
	enum schema_kind kind;
	enum { TEMPLATE_NEW, TEMPLATE_ACTIVE, TEMPLATE_DONE } state;
	unsigned depth; /* of the chain of templates below it */
	struct picks picks;
	bool is_made; /* check templates: check is what it makes by itself ... */
	struct conf_check check;
	bool is_listed; /* ... and range the list that has nothing else */
	struct conf_range range;
};

/* A `templates` group of one file. */
void templates_add(struct build *b, config_setting_t *set);

/* After all are added: resolves and tries each. */
void templates_finish(struct build *b);

/* The templates of a `use` setting (a name or an array of names) below what follows. */
void templates_use(struct build *b, enum schema_kind kind, config_setting_t *group,
		   config_setting_t *use, struct picks *picks);

/* One by name, or NULL; and what to say then. */
struct conf_template *template_find(const struct build *b, enum schema_kind kind, const char *name);
enum { TEMPLATE_WHY_LEN = 200 };
const char *template_why(const struct build *b, enum schema_kind kind, const char *name,
			 char buf[static TEMPLATE_WHY_LEN]);

/* The check that a template is by itself. */
const struct conf_check *template_check(struct build *b, struct conf_template *t);

/* ------------------------------------------------------------------ conf_override.c */

/* A `node_overrides` list of one file. After templates_finish(). */
void overrides_add(struct build *b, config_setting_t *set);

/* The group that this node lays on an element with this name, or NULL. */
config_setting_t *override_of(const struct build *b, enum schema_kind kind,
			      config_setting_t *group);

/* After all lists: what names nothing is an error. */
void overrides_finish(struct build *b);

/* ------------------------------------------------------------------ the rest */

/* The settings of all trees. conf_top.c */
struct conf_files;
void conf_top(struct build *b, const struct conf_files *f);

/* Fills the arrays of b->c from the lists. conf_expand.c */
void conf_expand(struct build *b);
