/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_text_make.h. What is equal is found by its text: a check or a list of servers is written as
 * it would stand in its place, where what it inherits is left out, and equal texts are one. So a
 * template or pool means in each place what stood there. Texts are looked up by hash: linear in what is
 * written.
 */
#include "core/addr.h"
#include "core/bug.h"
#include "core/conf/conf_names.h"
#include "core/conf/conf_text_make.h"

#include <stdlib.h>
#include <string.h>

enum {
	SHARED_MIN = 2, /* places that have it */
	POOL_MIN = 2, /* servers */
	NAME_LEN = 48,
};

/* One text and how often it stands somewhere. */
struct same {
	char *text;
	size_t len;
	uint32_t hash, n;
	struct conf_loc first; /* where it was met first */
	uint32_t first_vs; /* pools: index of its first service */
	char name[NAME_LEN]; /* "": it has none and is written where it stands */
	uint8_t type; /* checks: CHECK_* */
	struct same *next; /* in order of appearance */
};

struct sames {
	struct same **slot; /* open addressing, load at most one half */
	uint32_t n, size;
	struct same *head, **tail;
};

struct factor {
	struct sames checks, pools;
	struct same **of_vs; /* for each service its list of servers; NULL: too short to share */
};

/* ------------------------------------------------------------------ equal texts */

static void grow(struct sames *s)
{
	uint32_t size = s->size ? s->size * 2 : 256;
	struct same **slot = calloc(size, sizeof(struct same *));

	BUG_ON(!slot);
	for (uint32_t i = 0; i < s->size; i++) {
		uint32_t at;

		if (!s->slot[i])
			continue;
		for (at = s->slot[i]->hash & (size - 1); slot[at];)
			at = (at + 1) & (size - 1);
		slot[at] = s->slot[i];
	}
	free(s->slot);
	s->slot = slot;
	s->size = size;
}

/* The entry of a text; a new one with n = 0. */
static struct same *find(struct sames *s, const char *text, size_t len)
{
	uint32_t hash = hash_bytes(HASH_SEED, text, (uint32_t)len), at;
	struct same *e;

	if (s->n * 2 >= s->size)
		grow(s);
	for (at = hash & (s->size - 1); s->slot[at]; at = (at + 1) & (s->size - 1)) {
		e = s->slot[at];
		if (e->hash == hash && e->len == len && !memcmp(e->text, text, len))
			return e;
	}
	e = calloc(1, sizeof(*e));
	BUG_ON(!e);
	e->text = strndup(text, len);
	BUG_ON(!e->text);
	e->len = len;
	e->hash = hash;
	s->slot[at] = e;
	s->n++;
	if (!s->tail)
		s->tail = &s->head;
	*s->tail = e;
	s->tail = &e->next;
	return e;
}

static void sames_fini(struct sames *s)
{
	while (s->head) {
		struct same *e = s->head;

		s->head = e->next;
		free(e->text);
		free(e);
	}
	free(s->slot);
}

/* ------------------------------------------------------------------ writing beside */

/* What is written meanwhile becomes a text. They nest: a server has checks. */
struct beside {
	FILE *out; /* where it went before */
	char *text;
	size_t len;
};

static void begin_beside(struct text *t, struct beside *b)
{
	b->out = t->f;
	b->text = NULL;
	t->f = open_memstream(&b->text, &b->len);
	BUG_ON(!t->f);
}

/* The entry of the text. */
static struct same *end_beside(struct text *t, struct beside *b, struct sames *in)
{
	struct same *e;

	BUG_ON(ferror(t->f));
	(void)fclose(t->f);
	t->f = b->out;
	e = find(in, b->text, b->len);
	free(b->text);
	return e;
}

static struct same *check_text(struct text *t, struct factor *f, const struct object *o)
{
	struct beside b;

	begin_beside(t, &b);
	text_inline(t, o);
	return end_beside(t, &b, &f->checks);
}

/* ------------------------------------------------------------------ checks */

static void count_checks(struct text *t, struct factor *f, const struct conf_range *r,
			 const struct object *parent)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct object o = text_object(t, SCHEMA_check, r->first + i, parent);
		const struct conf_check *ck = o.base;
		struct same *e = check_text(t, f, &o);

		if (!e->n++) {
			e->first = ck->loc;
			e->type = ck->s.type;
		}
	}
}

/* "http", "http-2", ... */
static void name_checks(struct sames *s)
{
	unsigned count[UINT8_MAX + 1] = { 0 };

	for (struct same *e = s->head; e; e = e->next) {
		const char *type = schema_enum_name(schema_names_CHECK_TYPE, e->type);

		if (e->n < SHARED_MIN)
			continue;
		if (!count[e->type]++)
			(void)snprintf(e->name, sizeof(e->name), "%s", type);
		else
			(void)snprintf(e->name, sizeof(e->name), "%s-%u", type, count[e->type]);
	}
}

void factor_put_checks(struct text *t, const struct conf_range *r, const struct object *parent)
{
	FILE *list;
	char *all = NULL;
	size_t len;
	bool is_named = r->n > 0;

	list = open_memstream(&all, &len);
	BUG_ON(!list);
	for (uint32_t i = 0; i < r->n; i++) {
		struct object o = text_object(t, SCHEMA_check, r->first + i, parent);
		const struct same *e = check_text(t, t->factor, &o);

		(void)fputs(i ? ", " : "", list);
		(void)fprintf(list, *e->name ? "\"%s\"" : "%s", *e->name ? e->name : e->text);
		is_named &= *e->name != '\0';
	}
	(void)fclose(list);
	(void)fprintf(t->f, is_named ? "[ %s ]" : r->n ? "( %s )" : "( %s)", all);
	free(all);
}

/* ------------------------------------------------------------------ servers */

static void put_servers(struct text *t, const struct conf_vs *vs, int level)
{
	struct object o = { .kind = SCHEMA_vs, .base = vs };

	(void)fputs("(\n", t->f);
	text_short_list(t, SCHEMA_rs, &vs->s.servers, &o, level + 1);
	text_indent(t, level);
	(void)fputc(')', t->f);
}

enum { SERVERS_LEVEL = 2 }; /* of real_servers, in services and pools */

static void find_pools(struct text *t, struct factor *f)
{
	f->of_vs = calloc(t->c->vs_n ? t->c->vs_n : 1, sizeof(struct same *));
	BUG_ON(!f->of_vs);
	for (uint32_t i = 0; i < t->c->vs_n; i++) {
		const struct conf_vs *vs = &t->c->vs[i];
		struct beside b;
		struct same *e;

		if (vs->s.servers.n < POOL_MIN)
			continue;
		begin_beside(t, &b);
		put_servers(t, vs, SERVERS_LEVEL);
		e = f->of_vs[i] = end_beside(t, &b, &f->pools);
		if (!e->n++) {
			e->first = vs->loc;
			e->first_vs = i;
		}
	}
}

/* "tcp-80", "tcp-80-2", ...: of what is balanced first */
static void name_pools(const struct conf *c, struct sames *s)
{
	struct names bases = { 0 };
	struct arena arena;

	arena_init(&arena);
	for (struct same *e = s->head; e; e = e->next) {
		const struct conf_vs *vs = &c->vs[e->first_vs];
		char base[NAME_LEN / 2];
		uint32_t *count;

		if (e->n < SHARED_MIN)
			continue;
		(void)snprintf(base, sizeof(base), "%s-%u",
			       schema_enum_name(schema_names_PROTOCOL, vs->s.protocol),
			       c->rs[vs->s.servers.first].s.port);
		count = names_get(&bases, SCHEMA_pool, base);
		if (!count) {
			count = arena_alloc(&arena, sizeof(*count));
			names_put(&bases, SCHEMA_pool, arena_strdup(&arena, base), count);
		}
		if (!(*count)++)
			(void)snprintf(e->name, sizeof(e->name), "%s", base);
		else
			(void)snprintf(e->name, sizeof(e->name), "%s-%u", base, *count);
	}
	names_fini(&bases);
	arena_fini(&arena);
}

void factor_put_servers(struct text *t, const struct conf_vs *vs, int level)
{
	const struct same *e = t->factor->of_vs[vs - t->c->vs];

	text_indent(t, level);
	if (e && *e->name) {
		(void)fprintf(t->f, "pool = \"%s\";\n", e->name);
		return;
	}
	(void)fputs("real_servers = ", t->f);
	if (e)
		(void)fputs(e->text, t->f);
	else
		put_servers(t, vs, level);
	(void)fputs(";\n", t->f);
}

/* ------------------------------------------------------------------ the file's blocks */

static bool has_names(const struct sames *s)
{
	for (const struct same *e = s->head; e; e = e->next)
		if (*e->name)
			return true;
	return false;
}

static void put_origin(struct text *t, const struct same *e, int level, const char *what)
{
	if (!t->opt->has_places || !e->first.file)
		return;
	text_indent(t, level);
	(void)fprintf(t->f, "# in %u %s, first ", e->n, what);
	text_comment(t, e->first.file, strlen(e->first.file));
	(void)fprintf(t->f, ":%u\n", e->first.line);
}

void factor_put_templates(struct text *t)
{
	const struct sames *s = &t->factor->checks;

	if (!has_names(s))
		return;
	(void)fputs("\ntemplates = {\n  check = {\n", t->f);
	for (const struct same *e = s->head; e; e = e->next) {
		if (!*e->name)
			continue;
		put_origin(t, e, 2, "lists of checks");
		text_indent(t, 2);
		(void)fprintf(t->f, "%s = %s;\n", e->name, e->text);
	}
	(void)fputs("  };\n};\n", t->f);
}

void factor_put_pools(struct text *t)
{
	const struct sames *s = &t->factor->pools;
	const char *sep = "";

	if (!has_names(s))
		return;
	(void)fputs("\npools = (\n", t->f);
	for (const struct same *e = s->head; e; e = e->next) {
		if (!*e->name)
			continue;
		(void)fputs(sep, t->f);
		sep = ",\n\n";
		put_origin(t, e, 1, "services");
		(void)fprintf(t->f, "  {\n    name = \"%s\";\n    real_servers = %s;\n  }", e->name,
			      e->text);
	}
	(void)fputs("\n);\n", t->f);
}

/* ------------------------------------------------------------------ all */

static void find_checks(struct text *t, struct factor *f)
{
	const struct schema_key *of_vs = schema_find(SCHEMA_vs, "checks");
	const struct schema_key *of_rs = schema_find(SCHEMA_rs, "checks");

	for (uint32_t i = 0; i < t->c->vs_n; i++) {
		struct object o = text_object(t, SCHEMA_vs, i, NULL);
		const struct conf_vs *vs = o.base;

		if (text_is_written(t, of_vs, &o))
			count_checks(t, f, &vs->s.checks, &o);
		for (uint32_t k = 0; k < vs->s.servers.n; k++) {
			struct object r = text_object(t, SCHEMA_rs, vs->s.servers.first + k, &o);
			const struct conf_rs *rs = r.base;

			if (text_is_written(t, of_rs, &r))
				count_checks(t, f, &rs->s.checks, &r);
		}
	}
}

struct factor *factor_new(struct text *t)
{
	struct factor *f = calloc(1, sizeof(*f));

	BUG_ON(!f);
	find_checks(t, f);
	name_checks(&f->checks);
	t->factor = f; /* lists of servers name checks */
	find_pools(t, f);
	name_pools(t->c, &f->pools);
	return f;
}

void factor_free(struct factor *f)
{
	if (!f)
		return;
	sames_fini(&f->checks);
	sames_fini(&f->pools);
	free(f->of_vs);
	free(f);
}
