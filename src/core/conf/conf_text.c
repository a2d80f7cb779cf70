/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_text.h. Rows are walked in the order of schema.def, so a new setting is written without a
 * line here; only what is inherited must be known, because a snapshot has it everywhere.
 */
#include "core/conf/conf_text.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_make.h"
#include "core/conf/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	const struct conf *c;
	const struct conf_text_opt *opt;
	FILE *f;
};

static void indent(struct text *t, int level)
{
	(void)fprintf(t->f, "%*s", level * 2, "");
}

/* ------------------------------------------------------------------ values */

static void put_string(struct text *t, const char *s)
{
	(void)fputc('"', t->f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			(void)fputc('\\', t->f);
		(void)fputc(*s, t->f);
	}
	(void)fputc('"', t->f);
}

/* whole numbers, booleans, enums and times */
static int64_t number(const struct schema_key *key, const void *field)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	int64_t us;

	switch (key->len) {
	case sizeof(u8):
		memcpy(&u8, field, sizeof(u8));
		return u8;
	case sizeof(u16):
		memcpy(&u16, field, sizeof(u16));
		return u16;
	case sizeof(u32):
		memcpy(&u32, field, sizeof(u32));
		return u32;
	default:
		memcpy(&us, field, sizeof(us));
		return us;
	}
}

/* libconfig takes a number for 32 bits unless it ends with L */
static void put_integer(struct text *t, int64_t v)
{
	(void)fprintf(t->f, v > INT32_MAX ? "%lldL" : "%lld", (long long)v);
}

static void put_duration(struct text *t, int64_t us)
{
	if (us % SEC(1) == 0)
		put_integer(t, us / SEC(1));
	else if (us % MS(1) == 0)
		(void)fprintf(t->f, "\"%lldms\"", (long long)(us / MS(1)));
	else
		(void)fprintf(t->f, "\"%lldus\"", (long long)us);
}

/* the set as its ranges */
static void put_status(struct text *t, const struct conf_status *s)
{
	const char *sep = "";

	(void)fprintf(t->f, "[ ");
	for (unsigned code = 100; code < 612; code++) {
		unsigned last = code;

		if (!conf_status_has(s, code))
			continue;
		while (conf_status_has(s, last + 1))
			last++;
		if (last == code)
			(void)fprintf(t->f, "%s\"%u\"", sep, code);
		else
			(void)fprintf(t->f, "%s\"%u-%u\"", sep, code, last);
		sep = ", ";
		code = last;
	}
	(void)fprintf(t->f, " ]");
}

static const char *prefix_short(const struct ip_prefix *p, char buf[static PREFIX_TEXT_LEN])
{
	char host[ADDR_TEXT_LEN];

	if (p->len != addr_len(p->addr.family) * 8)
		return prefix_text(p, buf);
	(void)snprintf(buf, PREFIX_TEXT_LEN, "%s", addr_text(&p->addr, host));
	return buf;
}

static void put_value(struct text *t, const struct schema_key *key, const void *field)
{
	char buf[PREFIX_TEXT_LEN];
	struct ip_addr addr;
	struct ip_prefix prefix;
	struct conf_status status;
	const char *s;

	switch (key->type) {
	case KT_BOOL:
		(void)fputs(number(key, field) ? "true" : "false", t->f);
		return;
	case KT_UINT:
		put_integer(t, number(key, field));
		return;
	case KT_DUR:
		put_duration(t, number(key, field));
		return;
	case KT_ENUM:
		put_string(t, schema_enum_name(key->names, (uint8_t)number(key, field)));
		return;
	case KT_STR:
		memcpy(&s, field, sizeof(s));
		put_string(t, s);
		return;
	case KT_ADDR:
		memcpy(&addr, field, sizeof(addr));
		put_string(t, addr_text(&addr, buf));
		return;
	case KT_PREFIX:
		memcpy(&prefix, field, sizeof(prefix));
		put_string(t, prefix_short(&prefix, buf));
		return;
	case KT_STATUS:
		memcpy(&status, field, sizeof(status));
		put_status(t, &status);
		return;
	case KT_LIST:
		break;
	}
	BUG(key->name);
}

/* ------------------------------------------------------------------ what need not be written */

/* An object and what it is part of. */
struct object {
	enum schema_kind kind;
	const void *base;
	const void *parent; /* NULL: none */
};

static bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What only decides what servers inherit is left out: every server says it itself. */
static bool vs_inherits(const struct schema_key *key, const struct conf_vs *vs)
{
	char name[CONF_VS_NAME_LEN];

	if (!strcmp(key->name, "name"))
		return !strcmp(vs->s.name, conf_vs_default_name(&vs->s, name));
	if (!strcmp(key->name, "checks"))
		return !vs->s.checks.n;
	return !strcmp(key->name, "pool") || !strcmp(key->name, "real_server_port");
}

static bool rs_inherits(const struct conf *c, const struct schema_key *key,
			const struct conf_rs *rs, const struct conf_vs *vs)
{
	if (!strcmp(key->name, "port"))
		return rs->s.port == vs->s.port;
	if (!strcmp(key->name, "inhibit_on_failure"))
		return rs->s.inhibit_on_failure == vs->s.inhibit_on_failure;
	return !strcmp(key->name, "checks") &&
	       conf_checks_equal(c->check, rs->s.checks, vs->s.checks);
}

static bool check_inherits(const struct schema_key *key, const struct conf_check *ck)
{
	struct conf_status dflt = conf_status_default();

	if (!strcmp(key->name, "path"))
		return str_eq(ck->s.path, "/");
	return !strcmp(key->name, "status") && !memcmp(&ck->s.status, &dflt, sizeof(dflt));
}

/* Whether the place a row inherits from gives the same value. */
static bool inherits(const struct text *t, const struct schema_key *key, const struct object *o)
{
	if (o->kind == SCHEMA_vrrp)
		return !strcmp(key->name, "version") &&
		       ((const struct conf_vrrp *)o->base)->s.version ==
			       t->c->global.s.vrrp_version;
	if (o->kind == SCHEMA_vip)
		return !strcmp(key->name, "dev") &&
		       str_eq(((const struct conf_vip *)o->base)->s.dev,
			      ((const struct conf_vrrp *)o->parent)->s.interface);
	if (o->kind == SCHEMA_vs)
		return vs_inherits(key, o->base);
	if (o->kind == SCHEMA_rs)
		return rs_inherits(t->c, key, o->base, o->parent);
	return o->kind == SCHEMA_check && check_inherits(key, o->base);
}

static bool is_written(const struct text *t, const struct schema_key *key, const struct object *o)
{
	const void *field = (const unsigned char *)o->base + key->off;
	const char *s;

	if (key->dflt == SCHEMA_NEED)
		return true;
	if (key->dflt == SCHEMA_INHERIT && inherits(t, key, o))
		return false;
	if (key->type == KT_STR) {
		memcpy(&s, field, sizeof(s));
		return s != NULL;
	}
	if (key->type == KT_LIST && key->dflt != SCHEMA_INHERIT)
		return ((const struct conf_range *)field)->n > 0;
	if (key->type == KT_ADDR || key->type == KT_PREFIX || key->type == KT_STATUS)
		return true;
	return key->dflt == SCHEMA_INHERIT || number(key, field) != key->dflt;
}

/* ------------------------------------------------------------------ objects */

static void put_rows(struct text *t, const struct object *o, int level);

static struct object element(const struct text *t, enum schema_kind kind, uint32_t i,
			     const void *parent)
{
	const struct conf *c = t->c;
	struct object o = { .kind = kind, .parent = parent };

	o.base = kind == SCHEMA_vrrp    ? (const void *)&c->vrrp[i]
		 : kind == SCHEMA_vip   ? (const void *)&c->vip[i]
		 : kind == SCHEMA_vs    ? (const void *)&c->vs[i]
		 : kind == SCHEMA_rs    ? (const void *)&c->rs[i]
		 : kind == SCHEMA_check ? (const void *)&c->check[i]
					: NULL;
	BUG_ON(!o.base);
	return o;
}

/* { a = 1; b = 2; } in one line */
static void put_inline(struct text *t, const struct object *o)
{
	(void)fputs("{ ", t->f);
	put_rows(t, o, -1);
	(void)fputs("}", t->f);
}

/* "192.0.2.1/24 dev eth1"; the long form where that can't be read back. */
static void put_vip(struct text *t, const struct object *o)
{
	const struct conf_vip *vip = o->base;
	const struct schema_key *dev = schema_find(SCHEMA_vip, "dev");
	char addr[PREFIX_TEXT_LEN], both[PREFIX_TEXT_LEN + 32];

	if (strpbrk(vip->s.dev, " \t") || strlen(vip->s.dev) > 24) {
		put_inline(t, o);
		return;
	}
	(void)snprintf(both, sizeof(both), "%s%s%s", prefix_short(&vip->s.prefix, addr),
		       is_written(t, dev, o) ? " dev " : "",
		       is_written(t, dev, o) ? vip->s.dev : "");
	put_string(t, both);
}

static void put_element(struct text *t, const struct object *o)
{
	if (o->kind == SCHEMA_vip)
		put_vip(t, o);
	else
		put_inline(t, o);
}

/* ( a, b ): in one line when it is short or level is -1 (the object around it is in one line) */
static void put_list(struct text *t, const struct schema_key *key, const struct conf_range *r,
		     const void *parent, int level)
{
	bool is_inline = level < 0 || r->n == 0 || (r->n == 1 && key->elem != SCHEMA_rs);

	(void)fputs(is_inline ? "( " : "(\n", t->f);
	for (uint32_t i = 0; i < r->n; i++) {
		struct object o = element(t, key->elem, r->first + i, parent);

		if (!is_inline)
			indent(t, level + 1);
		put_element(t, &o);
		if (i + 1 < r->n)
			(void)fputs(is_inline ? ", " : ",", t->f);
		if (!is_inline)
			(void)fputc('\n', t->f);
	}
	if (!is_inline)
		indent(t, level);
	(void)fputs(is_inline && r->n ? " )" : ")", t->f);
}

/* The settings of an object, a line each; level -1: all in one line. */
static void put_rows(struct text *t, const struct object *o, int level)
{
	for (const struct schema_key *key = schema_of[o->kind].key; key->name; key++) {
		const void *field = (const unsigned char *)o->base + key->off;

		if (!is_written(t, key, o))
			continue;
		if (level >= 0)
			indent(t, level);
		(void)fprintf(t->f, "%s = ", key->name);
		if (key->type == KT_LIST)
			put_list(t, key, field, o->base, level);
		else
			put_value(t, key, field);
		(void)fputs(level >= 0 ? ";\n" : "; ", t->f);
	}
}

/* ------------------------------------------------------------------ the file */

/* Text behind a '#': a line that would end the comment can't. */
static void put_comment(struct text *t, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)fputc((unsigned char)text[i] < ' ' ? '?' : text[i], t->f);
}

static void put_once(struct text *t, enum schema_kind kind, const void *base)
{
	struct object o = { .kind = kind, .base = base };
	bool has_any = false;

	for (const struct schema_key *key = schema_of[kind].key; key->name; key++)
		has_any |= is_written(t, key, &o);
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
	put_comment(t, loc->file, strlen(loc->file));
	(void)fprintf(t->f, ":%u\n", loc->line);
}

static void put_blocks(struct text *t, enum schema_kind kind, uint32_t n)
{
	if (!n)
		return;
	(void)fprintf(t->f, "\n%s = (\n", schema_of[kind].where);
	for (uint32_t i = 0; i < n; i++) {
		struct object o = element(t, kind, i, NULL);

		put_place(t, kind == SCHEMA_vrrp ? &t->c->vrrp[i].loc : &t->c->vs[i].loc);
		(void)fputs("  {\n", t->f);
		put_rows(t, &o, 2);
		(void)fputs(i + 1 < n ? "  },\n\n" : "  }\n", t->f);
	}
	(void)fputs(");\n", t->f);
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
		put_comment(&t, p, n);
		(void)fputc('\n', t.f);
		p += n + (p[n] == '\n');
	}
	(void)fputs("config_version = 1;\n", t.f);
	put_once(&t, SCHEMA_global, &c->global.s);
	put_once(&t, SCHEMA_workers, &c->workers.s);
	put_blocks(&t, SCHEMA_vrrp, c->vrrp_n);
	put_blocks(&t, SCHEMA_vs, c->vs_n);
	BUG_ON(ferror(t.f));
	(void)fclose(t.f);
	return out;
}

void conf_text_value(FILE *out, const struct schema_key *key, const void *base)
{
	struct text t = { .f = out };
	const void *field = (const unsigned char *)base + key->off;
	const char *s;

	if (key->type == KT_STR) {
		memcpy(&s, field, sizeof(s));
		if (!s) {
			(void)fputs("none", out);
			return;
		}
	}
	put_value(&t, key, field);
}
