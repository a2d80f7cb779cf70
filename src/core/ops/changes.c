/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See changes.h. Walks the rows of schema.def; conf_text_value() keeps secrets to itself.
 */
#include "core/ops/changes.h"

#include "core/bug.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_text.h"
#include "core/conf/schema.h"
#include "core/ops/control_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* object: in JSON, NULL: by its kind; noun: for people, with an s for more than one */
static const struct {
	const char *object, *noun;
} kinds[] = {
	[CHANGE_SETTING] = { NULL, "setting" },
	[CHANGE_OTHER] = { NULL, "object" },
	[CHANGE_INST] = { "vrrp_instance", "instance" },
	[CHANGE_VS] = { "virtual_server", "service" },
	[CHANGE_RS] = { "real_server", "server" },
	[CHANGE_PROBE] = { "check", "check" },
};

enum { KINDS_N = sizeof(kinds) / sizeof(*kinds) };

/* The settings of one side of a change. */
static const void *fields(const struct conf *c, const struct conf_change *ch, uint32_t i)
{
	return ch->of == CHANGE_PROBE ? &c->check[c->probe[i].check] : conf_object(c, ch->kind, i);
}

/* Both sides of a change. */
struct sides {
	const struct conf *old, *new;
	const void *a, *b;
};

static struct sides sides_of(const struct conf *old, const struct conf *new,
			     const struct conf_change *ch)
{
	return (struct sides){ old, new, fields(old, ch, ch->old), fields(new, ch, ch->new) };
}

static bool is_same(const struct schema_key *k, const struct sides *s)
{
	return conf_setting_eq(k, s->old, s->a, s->new, s->b);
}

/* The addresses of an instance are told one by one. */
static bool is_addresses(const struct schema_key *k)
{
	return k->type == KT_LIST && k->elem == SCHEMA_vip;
}

static const char *cause_name(const struct schema_key *k)
{
	return is_addresses(k) ? "addresses" : k->name;
}

static enum schema_reload reload_of(enum change_what what)
{
	switch (what) {
	case CHANGE_ADDED:
	case CHANGE_REMOVED:
		return SCHEMA_SAME;
	case CHANGE_LIVE:
		return SCHEMA_LIVE;
	case CHANGE_RESTART:
		return SCHEMA_RESTART;
	case CHANGE_DAEMON:
		return SCHEMA_DAEMON;
	}
	BUG("change_what");
}

/* The first setting that differs and costs this. */
static const struct schema_key *first_cause(const struct conf *old, const struct conf *new,
					    const struct conf_change *ch)
{
	struct sides s = sides_of(old, new, ch);

	for (const struct schema_key *k = schema_of[ch->kind].key; k->name; k++)
		if (conf_cost(ch->kind, k, s.a, s.b) == reload_of(ch->what) && !is_same(k, &s))
			return k;
	BUG("a change without a cause");
}

/* ------------------------------------------------------------------ the summary */

static void add_cause(struct changes_sum *s, const struct conf_change *ch,
		      const struct schema_key *key)
{
	for (uint32_t i = 0; i < s->cause_n; i++) {
		struct changes_cause *c = &s->cause[i];

		if (c->key == key && c->of == ch->of && c->what == ch->what) {
			c->n++;
			return;
		}
	}
	if (s->cause_n == CHANGES_CAUSES_N)
		s->other_n++;
	else
		s->cause[s->cause_n++] = (struct changes_cause){
			.key = key, .of = ch->of, .what = ch->what, .n = 1
		};
}

void changes_sum_add(struct changes_sum *s, const struct conf *old, const struct conf *new,
		     const struct conf_change *ch)
{
	conf_changes_add(&s->n, ch);
	if (ch->what == CHANGE_ADDED || ch->what == CHANGE_REMOVED)
		return;
	if (ch->what != CHANGE_LIVE) {
		add_cause(s, ch, first_cause(old, new, ch));
		return;
	}

	struct sides both = sides_of(old, new, ch);

	for (const struct schema_key *k = schema_of[ch->kind].key; k->name; k++)
		if (k->reload != SCHEMA_SAME && !is_same(k, &both))
			add_cause(s, ch, k);
}

struct sum_walk {
	struct changes_sum *s;
	const struct conf *old, *new;
};

static void sum_one(void *arg, const struct conf_change *ch)
{
	struct sum_walk *w = arg;

	changes_sum_add(w->s, w->old, w->new, ch);
}

void changes_sum(struct changes_sum *s, const struct conf *old, const struct conf *new)
{
	struct sum_walk w = { .s = s, .old = old, .new = new };

	*s = (struct changes_sum){ 0 };
	conf_diff_each(old, new, sum_one, &w);
}

/* A list with commas that ends with "..." when there is more than room. */
struct list {
	char *buf;
	size_t used;
	bool is_full;
};

__attribute__((format(printf, 2, 3))) static void list_add(struct list *l, const char *fmt, ...)
{
	enum { MORE_LEN = sizeof(", ...") };
	size_t room = CHANGES_TEXT_LEN - l->used - MORE_LEN;
	char item[128];
	va_list ap;

	va_start(ap, fmt);

	int n = vsnprintf(item, sizeof(item), fmt, ap);

	va_end(ap);
	if (l->is_full)
		return;
	l->is_full = n < 0 || (size_t)n >= sizeof(item) || (size_t)n + 2 >= room;
	l->used += (size_t)snprintf(l->buf + l->used, CHANGES_TEXT_LEN - l->used, "%s%s",
				    l->used ? ", " : "", l->is_full ? "..." : item);
}

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

static void list_cause(struct list *l, const struct changes_cause *c)
{
	const char *name = cause_name(c->key), *noun = kinds[c->of].noun;

	if (c->what == CHANGE_DAEMON)
		list_add(l, "%s changed, which needs a restart of vipd", name);
	else if (c->of == CHANGE_SETTING)
		list_add(l, "%s changed", name);
	else if (c->what == CHANGE_RESTART)
		list_add(l, "%u %s%s restart%s because %s %s changed", c->n, noun, plural(c->n),
			 c->n == 1 ? "s" : "", c->n == 1 ? "its" : "their", name);
	else
		list_add(l, "%s of %u %s%s changed", name, c->n, noun, plural(c->n));
}

const char *changes_text(const struct changes_sum *s, char buf[static CHANGES_TEXT_LEN])
{
	const struct conf_count *n[KINDS_N] = {
		[CHANGE_OTHER] = &s->n.other, [CHANGE_INST] = &s->n.inst,   [CHANGE_VS] = &s->n.vs,
		[CHANGE_RS] = &s->n.rs,       [CHANGE_PROBE] = &s->n.check,
	};
	struct list l = { .buf = buf };

	for (unsigned of = 0; of < KINDS_N; of++) {
		if (n[of] && n[of]->added)
			list_add(&l, "+%u %s%s", n[of]->added, kinds[of].noun,
				 plural(n[of]->added));
		if (n[of] && n[of]->removed)
			list_add(&l, "-%u %s%s", n[of]->removed, kinds[of].noun,
				 plural(n[of]->removed));
		for (uint32_t i = 0; i < s->cause_n; i++)
			if (s->cause[i].of == of)
				list_cause(&l, &s->cause[i]);
	}
	if (s->other_n)
		list_add(&l, "%u other change%s", s->other_n, plural(s->other_n));
	if (!l.used)
		list_add(&l, "nothing");
	return buf;
}

/* ------------------------------------------------------------------ one change */

static void set(json_t *o, const char *name, json_t *value)
{
	BUG_ON(!value || json_object_set_new(o, name, value));
}

static void append(json_t *list, json_t *value)
{
	BUG_ON(!value || json_array_append_new(list, value));
}

static json_t *value(const struct conf *c, const struct schema_key *k, const void *base)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	f = open_memstream(&text, &len);
	BUG_ON(!f);
	conf_text_value(f, c, k, base);
	BUG_ON(fclose(f));

	json_t *j = ctl_text(text);

	free(text);
	return j;
}

static const char *reload_text(enum schema_reload r)
{
	return r == SCHEMA_DAEMON ? "daemon" : r == SCHEMA_RESTART ? "restart" : "live";
}

static json_t *settings(const struct conf *old, const struct conf *new,
			const struct conf_change *ch)
{
	struct sides s = sides_of(old, new, ch);
	json_t *list = json_array();

	for (const struct schema_key *k = schema_of[ch->kind].key; k->name; k++) {
		if (k->reload == SCHEMA_SAME || (ch->of == CHANGE_INST && is_addresses(k)) ||
		    is_same(k, &s))
			continue;

		json_t *one = json_object();

		set(one, "name", ctl_text(k->name));
		set(one, "old", value(old, k, s.a));
		set(one, "new", value(new, k, s.b));
		set(one, "reload", ctl_text(reload_text(k->reload)));
		append(list, one);
	}
	return list;
}

/* ---- the addresses of an instance: two sorted lists of texts, merged */

/* An address as a file has it, with all that is said of it: so any change of one is an old text and a new. */
struct vip_text {
	const struct ip_prefix *prefix;
	char *text;
};

static int cmp_vip(const void *va, const void *vb)
{
	const struct vip_text *a = va, *b = vb;
	int r = memcmp(a->prefix, b->prefix, sizeof(*a->prefix));

	return r ? r : strcmp(a->text, b->text);
}

/* n elements and one without a text; free_vips() */
static struct vip_text *sorted(const struct conf *c, struct conf_range r)
{
	struct vip_text *v = calloc(r.n + 1, sizeof(*v));

	BUG_ON(!v);
	for (uint32_t i = 0; i < r.n; i++) {
		size_t len;
		FILE *f = open_memstream(&v[i].text, &len);

		BUG_ON(!f);
		v[i].prefix = &c->vip[r.first + i].s.prefix;
		conf_text_vip(f, c, &c->vip[r.first + i]);
		BUG_ON(fclose(f));
	}
	qsort(v, r.n, sizeof(*v), cmp_vip);
	return v;
}

static void free_vips(struct vip_text *v)
{
	for (uint32_t i = 0; v[i].text; i++)
		free(v[i].text);
	free(v);
}

/* {"added":[...],"removed":[...]}; NULL when both have the same addresses */
static json_t *vips(const struct conf *old, const struct conf_vrrp *a, const struct conf *new,
		    const struct conf_vrrp *b)
{
	struct vip_text *x = sorted(old, a->s.vips), *y = sorted(new, b->s.vips);
	json_t *added = json_array(), *removed = json_array(), *both = json_object();
	uint32_t i = 0, k = 0;

	while (x[i].text || y[k].text) {
		int r = !x[i].text ? 1 : !y[k].text ? -1 : cmp_vip(&x[i], &y[k]);

		if (r < 0)
			append(removed, ctl_text(x[i].text));
		if (r > 0)
			append(added, ctl_text(y[k].text));
		i += r <= 0;
		k += r >= 0;
	}
	free_vips(x);
	free_vips(y);

	bool is_same = !json_array_size(added) && !json_array_size(removed);

	set(both, "added", added);
	set(both, "removed", removed);
	if (!is_same)
		return both;
	json_decref(both);
	return NULL;
}

static void name_rs(json_t *o, const struct conf *c, const struct conf_rs *rs)
{
	char text[ADDR_PORT_TEXT_LEN];

	set(o, "name", ctl_text(addr_port_text(&rs->s.addr, rs->s.port, text)));
	set(o, "service", ctl_text(c->vs[rs->vs].s.name));
}

/* What an object without numbers of its own is known by; NULL: there is one of its kind. */
static const char *other_name(const struct conf *c, enum schema_kind kind, uint32_t i)
{
	static const char *const keys[] = { "name", "interface", "interfaces" };
	const struct schema_key *key = NULL;
	const unsigned char *base = conf_object(c, kind, i);
	struct conf_strs all;
	const char *name;

	for (size_t n = 0; !key && n < sizeof(keys) / sizeof(*keys); n++)
		key = schema_find(kind, keys[n]);
	if (!key)
		return NULL;
	if (key->type == KT_STRS) {
		memcpy(&all, schema_field(key, base), sizeof(all));
		return all.n ? all.v[0] : NULL;
	}
	memcpy(&name, schema_field(key, base), sizeof(name));
	return name;
}

static void name_object(json_t *o, const struct conf *c, const struct conf_change *ch, uint32_t i)
{
	const char *name;

	switch (ch->of) {
	case CHANGE_SETTING:
		return;
	case CHANGE_OTHER:
		name = other_name(c, ch->kind, i);
		if (name)
			set(o, "name", ctl_text(name));
		return;
	case CHANGE_INST:
		set(o, "name", ctl_text(c->vrrp[i].s.name));
		return;
	case CHANGE_VS:
		set(o, "name", ctl_text(c->vs[i].s.name));
		return;
	case CHANGE_RS:
		name_rs(o, c, &c->rs[i]);
		return;
	case CHANGE_PROBE:
		name_rs(o, c, &c->rs[c->probe[i].rs]);
		set(o, "type",
		    ctl_text(schema_enum_name(schema_names_CHECK_TYPE,
					      c->check[c->probe[i].check].s.type)));
		return;
	}
}

json_t *changes_json(const struct conf *old, const struct conf *new, const struct conf_change *ch)
{
	static const char *const what[] = {
		[CHANGE_ADDED] = "added",          [CHANGE_REMOVED] = "removed",
		[CHANGE_LIVE] = "changed",         [CHANGE_RESTART] = "restarted",
		[CHANGE_DAEMON] = "needs_restart",
	};
	bool is_gone = ch->what == CHANGE_REMOVED;
	json_t *o = json_object();

	BUG_ON(!o);
	set(o, "object",
	    ctl_text(kinds[ch->of].object ? kinds[ch->of].object : schema_of[ch->kind].where));
	set(o, "what", ctl_text(what[ch->what]));
	name_object(o, is_gone ? old : new, ch, is_gone ? ch->old : ch->new);
	if (ch->what == CHANGE_ADDED || is_gone)
		return o;
	set(o, "settings", settings(old, new, ch));
	if (ch->of == CHANGE_INST) {
		json_t *v = vips(old, &old->vrrp[ch->old], new, &new->vrrp[ch->new]);

		if (v)
			set(o, "addresses", v);
	}
	if (ch->what != CHANGE_LIVE) {
		set(o, "because", ctl_text(cause_name(first_cause(old, new, ch))));
	}
	return o;
}

json_t *changes_counts_json(const struct conf_changes *n)
{
	const struct {
		const char *name;
		const struct conf_count *n;
	} row[] = {
		{ "settings", &n->setting }, { "objects", &n->other }, { "instances", &n->inst },
		{ "services", &n->vs },      { "servers", &n->rs },    { "checks", &n->check },
	};
	json_t *o = json_object();

	BUG_ON(!o);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const struct conf_count *c = row[i].n;
		json_t *one = json_object();

		set(one, "added", json_integer(c->added));
		set(one, "removed", json_integer(c->removed));
		set(one, "changed", json_integer(c->changed));
		set(one, "restarted", json_integer(c->restarted));
		set(o, row[i].name, one);
	}
	return o;
}
