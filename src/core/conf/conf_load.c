/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_load.h. Each group is walked once, from its first member to its last, and each member is
 * looked up among the rows of its kind; the library's own look-ups by name are linear and would make
 * a large file quadratic. The library's tree is destroyed as soon as it has been walked.
 */
#include "core/conf/conf_load.h"

#include "core/bug.h"
#include "core/conf/conf_check.h"
#include "core/conf/conf_file.h"
#include "core/conf/conf_scan.h"
#include "core/conf/conf_value.h"
#include "core/conf/schema.h"

#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a growing array while the number of elements isn't known yet */
struct vec {
	unsigned char *p;
	size_t el_len;
	uint32_t n, cap;
};

/* Any object that a list may hold. All begin with their settings; loc follows at loc_off[]. */
union object {
	struct conf_vrrp vrrp;
	struct conf_vip vip;
	struct conf_vs vs;
	struct conf_rs rs;
	struct conf_check check;
};

static const struct {
	size_t len, loc_off;
} shape[SCHEMA_KIND_N] = {
	[SCHEMA_vrrp] = { sizeof(struct conf_vrrp), offsetof(struct conf_vrrp, loc) },
	[SCHEMA_vip] = { sizeof(struct conf_vip), offsetof(struct conf_vip, loc) },
	[SCHEMA_vs] = { sizeof(struct conf_vs), offsetof(struct conf_vs, loc) },
	[SCHEMA_rs] = { sizeof(struct conf_rs), offsetof(struct conf_rs, loc) },
	[SCHEMA_check] = { sizeof(struct conf_check), offsetof(struct conf_check, loc) },
};

struct load {
	struct conf *c;
	struct err_list *errs;
	const char *name; /* the file, as findings name it */
	const char *raw_file; /* libconfig's pointer for the file last seen ... */
	const char *file; /* ... and our copy of that name */
	struct vec list[SCHEMA_KIND_N];
	struct vec rs_seen; /* uint64_t for each server: which keys were given */
};

static void vec_push(struct vec *v, const void *el)
{
	if (v->n == v->cap) {
		v->cap = v->cap ? v->cap * 2 : 16;
		v->p = reallocarray(v->p, v->cap, v->el_len);
		BUG_ON(!v->p);
	}
	memcpy(v->p + v->n++ * v->el_len, el, v->el_len);
}

/* What was gathered, in the arena; the vector is freed. */
static void *vec_take(struct vec *v, struct arena *arena)
{
	void *p = arena_array(arena, v->n, v->el_len);

	if (v->n)
		memcpy(p, v->p, v->n * v->el_len);
	free(v->p);
	v->p = NULL;
	return p;
}

static struct conf_loc loc_of(struct load *l, const config_setting_t *set)
{
	const char *raw = config_setting_source_file(set);

	if (raw != l->raw_file || !l->file) {
		l->raw_file = raw;
		l->file = raw ? arena_strdup(&l->c->arena, raw) : l->name;
	}
	return (struct conf_loc){ .file = l->file, .line = config_setting_source_line(set) };
}

/* "vrrp_instances "web"" for a message: only on the way to an error. */
static void label(enum schema_kind kind, const config_setting_t *group, char *buf, size_t len)
{
	const char *name = NULL;

	if (config_setting_is_group(group) && !config_setting_lookup_string(group, "name", &name))
		(void)config_setting_lookup_string(group, "address", &name);
	(void)snprintf(buf, len, name ? "%s \"%.40s\"" : "%s", schema_of[kind].where, name);
}

__attribute__((format(printf, 5, 6))) static void complain(struct load *l, enum schema_kind kind,
							   const config_setting_t *group,
							   const config_setting_t *at,
							   const char *fmt, ...)
{
	struct conf_loc loc = loc_of(l, at);
	char who[96], text[512];
	va_list ap;

	label(kind, group, who, sizeof(who));
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_add(l->errs, ERR_ERROR, loc.file, loc.line, "%s: %s", who, text);
}

static uint64_t bit_of(enum schema_kind kind, const struct schema_key *k)
{
	ptrdiff_t i = k - schema_of[kind].key;

	BUG_ON(i < 0 || i >= SCHEMA_KEYS_MAX);
	return UINT64_C(1) << i;
}

static void load_list(struct load *l, const struct schema_key *key, const config_setting_t *owner,
		      const config_setting_t *set, void *base);

static void load_member(struct load *l, enum schema_kind kind, const config_setting_t *group,
			const config_setting_t *m, void *base, uint64_t *seen)
{
	const char *name = config_setting_name(m);
	const struct schema_key *key = schema_find(kind, name);
	char why[VALUE_WHY_LEN];

	if (!key) {
		const char *near = schema_nearest(kind, name);

		complain(l, kind, group, m,
			 near ? "unknown setting '%.40s'; did you mean '%s'?"
			      : "unknown setting '%.40s'%s",
			 name, near ? near : "");
		return;
	}
	*seen |= bit_of(kind, key);
	if (key->type == KT_LIST)
		load_list(l, key, group, m, base);
	else if (!value_from_setting(key, m, base, &l->c->arena, why))
		complain(l, kind, group, m, "'%s' %s", name, why);
}

static void put_defaults(struct load *l, enum schema_kind kind, const config_setting_t *group,
			 void *base, uint64_t seen)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		if (seen & bit_of(kind, k))
			continue;
		if (k->dflt == SCHEMA_NEED)
			complain(l, kind, group, group, "required setting '%s' is missing",
				 k->name);
		else if (k->dflt != SCHEMA_INHERIT && k->dflt != 0)
			schema_put(k, base, k->dflt);
	}
}

/* A group { } into the settings at base. */
static void load_group(struct load *l, enum schema_kind kind, const config_setting_t *group,
		       void *base, uint64_t *seen)
{
	int n = config_setting_length(group);

	for (int i = 0; i < n; i++)
		load_member(l, kind, group, config_setting_get_elem(group, (unsigned)i), base,
			    seen);
	put_defaults(l, kind, group, base, *seen);
}

/* "VALUE key value key value": the first word is the first setting of the kind. */
static void load_short(struct load *l, enum schema_kind kind, const config_setting_t *set,
		       void *base, uint64_t *seen)
{
	char *copy = strdup(config_setting_get_string(set));
	char *rest = copy, *word, why[VALUE_WHY_LEN];
	const struct schema_key *key = schema_of[kind].key;

	BUG_ON(!copy);
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (!key) {
			key = schema_find(kind, word);
			if (key && key->type != KT_LIST)
				continue;
			complain(l, kind, set, set, "unknown word '%.40s'", word);
			break;
		}
		if (*seen & bit_of(kind, key))
			complain(l, kind, set, set, "'%s' is given twice", key->name);
		*seen |= bit_of(kind, key);
		if (!value_from_text(key, word, base, &l->c->arena, why))
			complain(l, kind, set, set, "'%s' %s", key->name, why);
		key = NULL;
	}
	if (word == NULL && key)
		complain(l, kind, set, set, "'%s' has no value", key->name);
	free(copy);
	put_defaults(l, kind, set, base, *seen);
}

/* One element of a list into its vector. */
static void load_element(struct load *l, enum schema_kind kind, const config_setting_t *el)
{
	union object o;
	uint64_t seen = 0;
	struct conf_loc loc = loc_of(l, el);

	memset(&o, 0, sizeof(o));
	if (config_setting_is_group(el))
		load_group(l, kind, el, &o, &seen);
	else if (config_setting_type(el) == CONFIG_TYPE_STRING && kind == SCHEMA_vip)
		load_short(l, kind, el, &o, &seen);
	else
		complain(l, kind, el, el, "an element must be a group { }%s",
			 kind == SCHEMA_vip ? " or a text such as \"192.0.2.10/24 dev eth0\"" : "");
	memcpy((unsigned char *)&o + shape[kind].loc_off, &loc, sizeof(loc));
	vec_push(&l->list[kind], &o);
	if (kind == SCHEMA_rs)
		vec_push(&l->rs_seen, &seen);
}

static struct conf_range load_elements(struct load *l, enum schema_kind kind,
				       const config_setting_t *set)
{
	int n = config_setting_length(set);
	struct conf_range r = { .first = l->list[kind].n, .n = (uint32_t)n };

	for (int i = 0; i < n; i++)
		load_element(l, kind, config_setting_get_elem(set, (unsigned)i));
	return r;
}

static void load_list(struct load *l, const struct schema_key *key, const config_setting_t *owner,
		      const config_setting_t *set, void *base)
{
	struct conf_range r;
	enum schema_kind kind = key->elem;

	if (!config_setting_is_list(set) && !config_setting_is_array(set)) {
		complain(l, kind, owner, set, "'%s' must be a list ( )", key->name);
		return;
	}
	r = load_elements(l, kind, set);
	if (r.n < key->lo || r.n > key->hi)
		complain(l, kind, owner, set, "'%s' must have %lld..%lld elements, not %u",
			 key->name, (long long)key->lo, (long long)key->hi, r.n);
	memcpy((unsigned char *)base + key->off, &r, sizeof(r));
}

/* ------------------------------------------------------------------ the top of the file */

enum { CONF_VERSION = 1 };

static void load_version(struct load *l, const config_setting_t *set)
{
	struct conf_loc loc = loc_of(l, set);

	if (config_setting_type(set) != CONFIG_TYPE_INT ||
	    config_setting_get_int(set) != CONF_VERSION)
		err_add(l->errs, ERR_ERROR, loc.file, loc.line,
			"'config_version' must be %d: this file is for another vipd", CONF_VERSION);
}

static void load_once(struct load *l, enum schema_kind kind, const config_setting_t *set,
		      void *base)
{
	uint64_t seen = 0;

	if (config_setting_is_group(set))
		load_group(l, kind, set, base, &seen);
	else
		complain(l, kind, set, set, "must be a group { }");
}

static void unknown_top(struct load *l, const config_setting_t *set)
{
	static const char *const known[] = { "config_version", "global_defs", "workers",
					     "vrrp_instances", "virtual_servers" };
	struct conf_loc loc = loc_of(l, set);
	const char *name = config_setting_name(set), *near = NULL;
	unsigned best = (unsigned)strlen(name) / 3 + 2;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		unsigned d = schema_distance(name, known[i], best);

		if (d < best) {
			best = d;
			near = known[i];
		}
	}
	err_add(l->errs, ERR_ERROR, loc.file, loc.line,
		near ? "unknown setting '%.40s'; did you mean '%s'?" : "unknown setting '%.40s'%s",
		name, near ? near : "");
}

static void load_top(struct load *l, const config_setting_t *set)
{
	const char *name = config_setting_name(set);

	if (!strcmp(name, "config_version"))
		load_version(l, set);
	else if (!strcmp(name, schema_of[SCHEMA_global].where))
		load_once(l, SCHEMA_global, set, &l->c->global.s);
	else if (!strcmp(name, schema_of[SCHEMA_workers].where))
		load_once(l, SCHEMA_workers, set, &l->c->workers.s);
	else if (strcmp(name, schema_of[SCHEMA_vrrp].where) != 0 &&
		 strcmp(name, schema_of[SCHEMA_vs].where) != 0)
		unknown_top(l, set);
	else if (!config_setting_is_list(set))
		complain(l, name[1] == 'r' ? SCHEMA_vrrp : SCHEMA_vs, set, set,
			 "must be a list of groups: ( { ... }, { ... } )");
	else
		(void)load_elements(
			l, !strcmp(name, schema_of[SCHEMA_vrrp].where) ? SCHEMA_vrrp : SCHEMA_vs,
			set);
}

/* Defaults of what occurs once, for files that don't mention it. */
static void once_defaults(enum schema_kind kind, void *base)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (k->dflt != 0)
			schema_put(k, base, k->dflt);
}

/* ------------------------------------------------------------------ after the walk */

static const char *service_name(struct conf *c, const struct conf_vs *vs)
{
	char host[ADDR_TEXT_LEN], buf[ADDR_TEXT_LEN + 32];

	(void)snprintf(buf, sizeof(buf), "vs-%s-%s-%u", addr_text(&vs->s.addr, host),
		       vs->s.protocol == VS_UDP ? "udp" : "tcp", vs->s.port);
	return arena_strdup(&c->arena, buf);
}

static void inherit(struct conf *c, const uint64_t *rs_seen)
{
	uint64_t inhibit = bit_of(SCHEMA_rs, schema_find(SCHEMA_rs, "inhibit_on_failure"));
	uint64_t checks = bit_of(SCHEMA_rs, schema_find(SCHEMA_rs, "checks"));

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		struct conf_vrrp *in = &c->vrrp[i];

		if (!in->s.version)
			in->s.version = c->global.s.vrrp_version;
		for (uint32_t k = in->s.vips.first; k < in->s.vips.first + in->s.vips.n; k++)
			if (!c->vip[k].s.dev)
				c->vip[k].s.dev = in->s.interface;
	}
	for (uint32_t i = 0; i < c->vs_n; i++) {
		struct conf_vs *vs = &c->vs[i];

		if (!vs->s.name)
			vs->s.name = service_name(c, vs);
		for (uint32_t k = vs->s.servers.first; k < vs->s.servers.first + vs->s.servers.n;
		     k++) {
			struct conf_rs *rs = &c->rs[k];

			rs->vs = i;
			if (!rs->s.port)
				rs->s.port = vs->s.port;
			if (!(rs_seen[k] & inhibit))
				rs->s.inhibit_on_failure = vs->s.inhibit_on_failure;
			if (!(rs_seen[k] & checks))
				rs->s.checks = vs->s.checks;
		}
	}
	for (uint32_t i = 0; i < c->check_n; i++) {
		struct conf_check *ck = &c->check[i];

		if (!ck->s.path)
			ck->s.path = "/";
		/* no code was given: 200 to 299 */
		if (!memcmp(&ck->s.status, &(struct conf_status){ { 0 } }, sizeof(ck->s.status)))
			for (unsigned code = 200; code < 300; code++)
				ck->s.status.w[(code - 100) / 64] |= UINT64_C(1)
								     << (code - 100) % 64;
	}
}

/* One probe for each (server, check). */
static void make_probes(struct conf *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->rs_n; i++)
		n += c->rs[i].s.checks.n;
	c->probe = arena_array(&c->arena, n, sizeof(*c->probe));
	c->probe_n = n;
	n = 0;
	for (uint32_t i = 0; i < c->rs_n; i++) {
		struct conf_rs *rs = &c->rs[i];

		rs->probes = (struct conf_range){ .first = n, .n = rs->s.checks.n };
		for (uint32_t k = 0; k < rs->s.checks.n; k++)
			c->probe[n++] =
				(struct conf_probe){ .rs = i, .check = rs->s.checks.first + k };
	}
}

static void finish(struct load *l)
{
	struct conf *c = l->c;
	struct arena *a = &c->arena;

	c->vrrp_n = l->list[SCHEMA_vrrp].n;
	c->vip_n = l->list[SCHEMA_vip].n;
	c->vs_n = l->list[SCHEMA_vs].n;
	c->rs_n = l->list[SCHEMA_rs].n;
	c->check_n = l->list[SCHEMA_check].n;
	c->vrrp = vec_take(&l->list[SCHEMA_vrrp], a);
	c->vip = vec_take(&l->list[SCHEMA_vip], a);
	c->vs = vec_take(&l->list[SCHEMA_vs], a);
	c->rs = vec_take(&l->list[SCHEMA_rs], a);
	c->check = vec_take(&l->list[SCHEMA_check], a);
	inherit(c, (const uint64_t *)(const void *)l->rs_seen.p);
	free(l->rs_seen.p);
	make_probes(c);
}

static void walk(struct load *l, const config_t *tree)
{
	const config_setting_t *root = config_root_setting(tree);
	int n = config_setting_length(root);

	for (int k = 0; k < SCHEMA_KIND_N; k++)
		l->list[k].el_len = shape[k].len;
	l->rs_seen.el_len = sizeof(uint64_t);
	once_defaults(SCHEMA_global, &l->c->global.s);
	once_defaults(SCHEMA_workers, &l->c->workers.s);
	for (int i = 0; i < n; i++)
		load_top(l, config_setting_get_elem(root, (unsigned)i));
	finish(l);
}

/* The library stops at the first syntax error; what it says is often just "syntax error". */
static void syntax_error(struct load *l, const config_t *tree)
{
	const char *file = config_error_file(tree), *text = config_error_text(tree);

	err_add(l->errs, ERR_ERROR, file ? file : l->name, (uint32_t)config_error_line(tree), "%s",
		text ? text : "can't be parsed");
}

struct conf *conf_load_text(const char *name, const char *text, size_t len, struct err_list *errs)
{
	struct load l = { .c = conf_new(), .errs = errs };
	const char *nul = memchr(text, '\0', len);
	config_t tree;

	l.name = arena_strdup(&l.c->arena, name);
	if (nul) {
		uint32_t line = 1;

		for (const char *p = text; p < nul; p++)
			line += *p == '\n';
		err_add(errs, ERR_ERROR, name, line, "a zero byte: this is not a text file");
		conf_free(l.c);
		return NULL;
	}
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3; /* a byte order mark that some editors leave */
		len -= 3;
	}
	if (conf_scan(l.name, text, len, errs)) {
		config_init(&tree);
		if (config_read_string(&tree, text))
			walk(&l, &tree);
		else
			syntax_error(&l, &tree);
		config_destroy(&tree);
	}
	/* rules look at whole objects: with broken ones they would only repeat what was said */
	if (!errs->n_error)
		conf_check(l.c, errs);
	err_sort(errs);
	if (errs->n_error) {
		conf_free(l.c);
		return NULL;
	}
	return l.c;
}

struct conf *conf_load(const char *path, struct err_list *errs, bool *is_unreadable)
{
	size_t len;
	char *text;
	int err = conf_file_read(path, &text, &len);

	*is_unreadable = err != 0;
	if (err) {
		err_add(errs, ERR_ERROR, path, 0, "can't be read: %s", strerrordesc_np(-err));
		return NULL;
	}

	struct conf *c = conf_load_text(path, text, len, errs);

	free(text);
	return c;
}
