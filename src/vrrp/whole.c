/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See whole.h.
 */
#include "vrrp/whole.h"

#include "core/bug.h"
#include "core/conf/idmap.h"

#include <stdlib.h>
#include <string.h>

static int cmp_groups(const void *va, const void *vb)
{
	const struct link_group *a = va, *b = vb;

	return a->id < b->id ? -1 : a->id > b->id;
}

static struct link_group *find(const struct whole *w, uint32_t id)
{
	const struct link_group key = { .id = id };

	return w->n ? bsearch(&key, w->group, w->n, sizeof(key), cmp_groups) : NULL;
}

void whole_fini(struct whole *w)
{
	free(w->group);
	*w = (struct whole){ 0 };
}

void whole_adopt(struct whole *w, const struct conf *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n; i++)
		if (idmap_find(&c->track_by_id, w->group[i].id) != IDMAP_NONE)
			w->group[n++] = w->group[i];
	w->n = n;
}

static void mark(const struct whole *w, struct track_id id, bool is_there)
{
	struct link_group *g = id.v && !is_there ? find(w, id.v) : NULL;

	if (g)
		g->is_whole = false;
}

static bool is_up(const struct link_table *links, const char *name)
{
	const struct link *l = name[0] ? link_by_name(links, name) : NULL;

	return !name[0] || (l && l->is_up);
}

static void mark_addrs(const struct whole *w, const struct whole_sets *s)
{
	struct conf_range r = vip_set_of(s->addrs, (struct inst_id){ VIP_STATIC });

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct vip *v = s->addrs->vip[i];

		if (v->is_configured)
			mark(w, v->group,
			     v->is_let_go || (v->is_present && is_up(s->links, v->dev)));
	}
}

static bool is_in_place(const struct fib_set *set, const struct fib *f, const struct link_table *l)
{
	/* one of somebody else's leads to the same place */
	if (!f->is_present && !f->is_taken)
		return false;
	if (set->kind == FIB_RULE)
		return is_up(l, f->key.rule.iif) && is_up(l, f->key.rule.oif);
	return is_up(l, f->dev);
}

static void mark_fibs(const struct whole *w, const struct fib_set *set, const struct link_table *l)
{
	for (uint32_t i = 0; i < set->n; i++) {
		const struct fib *f = &set->fib[i];

		if (f->cf && f->inst.v == FIB_STATIC)
			mark(w, f->group, f->is_let_go || is_in_place(set, f, l));
	}
}

static struct whole all_of(const struct conf *c)
{
	struct whole w = { .n = c->track_group_n };

	w.group = calloc((size_t)w.n + 1, sizeof(*w.group));
	BUG_ON(!w.group);
	for (uint32_t i = 0; i < w.n; i++)
		w.group[i] = (struct link_group){ .id = c->track_group[i].id.v, .is_whole = true };
	if (w.n > 1)
		qsort(w.group, w.n, sizeof(*w.group), cmp_groups);
	return w;
}

static bool is_same(const struct whole *a, const struct whole *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->group[i].id != b->group[i].id ||
		    a->group[i].is_whole != b->group[i].is_whole)
			return false;
	return true;
}

bool whole_look(struct whole *w, const struct conf *c, const struct whole_sets *sets)
{
	struct whole now;
	bool has_changed;

	if (!c->track_group_n && !w->n)
		return false;
	now = all_of(c);
	mark_addrs(&now, sets);
	mark_fibs(&now, sets->routes, sets->links);
	mark_fibs(&now, sets->rules, sets->links);
	has_changed = !is_same(w, &now);
	whole_fini(w);
	*w = now;
	return has_changed;
}
