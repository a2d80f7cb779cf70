/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_text.h. Rows are walked in the order of schema.def, so a new setting is written without a
 * line here; only what is inherited must be known, because a snapshot has it everywhere.
 */
#include "core/conf/conf_text.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_make.h"
#include "core/conf/conf_resolve.h"
#include "core/conf/conf_text_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_indent(struct text *t, int level)
{
	(void)fprintf(t->f, "%*s", level * 2, "");
}

/* ------------------------------------------------------------------ what need not be written */

static bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static const void *around(const struct text *t, const struct object *o, enum schema_kind kind)
{
	if (kind == SCHEMA_global)
		return &t->c->global;
	for (; o; o = o->parent)
		if (o->kind == kind)
			return o->base;
	return NULL;
}

/* Whether the place that a row inherits from gives the same value. Places whose settings are gone from
 * the snapshot gave theirs to each object: there it is written. */
static bool is_from_above(const struct text *t, const struct schema_key *key,
			  const struct object *o)
{
	enum schema_kind kind;
	const struct schema_key *up = schema_up(key, &kind);
	const void *base = around(t, o, kind);

	while (up->dflt == SCHEMA_UP && (!base || up->is_build)) {
		up = schema_up(up, &kind);
		base = around(t, o, kind);
	}
	if (!base || up->is_build)
		base = schema_defaults(kind);
	return conf_setting_same(key, t->c, o->base, up, t->c, base);
}

/* Rows whose text says where their value comes from. */
static bool inherits(const struct text *t, const struct schema_key *key, const struct object *o)
{
	const struct conf_vs *vs = o->base;
	const struct conf_vrrp *in = o->base;
	const struct conf_rs *rs = o->base;
	const struct conf_check *ck = o->base;
	const struct fields_vs *vs_dflt = schema_defaults(SCHEMA_vs);
	struct conf_status dflt = conf_status_default();
	char name[CONF_VS_NAME_LEN];

	switch (o->kind) {
	case SCHEMA_vrrp:
		if (!strcmp(key->name, "version"))
			return in->s.version == conf_default_version(t->c, in);
		return in->s.state == conf_default_state(in);
	case SCHEMA_vip:
		if (!o->parent)
			return str_eq(((const struct conf_vip *)o->base)->s.dev,
				      t->c->global.s.default_interface);
		in = o->parent->base;
		return str_eq(((const struct conf_vip *)o->base)->s.dev, in->s.interface);
	case SCHEMA_vs:
		if (!strcmp(key->name, "name"))
			return str_eq(vs->s.name, conf_vs_default_name(&vs->s, name));
		if (!strcmp(key->name, "ip_family"))
			return !vs->s.family;
		return !vs->s.checks.n;
	case SCHEMA_rs:
		vs = o->parent->base;
		if (!strcmp(key->name, "port"))
			return rs->s.port == vs->s.port;
		/* another `alpha` would be handed on to checks that are the service's otherwise */
		return rs->s.alpha == vs->s.alpha &&
		       conf_checks_equal(t->c, t->c->check, rs->s.checks, vs->s.checks);
	case SCHEMA_check:
		if (!strcmp(key->name, "status"))
			return !memcmp(&ck->s.status, &dflt, sizeof(dflt));
		return ck->s.fall_n == vs_dflt->retry_n + 1; /* as when nobody says anything */
	default:
		return !schema_is_set(key, o->base);
	}
}

bool text_is_written(const struct text *t, const struct schema_key *key, const struct object *o)
{
	if (key->is_build)
		return false;
	if (key->dflt == SCHEMA_NEED)
		return true;
	if (key->dflt == SCHEMA_UP)
		return !is_from_above(t, key, o);
	if (key->dflt == SCHEMA_INHERIT)
		return !inherits(t, key, o);
	return !conf_setting_same(key, t->c, o->base, key, t->c, schema_defaults(o->kind));
}

/* ------------------------------------------------------------------ objects */

static void put_rows(struct text *t, const struct object *o, int level);

struct object text_object(const struct text *t, enum schema_kind kind, uint32_t i,
			  const struct object *parent)
{
	return (struct object){ .kind = kind,
				.parent = parent,
				.base = conf_object(t->c, kind, i) };
}

/* { a = 1; b = 2; } in one line */
void text_inline(struct text *t, const struct object *o)
{
	(void)fputs("{ ", t->f);
	put_rows(t, o, -1);
	(void)fputs("}", t->f);
}

/* "192.0.2.1/24 dev eth1"; the long form where there is more, or where that can't be read back. */
static bool put_vip(struct text *t, const struct object *o)
{
	const struct conf_vip *vip = o->base;
	const struct schema_key *dev = schema_find(SCHEMA_vip, "dev");
	char addr[PREFIX_TEXT_LEN], both[PREFIX_TEXT_LEN + 32];

	for (const struct schema_key *k = dev + 1; k->name; k++)
		if (text_is_written(t, k, o))
			return false;
	(void)snprintf(both, sizeof(both), "%s%s%s", text_prefix(&vip->s.prefix, addr),
		       text_is_written(t, dev, o) ? " dev " : "",
		       text_is_written(t, dev, o) ? vip->s.dev : "");
	text_string(t, both);
	return true;
}

/* [ "/path", "argument" ] when nothing else is said of a script */
static bool put_script(struct text *t, const struct object *o)
{
	const struct conf_script *s = o->base;

	if (s->s.user || s->s.group)
		return false;
	text_texts(t, &s->s.command);
	return true;
}

static void put_element(struct text *t, const struct object *o)
{
	if (o->kind == SCHEMA_vip && put_vip(t, o))
		return;
	if (o->kind == SCHEMA_script && put_script(t, o))
		return;
	text_inline(t, o);
}

/* ( a, b ): in one line when it is short or level is -1 (the object around it is in one line) */
static void put_list(struct text *t, const struct schema_key *key, const struct conf_range *r,
		     const struct object *parent, int level)
{
	bool is_inline = level < 0 || r->n == 0 || (r->n == 1 && key->elem != SCHEMA_rs);

	if (t->factor && key->elem == SCHEMA_check) {
		factor_put_checks(t, r, parent);
		return;
	}
	if (t->factor && !is_inline && text_is_short(key->elem)) {
		(void)fputs("(\n", t->f);
		text_short_list(t, key->elem, r, parent, level + 1);
		text_indent(t, level);
		(void)fputc(')', t->f);
		return;
	}
	(void)fputs(is_inline ? "( " : "(\n", t->f);
	for (uint32_t i = 0; i < r->n; i++) {
		struct object o = text_object(t, key->elem, r->first + i, parent);

		if (!is_inline)
			text_indent(t, level + 1);
		put_element(t, &o);
		if (i + 1 < r->n)
			(void)fputs(is_inline ? ", " : ",", t->f);
		if (!is_inline)
			(void)fputc('\n', t->f);
	}
	if (!is_inline)
		text_indent(t, level);
	(void)fputs(is_inline && r->n ? " )" : ")", t->f);
}

static void put_one(struct text *t, const struct schema_key *key, const struct conf_range *r,
		    const struct object *parent)
{
	struct object o = text_object(t, key->elem, r->first, parent);

	put_element(t, &o);
}

/* The settings of an object, a line each; level -1: all in one line. */
static void put_rows(struct text *t, const struct object *o, int level)
{
	for (const struct schema_key *key = schema_of[o->kind].key; key->name; key++) {
		const void *field = schema_field(key, o->base);

		if (!text_is_written(t, key, o))
			continue;
		if (key->type == KT_ONE && !schema_is_set(key, o->base))
			continue; /* none at all can't be said where there is one to inherit */
		if (t->factor && key->type == KT_LIST && key->elem == SCHEMA_rs) {
			factor_put_servers(t, o->base, level);
			continue;
		}
		if (level >= 0)
			text_indent(t, level);
		(void)fprintf(t->f, "%s = ", key->name);
		if (key->type == KT_LIST)
			put_list(t, key, field, o, level);
		else if (key->type == KT_ONE)
			put_one(t, key, field, o);
		else
			text_value(t, key, o->base);
		(void)fputs(level >= 0 ? ";\n" : "; ", t->f);
	}
}

/* ------------------------------------------------------------------ the file */

/* Text behind a '#': a line that would end the comment can't. */
void text_comment(struct text *t, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)fputc((unsigned char)text[i] < ' ' ? '?' : text[i], t->f);
}

static void put_once(struct text *t, enum schema_kind kind, const void *base)
{
	struct object o = { .kind = kind, .base = base };
	bool has_any = false;

	for (const struct schema_key *key = schema_of[kind].key; key->name; key++)
		has_any |= text_is_written(t, key, &o);
	if (!has_any)
		return;
	(void)fprintf(t->f, "\n%s = {\n", schema_of[kind].where);
	put_rows(t, &o, 1);
	(void)fputs("};\n", t->f);
}

static void put_place(struct text *t, const struct conf_loc *loc)
{
	if (!t->opt || !t->opt->has_places || !loc->file)
		return;
	(void)fputs("  # ", t->f);
	text_comment(t, loc->file, strlen(loc->file));
	(void)fprintf(t->f, ":%u\n", loc->line);
}

static void put_blocks(struct text *t, enum schema_kind kind)
{
	uint32_t n = conf_object_n(t->c, kind);

	if (!n)
		return;
	(void)fprintf(t->f, "\n%s = (\n", schema_of[kind].where);
	for (uint32_t i = 0; i < n; i++) {
		struct object o = text_object(t, kind, i, NULL);
		struct conf_loc loc;

		memcpy(&loc, (const unsigned char *)o.base + conf_shape[kind].loc_off, sizeof(loc));
		put_place(t, &loc);
		(void)fputs("  {\n", t->f);
		put_rows(t, &o, 2);
		(void)fputs(i + 1 < n ? "  },\n\n" : "  }\n", t->f);
	}
	(void)fputs(");\n", t->f);
}

/* Addresses, routes and rules that are there always stand at the top of the file. */
static void put_statics(struct text *t)
{
	struct object o = { .kind = SCHEMA_statics, .base = &t->c->statics };

	for (const struct schema_key *key = schema_of[SCHEMA_statics].key; key->name; key++) {
		struct conf_range r;

		memcpy(&r, schema_field(key, o.base), sizeof(r));
		if (!r.n)
			continue;
		(void)fprintf(t->f, "\n%s = ", key->name);
		put_list(t, key, &r, NULL, 0);
		(void)fputs(";\n", t->f);
	}
}

static void put_all(struct text *t)
{
	static const enum schema_kind once[] = { SCHEMA_global,  SCHEMA_workers, SCHEMA_api,
						 SCHEMA_metrics, SCHEMA_log,     SCHEMA_ssl };
	static const enum schema_kind lists[] = {
		SCHEMA_track_group, SCHEMA_garp_group,    SCHEMA_if_delay, SCHEMA_track_script,
		SCHEMA_track_file,  SCHEMA_track_process, SCHEMA_bfd,      SCHEMA_vrrp,
		SCHEMA_sync,        SCHEMA_vsg,           SCHEMA_vs,
	};

	for (size_t i = 0; i < sizeof(once) / sizeof(*once); i++)
		put_once(t, once[i], conf_object(t->c, once[i], 0));
	if (t->factor)
		factor_put_templates(t);
	put_statics(t);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (lists[i] == SCHEMA_vs && t->factor)
			factor_put_pools(t);
		put_blocks(t, lists[i]);
	}
}

char *conf_text(const struct conf *c, const struct conf_text_opt *opt)
{
	char *out = NULL;
	size_t len;
	struct text t = { .c = c, .opt = opt, .f = open_memstream(&out, &len) };

	BUG_ON(!t.f);
	for (const char *p = opt ? opt->head : NULL; p && *p;) {
		size_t n = strcspn(p, "\n");

		(void)fputs(n ? "# " : "#", t.f);
		text_comment(&t, p, n);
		(void)fputc('\n', t.f);
		p += n + (p[n] == '\n');
	}
	(void)fputs("config_version = 1;\n", t.f);
	t.factor = opt && opt->is_factored ? factor_new(&t) : NULL;
	put_all(&t);
	factor_free(t.factor);
	BUG_ON(ferror(t.f));
	(void)fclose(t.f);
	return out;
}

/* A value as a word of a short text: without the quotes that it needs elsewhere. */
static void put_word(struct text *t, const struct schema_key *key, const void *base)
{
	char *word = NULL;
	size_t len;
	struct text w = { .c = t->c, .f = open_memstream(&word, &len) };

	BUG_ON(!w.f);
	text_value(&w, key, base);
	BUG_ON(fclose(w.f));

	bool is_quoted = len > 1 && word[0] == '"' && word[len - 1] == '"';

	(void)fprintf(t->f, " %s %.*s", key->name, (int)(is_quoted ? len - 2 : len),
		      word + is_quoted);
	free(word);
}

void conf_text_vip(FILE *out, const struct conf *c, const struct conf_vip *vip)
{
	struct text t = { .c = c, .f = out };
	const void *dflt = schema_defaults(SCHEMA_vip);
	char prefix[PREFIX_TEXT_LEN];

	(void)fputs(prefix_text(&vip->s.prefix, prefix), out);
	for (const struct schema_key *k = schema_find(SCHEMA_vip, "dev"); k->name; k++)
		if (schema_is_set(k, vip) && !conf_setting_same(k, c, vip, k, c, dflt))
			put_word(&t, k, vip);
}

void conf_text_value(FILE *out, const struct conf *c, const struct schema_key *key,
		     const void *base)
{
	struct text t = { .c = c, .f = out, .hides_secrets = true };
	struct conf_range r;

	if (!schema_is_set(key, base)) {
		(void)fputs("none", out);
		return;
	}
	if (key->type != KT_LIST && key->type != KT_ONE) {
		text_value(&t, key, base);
		return;
	}
	memcpy(&r, schema_field(key, base), sizeof(r));
	put_list(&t, key, &r, NULL, -1);
}
