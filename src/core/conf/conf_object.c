/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One object of the configuration from its group { } or its short text. See conf_build.h.
 *
 * Each group is walked once, from its first member to its last, and each member is looked up among the
 * rows of its kind; the library's own look-ups by name are linear and would make a large file
 * quadratic. A list that several objects have through a template or a pool is read once: the library
 * keeps a pointer for us in each setting, which then has the range.
 */
#include "core/bug.h"
#include "core/conf/conf_build.h"
#include "core/conf/conf_far.h"
#include "core/conf/conf_fill.h"
#include "core/conf/conf_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ layers */

static void unknown_member(struct build *b, enum schema_kind kind, const config_setting_t *group,
			   const config_setting_t *m)
{
	const char *name = config_setting_name(m), *near = schema_nearest(kind, name);

	build_fail(b, kind, group, m,
		   near ? "unknown setting '%.40s'; did you mean '%s'?"
			: "unknown setting '%.40s'%s",
		   name, near ? near : "");
}

static void given_twice(struct build *b, enum schema_kind kind, const config_setting_t *first,
			const config_setting_t *again)
{
	char text[CONF_PLACE_LEN];

	build_fail(b, kind, again->parent, again, "'%s' is set in %s already",
		   config_setting_name(again),
		   conf_place(build_loc(b, first), build_loc(b, again), text));
}

/* `fall` and `retry` are two ways to say one thing: the upper layer's counts, and one layer has one. */
static void drop_other_word(struct build *b, const config_setting_t *group, config_setting_t *m,
			    struct picks *picks)
{
	const char *name = config_setting_name(m);
	const char *other = !strcmp(name, "fall")    ? "retry"
			    : !strcmp(name, "retry") ? "fall"
						     : NULL;
	int at;

	if (!other)
		return;
	at = schema_index(SCHEMA_check, schema_find(SCHEMA_check, other));
	if (!keyset_has(&picks->seen, at))
		return;
	if (picks->set[at]->parent == group)
		build_fail(
			b, SCHEMA_check, group, m,
			"'fall' and 'retry' say the same (fall is retry and 1 more); give one of "
			"them");
	keyset_del(&picks->seen, at);
}

static void pick(struct build *b, enum schema_kind kind, config_setting_t *group,
		 struct picks *picks, bool is_once)
{
	int n = config_setting_length(group);

	for (int i = 0; i < n; i++) {
		config_setting_t *m = config_setting_get_elem(group, (unsigned)i);

		if (fill_is_use(kind, config_setting_name(m)))
			templates_use(b, kind, group, m, picks);
	}
	for (int i = 0; i < n; i++) {
		config_setting_t *m = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(m);
		const struct schema_key *key = schema_find(kind, name);

		if (!key) {
			if (!fill_is_use(kind, name))
				unknown_member(b, kind, group, m);
			continue;
		}

		int at = schema_index(kind, key);

		if (is_once && keyset_has(&picks->seen, at))
			given_twice(b, kind, picks->set[at], m);
		if (kind == SCHEMA_check)
			drop_other_word(b, group, m, picks);
		picks->set[at] = m;
		keyset_add(&picks->seen, at);
		keyset_del(&picks->is_told, at);
	}
}

void object_pick(struct build *b, enum schema_kind kind, config_setting_t *group,
		 struct picks *picks)
{
	pick(b, kind, group, picks, false);
}

void object_pick_once(struct build *b, enum schema_kind kind, config_setting_t *group,
		      struct picks *picks)
{
	pick(b, kind, group, picks, true);
}

void picks_lay(struct picks *below, const struct picks *above, bool is_told)
{
	for (int i = keyset_next(&above->seen, 0); i >= 0; i = keyset_next(&above->seen, i + 1)) {
		below->set[i] = above->set[i];
		keyset_add(&below->seen, i);
		if (is_told)
			keyset_add(&below->is_told, i);
		else
			keyset_del(&below->is_told, i);
	}
}

/* ------------------------------------------------------------------ values */

/* "10.1.0.[1-250]", with /LEN behind it where the setting has that: the first address into the field. */
static bool put_span(struct filling *f, const struct schema_key *key, const char *text, char *why)
{
	const char *slash = key->type == KT_PREFIX ? strchr(text, '/') : NULL;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	int err = conf_span_parse(text, len, &f->span);
	char one[ADDR_TEXT_LEN + 32], host[ADDR_TEXT_LEN];
	struct ip_addr first;

	if (err) {
		(void)snprintf(why, VALUE_WHY_LEN,
			       err == -E2BIG ? "\"%.60s\" makes more than %d addresses"
					     : "\"%.60s\" is no range of IPv4 addresses such as "
					       "\"10.1.0.[1-250]\"",
			       text, CONF_SPAN_MAX);
		return false;
	}
	first = conf_span_at(&f->span, 0);
	(void)snprintf(one, sizeof(one), "%s%.20s", addr_text(&first, host), slash ? slash : "");
	return value_from_text(key, one, f->base, &f->b->c->arena, why);
}

bool fill_word(struct filling *f, const struct schema_key *key, const char *text, char *why)
{
	if ((key->type == KT_ADDR || key->type == KT_PREFIX) &&
	    (f->kind == SCHEMA_rs || f->kind == SCHEMA_vip || f->kind == SCHEMA_vsaddr) &&
	    conf_span_is(text))
		return put_span(f, key, text, why);
	return value_from_text(key, text, f->base, &f->b->c->arena, why);
}

static bool put_setting(struct filling *f, const struct schema_key *key, config_setting_t *set,
			char *why)
{
	const char *kept = set->hook;
	unsigned char *field = schema_place(key, f->base);

	if (key->type == KT_STR && kept) {
		memcpy(field, &kept, sizeof(kept));
		return true;
	}
	if (config_setting_type(set) == CONFIG_TYPE_STRING &&
	    (key->type == KT_ADDR || key->type == KT_PREFIX)) {
		if (!fill_word(f, key, config_setting_get_string(set), why))
			return false;
	} else if (!value_from_setting(key, set, f->base, &f->b->c->arena, why)) {
		return false;
	}
	if (key->type == KT_STR)
		memcpy(&set->hook, field, sizeof(set->hook));
	return true;
}

/* ------------------------------------------------------------------ lists */

static void push_check(struct build *b, const struct conf_check *check, const struct keyset *seen)
{
	struct conf_made m;

	m.o.check = *check;
	m.seen = *seen;
	build_push(b, SCHEMA_check, &m);
}

/* An element of `checks`: the name of a template. */
static void named_check(struct filling *f, config_setting_t *el)
{
	const char *name = config_setting_get_string(el);
	struct conf_template *t = template_find(f->b, SCHEMA_check, name);
	char why[TEMPLATE_WHY_LEN];

	if (t)
		push_check(f->b, template_check(f->b, t), &t->picks.seen);
	else
		build_fail(f->b, f->kind, f->object, el, "%s",
			   template_why(f->b, SCHEMA_check, name, why));
}

/* The usual list has one name in it: then all such lists are one. */
static struct conf_template *only_name(struct build *b, enum schema_kind kind,
				       config_setting_t *set)
{
	if (kind != SCHEMA_check || config_setting_length(set) != 1)
		return NULL;

	const config_setting_t *el = config_setting_get_elem(set, 0);

	if (config_setting_type(el) != CONFIG_TYPE_STRING)
		return NULL;
	return template_find(b, SCHEMA_check, config_setting_get_string(el));
}

/* The same settings to the byte: texts and lists of their own tell checks apart, so nothing that hangs
 * on one is lost with it. */
static bool is_same_made(const struct build *b, uint32_t i, uint32_t k)
{
	const struct conf_check *x = build_made(b, SCHEMA_check, i);
	const struct conf_check *y = build_made(b, SCHEMA_check, k);

	return !memcmp(&x->s, &y->s, sizeof(x->s)) &&
	       !memcmp(build_seen(b, SCHEMA_check, i), build_seen(b, SCHEMA_check, k),
		       sizeof(struct keyset));
}

/* A file that a program wrote says the same checks for each server: they are those of the server
 * before. */
static struct conf_range share_checks(struct build *b, struct conf_range r)
{
	struct conf_range last = b->last_checks;

	b->last_checks = r;
	if (!r.n || r.n != last.n || r.first < last.first + last.n)
		return r;
	for (uint32_t i = 0; i < r.n; i++)
		if (!is_same_made(b, last.first + i, r.first + i))
			return r;
	vec_cut(&b->list[SCHEMA_check], r.first);
	b->last_checks = last;
	return last;
}

static struct conf_range elements(struct filling *f, const struct schema_key *key,
				  config_setting_t *set)
{
	struct build *b = f->b;
	struct vec *list = &b->list[key->elem];
	struct conf_template *only = only_name(b, key->elem, set);
	int n = config_setting_length(set);
	struct conf_range r = { .first = list->n };

	if (only && only->is_listed)
		return only->range;
	for (int i = 0; i < n; i++) {
		config_setting_t *el = config_setting_get_elem(set, (unsigned)i);

		if (key->elem == SCHEMA_check && config_setting_type(el) == CONFIG_TYPE_STRING)
			named_check(f, el);
		else
			object_element(b, key->elem, el);
		if (list->n - r.first > key->hi || (b->is_full && key->elem != SCHEMA_check))
			break; /* told, or told by the caller */
	}
	r.n = list->n - r.first;
	if (key->elem == SCHEMA_check)
		r = share_checks(b, r);
	if (only) {
		only->is_listed = true;
		only->range = r;
	}
	return r;
}

static struct conf_range one_element(struct build *b, const struct schema_key *key,
				     config_setting_t *set)
{
	struct conf_range r = { .first = b->list[key->elem].n, .n = 1 };

	object_element(b, key->elem, set);
	r.n = b->list[key->elem].n - r.first;
	return r;
}

static void put_list(struct filling *f, const struct schema_key *key, config_setting_t *set)
{
	struct build *b = f->b;
	struct conf_range *kept = set->hook;
	unsigned char *field = schema_place(key, f->base);

	if (kept) {
		memcpy(field, kept, sizeof(*kept));
		return;
	}
	bool is_one = key->type == KT_ONE || config_setting_is_group(set);

	if (!is_one && !config_setting_is_list(set) && !config_setting_is_array(set)) {
		build_fail(b, f->kind, f->object, set, "'%s' must be a list ( )", key->name);
		return;
	}

	struct conf_range r = is_one ? one_element(b, key, set) : elements(f, key, set);

	if ((r.n < key->lo || r.n > key->hi) && !b->is_full)
		build_fail(b, f->kind, f->object, set, "'%s' must have %lld..%lld elements, not %s",
			   key->name, (long long)key->lo, (long long)key->hi,
			   r.n ? "more" : "none");
	memcpy(field, &r, sizeof(r));
	/* addresses belong to one instance: each that has them through a template gets its own */
	if (key->elem == SCHEMA_vip)
		return;
	kept = arena_alloc(&b->scratch, sizeof(*kept));
	*kept = r;
	set->hook = kept;
}

/* ------------------------------------------------------------------ objects */

void fill_picked(struct filling *f, const struct picks *picks)
{
	struct build *b = f->b;
	bool was_quiet = b->is_quiet;
	char why[VALUE_WHY_LEN];

	for (int i = keyset_next(&picks->seen, 0); i >= 0; i = keyset_next(&picks->seen, i + 1)) {
		const struct schema_key *key = &schema_of[f->kind].key[i];
		bool is_told = keyset_has(&picks->is_told, i);

		if (is_told && f->is_layer)
			continue;
		b->is_quiet = was_quiet || is_told;
		if (key->type == KT_LIST || key->type == KT_ONE)
			put_list(f, key, picks->set[i]);
		else if (!put_setting(f, key, picks->set[i], why))
			build_fail(b, f->kind, f->object, picks->set[i], "'%s' %s", key->name, why);
	}
	b->is_quiet = was_quiet;
}

void fill_needed(struct filling *f, const struct keyset *seen)
{
	for (const struct schema_key *k = schema_of[f->kind].key; k->name; k++)
		if (k->dflt == SCHEMA_NEED && !keyset_has(seen, schema_index(f->kind, k)))
			build_fail(f->b, f->kind, f->object, f->object,
				   "required setting '%s' is missing", k->name);
}

void object_fill(struct build *b, enum schema_kind kind, config_setting_t *object,
		 const struct picks *picks, void *base)
{
	struct filling f = { .b = b, .kind = kind, .object = object, .base = base };

	memcpy(base, schema_defaults(kind), schema_of[kind].len);
	conf_far_own(kind, base, &b->scratch);
	fill_picked(&f, picks);
	fill_needed(&f, &picks->seen);
}

void object_try(struct build *b, enum schema_kind kind, config_setting_t *group,
		const struct picks *picks)
{
	union conf_object scratch;
	struct filling f = { .b = b, .kind = kind, .object = group, .base = &scratch };
	uint32_t vips = b->list[SCHEMA_vip].n;

	memset(&scratch, 0, sizeof(scratch));
	conf_far_own(kind, &scratch, &b->scratch);
	f.is_layer = true;
	fill_picked(&f, picks);
	vec_cut(&b->list[SCHEMA_vip], vips);
}

/* ------------------------------------------------------------------ elements */

static void fill_group(struct filling *f, config_setting_t *el, struct keyset *seen)
{
	struct picks picks;
	config_setting_t *over = override_of(f->b, f->kind, el);

	picks.seen = picks.is_told = (struct keyset){ { 0 } };
	object_pick(f->b, f->kind, el, &picks);
	if (over) {
		struct picks above;

		above.seen = above.is_told = (struct keyset){ { 0 } };
		object_pick(f->b, f->kind, over, &above);
		picks_lay(&picks, &above, true);
	}
	fill_picked(f, &picks);
	fill_needed(f, &picks.seen);
	*seen = picks.seen;
}

static const char *short_example(enum schema_kind kind)
{
	static const char *const example[SCHEMA_KIND_N] = {
		[SCHEMA_vip] = " or a text such as \"192.0.2.10/24 dev eth0\"",
		[SCHEMA_rs] = " or a text such as \"10.0.0.1:80 weight=10\"",
		[SCHEMA_check] = " or the name of a template",
		[SCHEMA_route] = " or a text such as \"10.0.0.0/8 via 192.0.2.1\"",
		[SCHEMA_rule] = " or a text such as \"from 10.0.0.0/8 table 100\"",
		[SCHEMA_peer] = " or a text such as \"192.0.2.3\"",
		[SCHEMA_track] = " or a text such as \"eth1 weight=-10\"",
		[SCHEMA_vsaddr] = " or a text such as \"198.51.100.[20-60]:80\"",
		[SCHEMA_sorry] = " or a text such as \"10.9.9.9:80\"",
		[SCHEMA_script] = " or an array such as [ \"/path/of/it\", \"argument\" ]",
	};

	return example[kind] ? example[kind] : "";
}

/* The most objects of a kind that may have ranges, in all; 0: no such kind. */
static uint32_t bound_of(enum schema_kind kind)
{
	return kind == SCHEMA_rs       ? CONF_RS_MAX
	       : kind == SCHEMA_vip    ? CONF_VIP_MAX
	       : kind == SCHEMA_vsaddr ? CONF_VSADDR_MAX
				       : 0;
}

/* The object once, or once for each address of its range. */
static void push_all(struct filling *f, struct conf_made *m)
{
	struct build *b = f->b;
	uint32_t n = f->span.n ? f->span.n : 1;

	uint32_t max = bound_of(f->kind);

	if (max && n > max - b->list[f->kind].n) {
		if (!b->is_full)
			build_fail(b, f->kind, f->object, f->object, "more than %u %s in all", max,
				   f->kind == SCHEMA_rs    ? "real servers"
				   : f->kind == SCHEMA_vip ? "virtual addresses"
							   : "addresses of services");
		b->is_full = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (f->span.n && f->kind == SCHEMA_rs)
			m->o.rs.s.addr = conf_span_at(&f->span, i);
		else if (f->span.n && f->kind == SCHEMA_vip)
			m->o.vip.s.prefix.addr = conf_span_at(&f->span, i);
		else if (f->span.n)
			m->o.vsaddr.s.prefix.addr = conf_span_at(&f->span, i);
		build_push(b, f->kind, m);
	}
}

/* A command without its group: an array of words, or a text of words between blanks. */
static bool fill_command(struct filling *f, config_setting_t *el, struct keyset *seen)
{
	enum { WORDS_MAX = 64 };
	const struct schema_key *key = schema_find(SCHEMA_script, "command");
	const char *words[WORDS_MAX];
	char copy[CONF_SHORT_MAX_LEN], *rest = copy, *word, why[VALUE_WHY_LEN];
	bool ok;
	uint32_t n = 0;

	keyset_add(seen, schema_index(SCHEMA_script, key));
	if (config_setting_type(el) != CONFIG_TYPE_STRING) {
		ok = value_from_setting(key, el, f->base, &f->b->c->arena, why);
	} else {
		(void)snprintf(copy, sizeof(copy), "%s", config_setting_get_string(el));
		while (n < WORDS_MAX && (word = strsep(&rest, " ")))
			if (*word)
				words[n++] = word;
		ok = value_texts(key, words, n, f->base, &f->b->c->arena, why);
	}
	if (!ok)
		build_fail(f->b, f->kind, f->object, el, "'%s' %s", key->name, why);
	return ok;
}

void object_element(struct build *b, enum schema_kind kind, config_setting_t *el)
{
	struct conf_made m;
	struct filling f = { .b = b, .kind = kind, .object = el, .base = &m.o };

	memset(&m.seen, 0, sizeof(m.seen));
	memset(&m.o, 0, conf_shape[kind].len);
	memcpy(&m.o, schema_defaults(kind), schema_of[kind].len);
	conf_far_own(kind, &m.o, &b->scratch);
	if (config_setting_is_group(el))
		fill_group(&f, el, &m.seen);
	else if (kind == SCHEMA_script &&
		 (config_setting_type(el) == CONFIG_TYPE_STRING || config_setting_is_aggregate(el)))
		(void)fill_command(&f, el, &m.seen);
	else if (config_setting_type(el) == CONFIG_TYPE_STRING && fill_is_short(kind))
		fill_short(&f, config_setting_get_string(el), &m.seen);
	else
		build_fail(b, kind, el, el, "an element must be a group { }%s",
			   short_example(kind));
	build_set_loc(kind, &m.o, build_loc(b, el));
	push_all(&f, &m);
}
