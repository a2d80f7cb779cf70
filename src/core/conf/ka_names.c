/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What names something that is not there: keepalived tells it and goes on without; so does the converter.
 * Looked at when all blocks have been read, since a block may name one that stands further down.
 */
#include "core/conf/ka.h"

#include "core/conf/conf_names.h"

#include <string.h>

static void collect(struct ka *k, enum schema_kind kind, struct names *n)
{
	const struct schema_key *key = schema_find(kind, "name");

	for (uint32_t i = 0; i < k->b.list[kind].n; i++) {
		unsigned char *o = build_made(&k->b, kind, i);
		const char *name;

		memcpy(&name, schema_field(key, o), sizeof(name));
		if (name && !names_get(n, kind, name))
			names_put(n, kind, name, o);
	}
}

static void tell(struct ka *k, struct conf_loc loc, const char *where, const char *name,
		 enum schema_kind kind)
{
	err_add(k->errs, ERR_WARNING, loc.file, loc.line,
		"%s: there is no %s \"%.64s\": left out, as in keepalived", where,
		schema_of[kind].where, name);
}

/* The tracks of a list that are there, in their order. */
static void keep_tracks(struct ka *k, const struct names *n, struct conf_range *r,
			const char *where, enum schema_kind kind)
{
	size_t el_len = k->b.list[SCHEMA_track].el_len;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		struct conf_track *t = build_made(&k->b, SCHEMA_track, r->first + i);

		if (t->s.name && !names_get(n, kind, t->s.name)) {
			tell(k, t->loc, where, t->s.name, kind);
			continue;
		}
		if (kept != i)
			memmove(build_made(&k->b, SCHEMA_track, r->first + kept), t, el_len);
		kept++;
	}
	r->n = kept;
}

/* The instances of a list that are there. */
static void keep_members(struct ka *k, const struct names *n, struct conf_strs *list,
			 struct conf_loc loc, const char *where)
{
	const char **v = arena_array(&k->b.c->arena, list->n, sizeof(*v));
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->n; i++)
		if (names_get(n, SCHEMA_vrrp, list->v[i]))
			v[kept++] = list->v[i];
		else
			tell(k, loc, where, list->v[i], SCHEMA_vrrp);
	*list = (struct conf_strs){ .v = v, .n = kept };
}

#define KEEP_TRACKS(obj, where)                                                                    \
	do {                                                                                       \
		keep_tracks(k, &n, &(obj)->s.track_script, where, SCHEMA_track_script);            \
		keep_tracks(k, &n, &(obj)->s.track_file, where, SCHEMA_track_file);                \
		keep_tracks(k, &n, &(obj)->s.track_process, where, SCHEMA_track_process);          \
		keep_tracks(k, &n, &(obj)->s.track_bfd, where, SCHEMA_bfd);                        \
	} while (0)

/* Groups of a kind whose members are all gone are no groups. */
static void drop_empty(struct ka *k, enum schema_kind kind, const char *where)
{
	const struct schema_key *key = schema_find(kind, "group"),
				*name = schema_find(kind, "name");
	struct vec *list = &k->b.list[kind];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		unsigned char *o = build_made(&k->b, kind, i);
		struct conf_strs members;
		struct conf_loc loc;
		const char *text;

		memcpy(&members, schema_field(key, o), sizeof(members));
		memcpy(&text, schema_field(name, o), sizeof(text));
		memcpy(&loc, o + conf_shape[kind].loc_off, sizeof(loc));
		if (!members.n) {
			err_add(k->errs, ERR_WARNING, loc.file, loc.line,
				"%s %.64s has no members: left out, as in keepalived", where,
				text ? text : "");
			continue;
		}
		if (kept != i)
			memmove(build_made(&k->b, kind, kept), o, list->el_len);
		kept++;
	}
	vec_cut(list, kept);
}

/* What names a group that is not there follows none. Of what is not static, it means nothing. */
static void keep_group(struct ka *k, const struct names *n, enum schema_kind kind,
		       struct conf_range statics)
{
	const struct schema_key *key = schema_find(kind, "track_group");

	for (uint32_t i = 0; i < k->b.list[kind].n; i++) {
		unsigned char *o = build_made(&k->b, kind, i);
		bool is_static = i >= statics.first && i - statics.first < statics.n;
		struct conf_loc loc;
		const char *name;

		memcpy(&name, schema_field(key, o), sizeof(name));
		if (!name || (is_static && names_get(n, SCHEMA_track_group, name)))
			continue;
		memcpy(&loc, o + conf_shape[kind].loc_off, sizeof(loc));
		if (is_static)
			tell(k, loc, "track_group", name, SCHEMA_track_group);
		else
			err_add(k->errs, ERR_WARNING, loc.file, loc.line,
				"track_group %.64s: it means nothing here: left out", name);
		memset(schema_place(key, o), 0, sizeof(name));
	}
}

void ka_names_end(struct ka *k)
{
	static const enum schema_kind kinds[] = { SCHEMA_vrrp, SCHEMA_track_script,
						  SCHEMA_track_file, SCHEMA_track_process,
						  SCHEMA_bfd };
	struct names n = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		collect(k, kinds[i], &n);
	for (uint32_t i = 0; i < k->b.list[SCHEMA_vrrp].n; i++) {
		struct conf_vrrp *in = build_made(&k->b, SCHEMA_vrrp, i);

		KEEP_TRACKS(in, "vrrp_instance");
	}
	for (uint32_t i = 0; i < k->b.list[SCHEMA_sync].n; i++) {
		struct conf_sync *g = build_made(&k->b, SCHEMA_sync, i);

		KEEP_TRACKS(g, "vrrp_sync_group");
		keep_members(k, &n, &g->s.members, g->loc, "vrrp_sync_group");
	}
	for (uint32_t i = 0; i < k->b.list[SCHEMA_track_group].n; i++) {
		struct conf_track_group *g = build_made(&k->b, SCHEMA_track_group, i);

		keep_members(k, &n, &g->s.members, g->loc, "track_group");
	}
	drop_empty(k, SCHEMA_sync, "vrrp_sync_group");
	drop_empty(k, SCHEMA_track_group, "track_group");
	collect(k, SCHEMA_track_group, &n);
	keep_group(k, &n, SCHEMA_vip, k->b.c->statics.s.addresses);
	keep_group(k, &n, SCHEMA_route, k->b.c->statics.s.routes);
	keep_group(k, &n, SCHEMA_rule, k->b.c->statics.s.rules);
	names_fini(&n);
}
