/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_diff.h.
 */
#include "core/conf/conf_diff.h"

#include "core/bug.h"
#include "core/conf/idmap.h"
#include "core/conf/schema.h"

#include <stdio.h>
#include <string.h>

struct walk {
	const struct conf *old, *new;
	conf_change_fn *fn;
	void *arg;
};

static void tell(const struct walk *w, enum change_of of, enum change_what what, uint32_t old,
		 uint32_t new)
{
	struct conf_change ch = { .of = of, .what = what, .old = old, .new = new };

	w->fn(w->arg, &ch);
}

static void tell_both(const struct walk *w, enum change_of of, enum schema_reload r, uint32_t old,
		      uint32_t new)
{
	switch (r) {
	case SCHEMA_SAME:
		return;
	case SCHEMA_LIVE:
		tell(w, of, CHANGE_LIVE, old, new);
		return;
	case SCHEMA_RESTART:
		tell(w, of, CHANGE_RESTART, old, new);
		return;
	case SCHEMA_DAEMON:
		tell(w, of, CHANGE_DAEMON, old, new);
		return;
	}
}

static void diff_once(const struct walk *w)
{
	tell_both(w, CHANGE_GLOBAL,
		  schema_diff(SCHEMA_global, &w->old->global.s, &w->new->global.s), 0, 0);
	tell_both(w, CHANGE_WORKERS,
		  schema_diff(SCHEMA_workers, &w->old->workers.s, &w->new->workers.s), 0, 0);
}

/* The addresses of an instance are part of it: another list is a change of the instance. */
static enum schema_reload diff_vips(const struct conf *old, const struct conf_vrrp *a,
				    const struct conf *new, const struct conf_vrrp *b)
{
	enum schema_reload worst = SCHEMA_SAME;

	if (a->s.vips.n != b->s.vips.n)
		return SCHEMA_LIVE;
	for (uint32_t i = 0; i < a->s.vips.n; i++) {
		enum schema_reload r = schema_diff(SCHEMA_vip, &old->vip[a->s.vips.first + i].s,
						   &new->vip[b->s.vips.first + i].s);

		worst = r > worst ? r : worst;
	}
	return worst;
}

/* An instance with its addresses. */
static enum schema_reload compare_inst(const struct walk *w, uint32_t old, uint32_t new)
{
	const struct conf_vrrp *a = &w->old->vrrp[old], *b = &w->new->vrrp[new];
	enum schema_reload r = schema_diff(SCHEMA_vrrp, &a->s, &b->s);
	enum schema_reload v = diff_vips(w->old, a, w->new, b);

	return v > r ? v : r;
}

static enum schema_reload compare_vs(const struct walk *w, uint32_t old, uint32_t new)
{
	return schema_diff(SCHEMA_vs, &w->old->vs[old].s, &w->new->vs[new].s);
}

static enum schema_reload compare_rs(const struct walk *w, uint32_t old, uint32_t new)
{
	return schema_diff(SCHEMA_rs, &w->old->rs[old].s, &w->new->rs[new].s);
}

static enum schema_reload compare_probe(const struct walk *w, uint32_t old, uint32_t new)
{
	return schema_diff(SCHEMA_check, &w->old->check[w->old->probe[old].check].s,
			   &w->new->check[w->new->probe[new].check].s);
}

/* A kind of objects that have ids: where its array is and how two of them are compared. */
static const struct kind {
	enum change_of of;
	size_t array_off, n_off, map_off; /* in struct conf */
	size_t len, id_off; /* of an element, in an element */
	enum schema_reload (*compare)(const struct walk *w, uint32_t old, uint32_t new);
} kinds[] = {
#define ROW(of, array, map, type, compare)                                                         \
	{                                                                                          \
		of, offsetof(struct conf, array), offsetof(struct conf, array##_n),                \
			offsetof(struct conf, map), sizeof(struct type),                           \
			offsetof(struct type, id), compare                                         \
	}
	ROW(CHANGE_INST, vrrp, inst_by_id, conf_vrrp, compare_inst),
	ROW(CHANGE_VS, vs, vs_by_id, conf_vs, compare_vs),
	ROW(CHANGE_RS, rs, rs_by_id, conf_rs, compare_rs),
	ROW(CHANGE_PROBE, probe, probe_by_id, conf_probe, compare_probe),
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
			tell(w, k->of, CHANGE_ADDED, 0, i);
			continue;
		}
		kept++;
		guess = was + 1;
		tell_both(w, k->of, k->compare(w, was, i), was, i);
	}
	for (uint32_t i = 0; kept < old.n && i < old.n; i++)
		if (idmap_find(new.map, id_at(&old, i)) == IDMAP_NONE)
			tell(w, k->of, CHANGE_REMOVED, i, 0);
}

void conf_diff_each(const struct conf *old, const struct conf *new, conf_change_fn *fn, void *arg)
{
	struct walk w = { .old = old, .new = new, .fn = fn, .arg = arg };

	diff_once(&w);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		diff_kind(&w, &kinds[i]);
}

static struct conf_count *count_of(struct conf_changes *n, enum change_of of)
{
	switch (of) {
	case CHANGE_GLOBAL:
	case CHANGE_WORKERS:
		return &n->setting;
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
	used = put_count("instance", &ch->inst, buf, len, used);
	used = put_count("service", &ch->vs, buf, len, used);
	used = put_count("server", &ch->rs, buf, len, used);
	used = put_count("check", &ch->check, buf, len, used);
	if (!used)
		(void)snprintf(buf, len, "nothing");
}
