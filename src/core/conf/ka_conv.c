/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka_conv.h and ka.h. A keyword is looked for among the block's functions, then among the rows of
 * schema.def (their keepalived column), then among those that never will be (ka_words.def).
 */
#include "core/conf/ka_conv.h"

#include "core/bug.h"
#include "core/conf/conf_file.h"
#include "core/conf/conf_key.h"
#include "core/conf/conf_value.h"
#include "core/conf/ka.h"
#include "core/conf/ka_file.h"

#include <stdlib.h>
#include <string.h>

#define TIMES "retry delay_before_retry warmup delay_loop alpha log_all_failures"
#define SOCKET                                                                                     \
	"connect_ip connect_port bindto bind_port bind_if connect_timeout fwmark retry "           \
	"delay_before_retry warmup delay_loop alpha log_all_failures"

/* A block's tables. only: the words that its rows may answer, where a kind has several blocks. */
static const struct block {
	const char *name;
	const struct ka_word *word;
	enum schema_kind kind;
	const char *only;
} blocks[KA_BLOCK_N] = {
	[KA_TOP] = { "the top level", ka_words_top, SCHEMA_statics, NULL },
	[KA_GLOBAL] = { "global_defs", ka_words_global, SCHEMA_global, NULL },
	[KA_TRACK_GROUP] = { "track_group", NULL, SCHEMA_track_group, NULL },
	[KA_GARP_GROUP] = { "garp_group", ka_words_garp_group, SCHEMA_garp_group, NULL },
	[KA_SCRIPT] = { "vrrp_script", ka_words_script, SCHEMA_track_script, NULL },
	[KA_TRACK_FILE] = { "track_file", ka_words_track_file, SCHEMA_track_file,
			    "file weight init_file" },
	[KA_TRACK_PROCESS] = { "vrrp_track_process", ka_words_process, SCHEMA_track_process, NULL },
	[KA_SYNC] = { "vrrp_sync_group", ka_words_sync, SCHEMA_sync, NULL },
	[KA_SSL] = { "SSL", NULL, SCHEMA_ssl, NULL },
	[KA_BFD] = { "bfd_instance", ka_words_bfd, SCHEMA_bfd, NULL },
	[KA_VRRP] = { "vrrp_instance", ka_words_vrrp, SCHEMA_vrrp, NULL },
	[KA_AUTH] = { "authentication", ka_words_auth, SCHEMA_auth, NULL },
	[KA_HMAC] = { "auth_hmac", NULL, SCHEMA_hmac, NULL },
	[KA_ADDRESS] = { "virtual_ipaddress", NULL, SCHEMA_vip, NULL },
	[KA_ROUTE] = { "virtual_routes", NULL, SCHEMA_route, NULL },
	[KA_NEXTHOP] = { "nexthop", NULL, SCHEMA_nexthop, NULL },
	[KA_RULE] = { "virtual_rules", NULL, SCHEMA_rule, NULL },
	[KA_PEER] = { "unicast_peer", NULL, SCHEMA_peer, NULL },
	[KA_TRACK] = { "track_script", NULL, SCHEMA_track, NULL },
	[KA_TIMEOUTS] = { "lvs_timeouts", NULL, SCHEMA_timeouts, NULL },
	[KA_SYNCD] = { "lvs_sync_daemon", NULL, SCHEMA_syncd, NULL },
	[KA_VSG] = { "virtual_server_group", NULL, SCHEMA_vsg, NULL },
	[KA_VS] = { "virtual_server", ka_words_vs, SCHEMA_vs, NULL },
	[KA_RS] = { "real_server", ka_words_rs, SCHEMA_rs, NULL },
	[KA_TCP] = { "TCP_CHECK", NULL, SCHEMA_check, SOCKET },
	[KA_HTTP] = { "HTTP_GET", ka_words_http, SCHEMA_check,
		      SOCKET " nb_get_retry virtualhost http_protocol enable_sni fast_recovery "
			     "url" },
	[KA_SSL_GET] = { "SSL_GET", ka_words_http, SCHEMA_check,
			 SOCKET " nb_get_retry virtualhost http_protocol enable_sni fast_recovery "
				"tls_compliant url" },
	[KA_URL] = { "url", ka_words_url, SCHEMA_url, NULL },
	[KA_SMTP] = { "SMTP_CHECK", ka_words_smtp, SCHEMA_check, SOCKET " helo_name" },
	[KA_SMTP_HOST] = { "host", NULL, SCHEMA_check, SOCKET },
	[KA_DNS] = { "DNS_CHECK", NULL, SCHEMA_check, SOCKET " type name" },
	[KA_UDP] = { "UDP_CHECK", ka_words_udp, SCHEMA_check,
		     SOCKET " min_reply_length max_reply_length" },
	[KA_PING] = { "PING_CHECK", NULL, SCHEMA_check, SOCKET },
	[KA_MISC] = { "MISC_CHECK", ka_words_misc, SCHEMA_check,
		      TIMES " misc_path misc_timeout misc_dynamic" },
	[KA_BFD_CHECK] = { "BFD_CHECK", NULL, SCHEMA_check, "name alpha" },
	[KA_FILE_CHECK] = { "FILE_CHECK", ka_words_file_check, SCHEMA_check, "track_file" },
};

const char *ka_block_name(enum ka_block block)
{
	return blocks[block].name;
}

/* ------------------------------------------------------------------ look-up */

static const struct ka_word *find_word(enum ka_block block, const char *name)
{
	for (const struct ka_word *w = blocks[block].word; w && w->name; w++)
		if (!strcmp(w->name, name))
			return w;
	return NULL;
}

/* Some of global_defs is of other groups of vipd's file. */
static enum schema_kind other_kind(enum ka_block block)
{
	return block == KA_GLOBAL ? SCHEMA_workers : SCHEMA_KIND_N;
}

static const struct schema_key *find_row(enum ka_block block, const char *name,
					 enum schema_kind *kind)
{
	const struct block *b = &blocks[block];
	const struct schema_key *key;

	/* a block's name is no keyword inside of it */
	if (!strcmp(name, b->name) || (b->only && !ka_has_word(b->only, name)))
		return NULL;
	*kind = b->kind;
	key = ka_row(*kind, name);
	if (!key && other_kind(block) != SCHEMA_KIND_N) {
		*kind = other_kind(block);
		key = ka_row(*kind, name);
	}
	return key;
}

static bool knows_here(enum ka_block block, const char *name)
{
	enum schema_kind kind;

	return find_word(block, name) || find_row(block, name, &kind) || ka_is_never(block, name);
}

bool ka_knows(const char *keyword)
{
	for (int block = 0; block < KA_BLOCK_N; block++)
		if (knows_here((enum ka_block)block, keyword))
			return true;
	return false;
}

/* ------------------------------------------------------------------ rows by their type */

static void put_bool(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		     struct ka_obj *o)
{
	bool v = true;

	if (n->word_n > 1 && !ka_bool(n->word[1], &v)) {
		ka_bad(k, n, "'%s' must be on, true, yes, off, false or no, not \"%.40s\"",
		       n->word[0], n->word[1]);
		return;
	}
	schema_put(key, o->base, v);
	keyset_add(o->seen, schema_index(o->kind, key));
	ka_extra(k, n, 2);
}

/* All words of the line and of its block. */
static void put_texts(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		      struct ka_obj *o)
{
	uint32_t count = n->word_n - 1, at = 0;
	const char **all;

	for (const struct ka_node *c = n->child; c; c = c->next)
		count += c->word_n;
	all = arena_array(&k->b.scratch, count, sizeof(*all));
	for (uint32_t i = 1; i < n->word_n; i++)
		all[at++] = n->word[i];
	for (const struct ka_node *c = n->child; c; c = c->next)
		for (uint32_t i = 0; i < c->word_n; i++)
			all[at++] = c->word[i];
	(void)ka_add_texts(k, n, key, o, all, count);
}

static void put_status(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		       struct ka_obj *o)
{
	struct conf_status all = { { 0 } }, one;
	unsigned char *field = schema_place(key, o->base);
	uint32_t i = 1;

	do { /* once at least: a missing value is told */
		if (!ka_value(k, n, i, key, o))
			return;
		memcpy(&one, field, sizeof(one));
		for (size_t w = 0; w < sizeof(all.w) / sizeof(*all.w); w++)
			all.w[w] |= one.w[w];
	} while (++i < n->word_n);
	memcpy(field, &all, sizeof(all));
}

typedef void element_fn(struct ka *k, const struct ka_node *n, struct ka_obj *o);

static element_fn *const elements[SCHEMA_KIND_N] = {
	[SCHEMA_vip] = ka_addresses, [SCHEMA_route] = ka_routes,      [SCHEMA_rule] = ka_rules,
	[SCHEMA_peer] = ka_peers,    [SCHEMA_track] = ka_tracks,      [SCHEMA_url] = ka_url,
	[SCHEMA_auth] = ka_auth,     [SCHEMA_hmac_key] = ka_hmac_key, [SCHEMA_hmac] = ka_hmac,
};

/* A list's elements must lie together: all statements of the block that add to it are read now. */
static void put_list(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		     struct ka_obj *o)
{
	struct conf_range r = { .first = k->b.list[key->elem].n };
	const struct ka_node *n0 = n;

	BUG_ON(!elements[key->elem]);
	if (keyset_has(o->seen, schema_index(o->kind, key)))
		return; /* with the first of them */
	keyset_add(o->seen, schema_index(o->kind, key));
	for (; n; n = n->next)
		if (ka_row(o->kind, n->word[0]) == key)
			elements[key->elem](k, n, o);
	r.n = k->b.list[key->elem].n - r.first;
	if (r.n > key->hi && key->elem != SCHEMA_vip)
		ka_bad(k, n0, "'%s' has more than %lld entries", n0->word[0], (long long)key->hi);
	memcpy(schema_place(key, o->base), &r, sizeof(r));
}

void ka_row_word(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		 struct ka_obj *o)
{
	switch (key->type) {
	case KT_BOOL:
		put_bool(k, n, key, o);
		return;
	case KT_STRS:
		if (key->text_kind == TEXT_ANY) {
			(void)ka_command(k, n, key->name, o);
			ka_extra(k, n, 2);
		} else {
			put_texts(k, n, key, o);
		}
		return;
	case KT_STATUS:
		put_status(k, n, key, o);
		return;
	case KT_LIST:
		put_list(k, n, key, o);
		return;
	case KT_ONE:
		if (key->elem == SCHEMA_script)
			ka_script(k, n, key->name, o);
		else
			elements[key->elem](k, n, o);
		return;
	case KT_UINT:
	case KT_INT:
	case KT_NAMED:
	case KT_DUR:
	case KT_STR:
	case KT_ENUM:
	case KT_ADDR:
	case KT_PREFIX:
		(void)ka_value(k, n, 1, key, o);
		ka_extra(k, n, 2);
		return;
	}
	BUG(key->name);
}

/* ------------------------------------------------------------------ statements */

static void statement(struct ka *k, enum ka_block block, const struct ka_node *n, struct ka_obj *o,
		      bool is_late)
{
	const char *name = n->word[0];
	const struct ka_word *w = find_word(block, name);
	const struct schema_key *key;
	enum schema_kind kind;
	struct ka_obj other;

	if (w) {
		if (w->is_late == is_late)
			w->fn(k, n, o);
		return;
	}
	if (is_late)
		return;
	key = find_row(block, name, &kind);
	w = find_word(block, ""); /* for all that is left */
	if (!key) {
		if (ka_tell_never(k, block, n, name))
			return;
		if (w)
			w->fn(k, n, o);
		else
			ka_tell_unknown(k, block, n, name);
	} else if (kind == blocks[block].kind && o && o->kind == kind) {
		ka_row_word(k, n, key, o);
	} else {
		ka_once(k, &other, kind);
		ka_row_word(k, n, key, &other);
	}
}

void ka_statements(struct ka *k, enum ka_block block, const struct ka_node *first, struct ka_obj *o)
{
	for (int is_late = 0; is_late <= 1; is_late++)
		for (const struct ka_node *n = first; n; n = n->next)
			statement(k, block, n, o, is_late);
}

uint32_t ka_line_word(struct ka *k, enum ka_block block, const struct ka_node *n, uint32_t i,
		      struct ka_obj *o)
{
	const char *word = n->word[i];
	enum schema_kind kind;
	const struct schema_key *key = find_row(block, word, &kind);
	int value;

	if (!key) {
		if (!ka_tell_never(k, block, n, word))
			ka_tell_unknown(k, block, n, word);
		return i + 1;
	}
	value = key->type == KT_BOOL   ? 1
		: key->type == KT_ENUM ? schema_enum_value(key->names, word)
				       : -1;
	if (value < 0) {
		(void)ka_value(k, n, i + 1, key, o);
		return i + 2;
	}
	schema_put(key, o->base, value); /* the word is all there is to say */
	keyset_add(o->seen, schema_index(o->kind, key));
	return i + 1;
}

void ka_line(struct ka *k, enum ka_block block, const struct ka_node *n, uint32_t i,
	     struct ka_obj *o)
{
	while (i < n->word_n)
		i = ka_line_word(k, block, n, i, o);
}

struct conf_loc ka_loc(struct ka *k, const struct ka_node *n)
{
	if (n->loc.file != k->raw_file) {
		k->raw_file = n->loc.file;
		k->file = arena_strdup(&k->b.c->arena, n->loc.file);
	}
	return (struct conf_loc){ .file = k->file, .line = n->loc.line };
}

/* ------------------------------------------------------------------ all */

static void convert(struct ka *k, struct conf *c, const struct ka_node *root)
{
	build_init(&k->b, c, k->errs);
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		if (schema_of[kind].is_once)
			memcpy((unsigned char *)c + conf_shape[kind].array_off,
			       schema_defaults((enum schema_kind)kind), schema_of[kind].len);
	ka_report_begin(k);
	ka_statements(k, KA_TOP, root, NULL);
	ka_global_end(k);
	ka_names_end(k);
	ka_report_end(k);
	if (!k->errs->n_error)
		conf_expand(&k->b);
	build_fini(&k->b);
}

struct conf *ka_convert(const struct ka_source *src, struct err_list *errs,
			struct ka_report *report)
{
	struct ka_report own = { 0 };
	struct ka *k = calloc(1, sizeof(*k)); /* large for a stack */
	struct conf *c = conf_new();
	struct arena tree;
	struct ka_node *root;

	BUG_ON(!k);
	k->errs = errs;
	k->report = report ? report : &own;
	arena_init(&tree);
	if (ka_lex(src, &tree, errs, &root))
		convert(k, c, root);
	arena_fini(&tree);
	free(k);
	ka_report_fini(&own);
	if (!errs->n_error)
		conf_key_files(c, errs);
	err_sort(errs);
	if (!errs->n_error)
		return c;
	conf_free(c);
	return NULL;
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
