/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_diff.h.
 */
#include "core/conf/conf_diff.h"

#include "core/bug.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_names.h"
#include "core/conf/idmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	const struct conf *old, *new;
	conf_change_fn *fn;
	void *arg;
};

static void tell(const struct walk *w, enum change_of of, enum schema_kind kind,
		 enum change_what what, uint32_t old, uint32_t new)
{
	struct conf_change ch = { .of = of, .kind = kind, .what = what, .old = old, .new = new };

	w->fn(w->arg, &ch);
}

static void tell_both(const struct walk *w, enum change_of of, enum schema_kind kind,
		      enum schema_reload r, uint32_t old, uint32_t new)
{
	switch (r) {
	case SCHEMA_SAME:
		return;
	case SCHEMA_LIVE:
		tell(w, of, kind, CHANGE_LIVE, old, new);
		return;
	case SCHEMA_RESTART:
		tell(w, of, kind, CHANGE_RESTART, old, new);
		return;
	case SCHEMA_DAEMON:
		tell(w, of, kind, CHANGE_DAEMON, old, new);
		return;
	}
}

static enum schema_reload compare(const struct walk *w, enum schema_kind kind, uint32_t old,
				  uint32_t new)
{
	return conf_compare(kind, w->old, conf_object(w->old, kind, old), w->new,
			    conf_object(w->new, kind, new));
}

/* ------------------------------------------------------------------ what is there once */

static void diff_settings(const struct walk *w)
{
	for (int k = 0; k < SCHEMA_KIND_N; k++) {
		enum schema_kind kind = (enum schema_kind)k;

		if (schema_of[kind].is_once)
			tell_both(w, CHANGE_SETTING, kind, compare(w, kind, 0, 0), 0, 0);
	}
}

/* ------------------------------------------------------------------ lists without ids */

/* Kinds whose objects roles know by name at most. */
static const enum schema_kind others[] = {
	SCHEMA_sync,        SCHEMA_vsg,           SCHEMA_track_script,
	SCHEMA_track_file,  SCHEMA_track_process, SCHEMA_bfd,
	SCHEMA_track_group, SCHEMA_garp_group,    SCHEMA_if_delay,
};

/* What such an object is known by: its name, or the first text that it has. */
static const char *name_of(const struct conf *c, enum schema_kind kind, uint32_t i)
{
	const unsigned char *o = conf_object(c, kind, i);
	const struct schema_key *key = schema_find(kind, "name");
	struct conf_strs strs;
	const char *name;

	if (kind == SCHEMA_garp_group) {
		memcpy(&strs, o + schema_find(kind, "interfaces")->off, sizeof(strs));
		return strs.n ? strs.v[0] : "";
	}
	if (!key)
		key = schema_find(kind, "interface");
	memcpy(&name, schema_field(key, o), sizeof(name));
	return name ? name : "";
}

/* An object's index behind its name. */
struct entry {
	uint32_t i;
	bool is_kept;
};

static void diff_other(const struct walk *w, enum schema_kind kind)
{
	uint32_t old_n = conf_object_n(w->old, kind), new_n = conf_object_n(w->new, kind);
	struct entry *e = calloc(old_n ? old_n : 1, sizeof(*e));
	struct names n = { 0 };

	BUG_ON(!e);
	for (uint32_t i = 0; i < old_n; i++) {
		e[i].i = i;
		if (!names_get(&n, kind, name_of(w->old, kind, i)))
			names_put(&n, kind, name_of(w->old, kind, i), &e[i]);
	}
	for (uint32_t i = 0; i < new_n; i++) {
		struct entry *was = names_get(&n, kind, name_of(w->new, kind, i));

		if (was)
			tell_both(w, CHANGE_OTHER, kind, compare(w, kind, was->i, i), was->i, i);
		else
			tell(w, CHANGE_OTHER, kind, CHANGE_ADDED, 0, i);
		if (was)
			was->is_kept = true;
	}
	for (uint32_t i = 0; i < old_n; i++)
		if (!e[i].is_kept)
			tell(w, CHANGE_OTHER, kind, CHANGE_REMOVED, i, 0);
	names_fini(&n);
	free(e);
}

/* ------------------------------------------------------------------ objects with ids */

static enum schema_reload compare_probe(const struct walk *w, uint32_t old, uint32_t new)
{
	return compare(w, SCHEMA_check, w->old->probe[old].check, w->new->probe[new].check);
}

/* A kind of objects that have ids: where its array is and how two of them are compared. */
static const struct kind {
	enum change_of of;
	enum schema_kind kind; /* of its settings */
	size_t array_off, n_off, map_off; /* in struct conf */
	size_t len, id_off; /* of an element, in an element */
} kinds[] = {
#define ROW(of, kind, array, map, type)                                                            \
	{                                                                                          \
		of, kind, offsetof(struct conf, array), offsetof(struct conf, array##_n),          \
			offsetof(struct conf, map), sizeof(struct type), offsetof(struct type, id) \
	}
	ROW(CHANGE_INST, SCHEMA_vrrp, vrrp, inst_by_id, conf_vrrp),
	ROW(CHANGE_VS, SCHEMA_vs, vs, vs_by_id, conf_vs),
	ROW(CHANGE_RS, SCHEMA_rs, rs, rs_by_id, conf_rs),
	ROW(CHANGE_PROBE, SCHEMA_check, probe, probe_by_id, conf_probe),
#undef ROW
};

/* The objects of one kind in one configuration. */
struct objects {
	const unsigned char *first_id;
	size_t len;
	uint32_t n;
	const struct idmap *map;
};

static struct objects objects_of(const struct kind *k, const struct conf *c)
{
	const unsigned char *base = (const unsigned char *)c, *array;
	struct objects o = { .len = k->len, .map = (const void *)(base + k->map_off) };

	memcpy(&o.n, base + k->n_off, sizeof(o.n));
	memcpy(&array, base + k->array_off, sizeof(array));
	o.first_id = array ? array + k->id_off : NULL;
	return o;
}

static uint32_t id_at(const struct objects *o, uint32_t i)
{
	uint32_t id;

	memcpy(&id, o->first_id + i * o->len, sizeof(id));
	return id;
}

/* Where an id is, or IDMAP_NONE. Most objects stand where they stood, so that place is looked at first. */
static uint32_t find(const struct objects *o, uint32_t id, uint32_t guess)
{
	return guess < o->n && id_at(o, guess) == id ? guess : idmap_find(o->map, id);
}

static void diff_kind(const struct walk *w, const struct kind *k)
{
	struct objects old = objects_of(k, w->old), new = objects_of(k, w->new);
	uint32_t kept = 0, guess = 0;

	for (uint32_t i = 0; i < new.n; i++) {
		uint32_t was = find(&old, id_at(&new, i), guess);

		if (was == IDMAP_NONE) {
			tell(w, k->of, k->kind, CHANGE_ADDED, 0, i);
			continue;
		}
		kept++;
		guess = was + 1;
		tell_both(w, k->of, k->kind,
			  k->of == CHANGE_PROBE ? compare_probe(w, was, i)
						: compare(w, k->kind, was, i),
			  was, i);
	}
	for (uint32_t i = 0; kept < old.n && i < old.n; i++)
		if (idmap_find(new.map, id_at(&old, i)) == IDMAP_NONE)
			tell(w, k->of, k->kind, CHANGE_REMOVED, i, 0);
}

void conf_diff_each(const struct conf *old, const struct conf *new, conf_change_fn *fn, void *arg)
{
	struct walk w = { .old = old, .new = new, .fn = fn, .arg = arg };

	diff_settings(&w);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		diff_other(&w, others[i]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		diff_kind(&w, &kinds[i]);
}

static struct conf_count *count_of(struct conf_changes *n, enum change_of of)
{
	switch (of) {
	case CHANGE_SETTING:
		return &n->setting;
	case CHANGE_OTHER:
		return &n->other;
	case CHANGE_INST:
		return &n->inst;
	case CHANGE_VS:
		return &n->vs;
	case CHANGE_RS:
		return &n->rs;
	case CHANGE_PROBE:
		return &n->check;
	}
	BUG("change_of");
}

void conf_changes_add(struct conf_changes *n, const struct conf_change *ch)
{
	struct conf_count *c = count_of(n, ch->of);

	switch (ch->what) {
	case CHANGE_ADDED:
		c->added++;
		return;
	case CHANGE_REMOVED:
		c->removed++;
		return;
	case CHANGE_LIVE:
		c->changed++;
		return;
	case CHANGE_RESTART:
	case CHANGE_DAEMON:
		c->restarted++;
		return;
	}
}

static void count(void *arg, const struct conf_change *ch)
{
	conf_changes_add(arg, ch);
}

void conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out)
{
	*out = (struct conf_changes){ 0 };
	conf_diff_each(old, new, count, out);
}

static size_t put_count(const char *what, const struct conf_count *n, char *buf, size_t len,
			size_t used)
{
	static const char *const words[] = { "added", "removed", "changed", "restarted" };
	const uint32_t v[] = { n->added, n->removed, n->changed, n->restarted };

	for (size_t i = 0; i < 4; i++) {
		if (!v[i] || used >= len)
			continue;

		int w = snprintf(buf + used, len - used, "%s%u %s%s %s", used ? ", " : "", v[i],
				 what, v[i] == 1 ? "" : "s", words[i]);

		used += w > 0 ? (size_t)w : 0;
	}
	return used;
}

void conf_changes_text(const struct conf_changes *ch, char *buf, size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	used = put_count("setting", &ch->setting, buf, len, used);
	used = put_count("object", &ch->other, buf, len, used);
	used = put_count("instance", &ch->inst, buf, len, used);
	used = put_count("service", &ch->vs, buf, len, used);
	used = put_count("server", &ch->rs, buf, len, used);
	used = put_count("check", &ch->check, buf, len, used);
	if (!used)
		(void)snprintf(buf, len, "nothing");
}
