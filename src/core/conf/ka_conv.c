/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka_conv.h. A keyword is looked for among the block's functions, then among the rows of schema.def
 * (their keepalived column), then among those that are not converted (ka_words.def).
 */
#include "core/conf/ka_conv.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_check.h"
#include "core/conf/conf_file.h"
#include "core/conf/conf_value.h"
#include "core/conf/ka.h"
#include "core/conf/ka_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct not_word {
	enum ka_block block, inside;
	bool has_inside, is_in;
	const char *name, *why;
} not_words[] = {
#define NOT(b, n, w) { .block = KA_##b, .name = (n), .why = (w) },
#define BLOCK(b, n, i, w)                                                                          \
	{ .block = KA_##b, .inside = KA_##i, .has_inside = true, .name = (n), .why = (w) },
#define IN(b, n) { .block = KA_##b, .is_in = true, .name = (n), .why = "" },
#include "core/conf/ka_words.def"
#undef NOT
#undef BLOCK
#undef IN
};

enum { NOT_WORDS_N = sizeof(not_words) / sizeof(*not_words) };

static void global_defs(struct ka *k, const struct ka_node *n, void *obj)
{
	(void)obj;
	ka_statements(k, KA_GLOBAL, n->child, &k->b.c->global.s);
}

static void global_garp(struct ka *k, const struct ka_node *n, void *obj)
{
	struct fields_vrrp s = { .garp_repeat_n = k->garp_repeat_n,
				 .garp_delay_us = k->garp_delay_us };

	(void)obj;
	/* vrrp_garp_master_delay or _repeat: the instance's own name is behind the first underscore */
	if (n->word_n > 1 && !strcmp(n->word[0], "vrrp_garp_master_repeat") &&
	    !strcmp(n->word[1], "0"))
		s.garp_repeat_n = 1;
	else if (!ka_value(k, n, 1, schema_find(SCHEMA_vrrp, n->word[0] + strlen("vrrp_")), &s))
		return;
	k->garp_repeat_n = s.garp_repeat_n;
	k->garp_delay_us = s.garp_delay_us;
}

/* instances are made when all global_defs have been read */
static const struct ka_word words_top[] = {
	{ "global_defs", global_defs, false },
	{ "vrrp_instance", ka_vrrp_instance, true },
	{ "virtual_server", ka_virtual_server, true },
	{ NULL, NULL, false },
};

static const struct ka_word words_global[] = {
	{ "vrrp_garp_master_delay", global_garp, false },
	{ "vrrp_garp_master_repeat", global_garp, false },
	{ NULL, NULL, false },
};

/* A block's tables. What it does not have itself, base may have. */
static const struct block {
	const char *name;
	const struct ka_word *word;
	enum schema_kind kind; /* SCHEMA_KIND_N: no rows */
	enum ka_block base; /* itself: none */
} blocks[KA_BLOCK_N] = {
#define PLAIN(b, name) [KA_##b] = { name, NULL, SCHEMA_KIND_N, KA_##b }
	[KA_TOP] = { "the top level", words_top, SCHEMA_KIND_N, KA_TOP },
	[KA_GLOBAL] = { "global_defs", words_global, SCHEMA_global, KA_GLOBAL },
	PLAIN(TRACK_GROUP, "track_group"),
	PLAIN(GARP_GROUP, "garp_group"),
	PLAIN(SCRIPT, "vrrp_script"),
	PLAIN(TRACK_FILE, "track_file"),
	PLAIN(TRACK_PROCESS, "vrrp_track_process"),
	PLAIN(SYNC, "vrrp_sync_group"),
	PLAIN(SSL, "SSL"),
	PLAIN(BFD_INSTANCE, "bfd_instance"),
	[KA_VRRP] = { "vrrp_instance", ka_words_vrrp, SCHEMA_vrrp, KA_VRRP },
	PLAIN(AUTH, "authentication"),
	PLAIN(HMAC, "auth_hmac"),
	PLAIN(ADDRESS, "virtual_ipaddress"),
	[KA_VS] = { "virtual_server", ka_words_vs, SCHEMA_vs, KA_VS },
	[KA_RS] = { "real_server", ka_words_rs, SCHEMA_rs, KA_RS },
	[KA_CHECK] = { "checks", ka_words_check, SCHEMA_KIND_N, KA_CHECK },
	[KA_TCP] = { "TCP_CHECK", NULL, SCHEMA_KIND_N, KA_CHECK },
	[KA_HTTP] = { "HTTP_GET", ka_words_http, SCHEMA_KIND_N, KA_CHECK },
	[KA_URL] = { "url", ka_words_url, SCHEMA_KIND_N, KA_URL },
	[KA_OTHER_CHECK] = { "checks", NULL, SCHEMA_KIND_N, KA_CHECK },
#undef PLAIN
};

/* ------------------------------------------------------------------ look-up */

static const struct ka_word *find_word(enum ka_block block, const char *name)
{
	for (const struct ka_word *w = blocks[block].word; w && w->name; w++)
		if (!strcmp(w->name, name))
			return w;
	return NULL;
}

/* Whether a word is one of a row's keywords. */
static bool has_word(const char *words, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = words; *p; p += strcspn(p, " ")) {
		p += *p == ' ';
		if (strcspn(p, " ") == len && !strncmp(p, name, len))
			return true;
	}
	return false;
}

static const struct schema_key *row_of(enum schema_kind kind, const char *name)
{
	for (const struct schema_key *key = schema_of[kind].key; key->name; key++)
		if (key->type != KT_LIST && key->type != KT_ONE && has_word(key->keepalived, name))
			return key;
	return NULL;
}

static const struct schema_key *find_row(enum ka_block block, const char *name)
{
	if (blocks[block].kind == SCHEMA_KIND_N || !strcmp(name, blocks[block].name))
		return NULL; /* a block's name is no keyword inside of it */
	return row_of(blocks[block].kind, name);
}

static const struct not_word *find_not(enum ka_block block, const char *name)
{
	for (size_t i = 0; i < NOT_WORDS_N; i++)
		if (not_words[i].block == block && !strcmp(not_words[i].name, name))
			return &not_words[i];
	return NULL;
}

static bool knows_here(enum ka_block block, const char *name)
{
	return find_word(block, name) || find_row(block, name) || find_not(block, name) ||
	       (blocks[block].base != block && knows_here(blocks[block].base, name));
}

bool ka_knows(const char *keyword)
{
	for (int block = 0; block < KA_BLOCK_N; block++)
		if (knows_here((enum ka_block)block, keyword))
			return true;
	return false;
}

/* ------------------------------------------------------------------ the report */

struct conf_loc ka_loc(struct ka *k, const struct ka_node *n)
{
	if (n->loc.file != k->raw_file) {
		k->raw_file = n->loc.file;
		k->file = arena_strdup(&k->b.c->arena, n->loc.file);
	}
	return (struct conf_loc){ .file = k->file, .line = n->loc.line };
}

/* True: this place is to be named. */
static bool count(struct ka *k, struct ka_seen *seen, const struct ka_node *n)
{
	if (!seen->n++)
		seen->loc = n->loc;
	k->report->lost_n++;
	return seen->n <= KA_TELL_MAX;
}

void ka_tell_unknown(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word)
{
	if (count(k, &k->unknown, n))
		KA_WARN(k, n, "unknown keyword '%.40s' in %s is not converted", word,
			blocks[block].name);
}

void ka_tell(struct ka *k, const struct ka_node *n, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->report->lost_n++;
	k->told_n++;
	KA_WARN(k, n, "%s", text);
}

void ka_extra(struct ka *k, const struct ka_node *n, uint32_t i)
{
	if (i < n->word_n)
		ka_tell(k, n, "'%.40s' behind '%.40s' is not converted", n->word[i], n->word[0]);
}

static void tell_inside(struct ka *k, const struct not_word *w, const struct ka_node *n)
{
	for (const struct ka_node *c = n->child; c; c = c->next)
		if (!knows_here(w->inside, c->word[0]))
			ka_tell_unknown(k, w->inside, c, c->word[0]);
}

bool ka_tell_not(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word)
{
	const struct not_word *w = find_not(block, word);

	if (!w)
		return false;
	if (count(k, &k->seen[w - not_words], n))
		KA_WARN(k, n, "keyword '%s'%s is not converted: %s", w->name,
			n->is_block ? ", with its block," : "", w->why);
	if (w->has_inside)
		tell_inside(k, w, n);
	return true;
}

/* What was told often enough, counted; and everything again in a few lines for the new file. */
static void close_report(struct ka *k)
{
	size_t len;
	FILE *f;

	for (size_t i = 0; i < NOT_WORDS_N; i++)
		if (k->seen[i].n > KA_TELL_MAX)
			err_add(k->errs, ERR_WARNING, k->seen[i].loc.file, 0,
				"keyword '%s' is not converted in %u more places",
				not_words[i].name, k->seen[i].n - KA_TELL_MAX);
	if (k->unknown.n > KA_TELL_MAX)
		err_add(k->errs, ERR_WARNING, k->unknown.loc.file, 0,
			"unknown keywords are not converted in %u more places",
			k->unknown.n - KA_TELL_MAX);
	if (!k->report->lost_n)
		return;
	f = open_memstream(&k->report->text, &len);
	BUG_ON(!f);
	(void)fputs("Not converted:\n", f);
	for (size_t i = 0; i < NOT_WORDS_N; i++) {
		const struct ka_seen *s = &k->seen[i];

		if (s->n)
			(void)fprintf(f, "  %s (%s), %u place%s, first %s:%u: %s\n",
				      not_words[i].name, blocks[not_words[i].block].name, s->n,
				      s->n == 1 ? "" : "s", s->loc.file, s->loc.line,
				      not_words[i].why);
	}
	if (k->unknown.n)
		(void)fprintf(f, "  unknown keywords, %u place%s, first %s:%u\n", k->unknown.n,
			      k->unknown.n == 1 ? "" : "s", k->unknown.loc.file,
			      k->unknown.loc.line);
	if (k->told_n)
		(void)fprintf(f, "  %u place%s more: see the report of the conversion\n", k->told_n,
			      k->told_n == 1 ? "" : "s");
	(void)fclose(f);
}

void ka_report_fini(struct ka_report *r)
{
	free(r->text);
	*r = (struct ka_report){ 0 };
}

/* ------------------------------------------------------------------ values */

static bool put_bool(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		     void *base)
{
	static const char *const yes[] = { "on", "true", "yes" }, *const no[] = { "off", "false",
										  "no" };

	for (size_t i = 0; n->word_n > 1 && i < 3; i++) {
		if (!strcmp(n->word[1], yes[i]) || !strcmp(n->word[1], no[i])) {
			schema_put(key, base, !strcmp(n->word[1], yes[i]));
			return true;
		}
	}
	if (n->word_n > 1) {
		KA_ERROR(k, n, "'%s' must be on, true, yes, off, false or no, not \"%.40s\"",
			 n->word[0], n->word[1]);
		return false;
	}
	schema_put(key, base, true);
	return true;
}

bool ka_value(struct ka *k, const struct ka_node *n, uint32_t i, const struct schema_key *key,
	      void *base)
{
	char why[VALUE_WHY_LEN], number[64];
	const char *text;

	if (i >= n->word_n) {
		KA_ERROR(k, n, "'%s' has no value", n->word[0]);
		return false;
	}
	text = n->word[i];
	if (key->type == KT_UINT || key->type == KT_DUR) {
		size_t len = strspn(text, "0123456789.");

		if (len && text[len] && len < sizeof(number)) {
			KA_WARN(k, n, "'%s %.40s': only the number counts, as in keepalived",
				n->word[0], text);
			(void)snprintf(number, sizeof(number), "%.*s", (int)len, text);
			text = number;
		}
	}
	if (value_from_text(key, text, base, &k->b.c->arena, why))
		return true;
	if (i)
		KA_ERROR(k, n, "'%s' %s", n->word[0], why);
	else
		KA_ERROR(k, n, "%s %s", key->name, why);
	return false;
}

static void put_row(struct ka *k, const struct ka_node *n, const struct schema_key *key, void *base)
{
	if (key->type == KT_BOOL)
		(void)put_bool(k, n, key, base);
	else
		(void)ka_value(k, n, 1, key, base);
	ka_extra(k, n, 2);
}

void ka_row_word(struct ka *k, const struct ka_node *n, enum schema_kind kind, void *base)
{
	const struct schema_key *key = row_of(kind, n->word[0]);

	BUG_ON(!key);
	put_row(k, n, key, base);
}

/* ------------------------------------------------------------------ statements */

static void statement(struct ka *k, enum ka_block block, const struct ka_node *n, void *obj,
		      bool is_late)
{
	const char *name = n->word[0];

	for (enum ka_block b = block;; b = blocks[b].base) {
		const struct ka_word *w = find_word(b, name);
		const struct schema_key *row = find_row(b, name);

		if (w) {
			if (w->is_late == is_late)
				w->fn(k, n, obj);
			return;
		}
		if (is_late)
			;
		else if (row)
			put_row(k, n, row, obj);
		else if (!ka_tell_not(k, b, n, name) && blocks[b].base == b)
			ka_tell_unknown(k, block, n, name);
		if (row || find_not(b, name) || blocks[b].base == b)
			return;
	}
}

void ka_statements(struct ka *k, enum ka_block block, const struct ka_node *first, void *obj)
{
	for (int is_late = 0; is_late <= 1; is_late++)
		for (const struct ka_node *n = first; n; n = n->next)
			statement(k, block, n, obj, is_late);
}

static void convert(struct ka *k, const struct ka_node *root)
{
	struct fields_vrrp dflt = { 0 };

	conf_make_init(&k->b, k->b.c);
	conf_make_defaults(SCHEMA_global, &k->b.c->global.s);
	conf_make_defaults(SCHEMA_workers, &k->b.c->workers.s);
	conf_make_defaults(SCHEMA_vrrp, &dflt);
	k->garp_repeat_n = dflt.garp_repeat_n;
	k->garp_delay_us = dflt.garp_delay_us;
	k->seen = calloc(NOT_WORDS_N, sizeof(*k->seen));
	BUG_ON(!k->seen);
	ka_statements(k, KA_TOP, root, NULL);
	close_report(k);
	free(k->seen);
	conf_make_finish(&k->b);
}

struct conf *ka_convert(const struct ka_source *src, struct err_list *errs,
			struct ka_report *report)
{
	struct ka_report own = { 0 };
	struct ka k = { .errs = errs, .report = report ? report : &own };
	struct arena tree;
	struct ka_node *root;

	k.b.c = conf_new();
	arena_init(&tree);
	if (ka_lex(src, &tree, errs, &root))
		convert(&k, root);
	arena_fini(&tree);
	ka_report_fini(&own);
	if (!errs->n_error)
		conf_check(k.b.c, errs);
	err_sort(errs);
	if (errs->n_error) {
		conf_free(k.b.c);
		return NULL;
	}
	return k.b.c;
}

struct conf *ka_convert_file(const char *path, const char *id, struct err_list *errs,
			     struct ka_report *report, bool *is_unreadable)
{
	char own_id[256];
	struct ka_source src = { .name = path, .id = id ? id : own_id, .io = &ka_file_io };
	char *text;
	int err = conf_file_read(path, &text, &src.len);

	*is_unreadable = err != 0;
	if (err) {
		err_add(errs, ERR_ERROR, path, 0, "can't be read: %s", strerrordesc_np(-err));
		return NULL;
	}
	ka_default_id(own_id);
	src.text = text;

	struct conf *c = ka_convert(&src, errs, report);

	free(text);
	return c;
}
