/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the converter share. Main only, as conf_build.h.
 *
 *	ka_conv.c     blocks and their keywords, statements one by one, the whole
 *	ka_row.c      keyword -> row of schema.def (its keepalived column)
 *	ka_value.c    words of a statement -> the field of a row
 *	ka_script.c   commands in keepalived's quotes and escapes, accounts
 *	ka_report.c   what is not converted
 *	ka_global.c   global_defs and the small blocks of the file's own level
 *	ka_vrrp.c     instances, sync groups, authentication
 *	ka_track.c    what instances track
 *	ka_route.c    lines of addresses, routes and rules
 *	ka_lvs.c      services and groups of addresses
 *	ka_rs.c       real servers
 *	ka_check.c    checks
 *
 * Everything goes into the lists of struct build, with the settings that were given marked, and so
 * through the same conf_expand() as vipd's own files.
 */
#pragma once

#include "core/conf/conf_build.h"
#include "core/conf/ka_conv.h"

enum {
	KA_TELL_MAX = 10, /* places of a keyword that are named; more are counted */
	KA_CHECKS_MAX = 16, /* of one server, as in schema.def */
};

enum ka_block {
	KA_TOP,
	KA_GLOBAL,
	KA_TRACK_GROUP,
	KA_GARP_GROUP,
	KA_SCRIPT,
	KA_TRACK_FILE,
	KA_TRACK_PROCESS,
	KA_SYNC,
	KA_SSL,
	KA_BFD,
	KA_VRRP,
	KA_AUTH,
	KA_HMAC,
	KA_ADDRESS, /* words of a line, as of the next few */
	KA_ROUTE,
	KA_NEXTHOP,
	KA_RULE,
	KA_PEER,
	KA_TRACK,
	KA_TIMEOUTS,
	KA_SYNCD,
	KA_VSG,
	KA_VS,
	KA_RS,
	KA_TCP,
	KA_HTTP,
	KA_SSL_GET,
	KA_URL,
	KA_SMTP,
	KA_SMTP_HOST,
	KA_DNS,
	KA_UDP,
	KA_PING,
	KA_MISC,
	KA_BFD_CHECK,
	KA_FILE_CHECK,
	KA_BLOCK_N
};

/* How often a keyword was met, and where first. */
struct ka_seen {
	uint32_t n;
	struct conf_loc loc;
};

enum ka_fifo { KA_FIFO_ALL, KA_FIFO_VRRP, KA_FIFO_LVS, KA_FIFO_N };

/* What a block or line makes: the fields, and which of them were given. */
struct ka_obj {
	enum schema_kind kind;
	void *base; /* struct fields_KIND */
	struct keyset *seen;
	struct ka_obj *up; /* of the block around it; NULL: none */
	struct conf_made made; /* where base and seen are, of kinds that are not there once */
};

/* One conversion. */
struct ka {
	struct build b;
	struct err_list *errs;
	struct ka_report *report;
	const char *raw_file; /* the lexer's pointer for the file last seen ... */
	const char *file; /* ... and our copy of that name */
	struct ka_seen *seen; /* for each row of ka_words.def */
	struct ka_seen unknown;
	uint32_t told_n; /* places that no row counts */
	/* a value that can't be read: an error, or a line that is left out as in keepalived */
	bool is_lenient, is_bad;
	bool needs_interface; /* a static address names none */
	struct ka_obj fifo[KA_FIFO_N]; /* kind 0 = SCHEMA_global: none so far */
	struct ka_obj syncd; /* the same */
};

/* One keyword of a block: o is what the block makes. */
typedef void ka_word_fn(struct ka *k, const struct ka_node *n, struct ka_obj *o);

struct ka_word {
	const char *name; /* NULL ends a table */
	ka_word_fn *fn;
	bool is_late; /* after all others of its block, wherever it stands */
};

extern const struct ka_word ka_words_top[], ka_words_global[], ka_words_garp_group[],
	ka_words_script[], ka_words_track_file[], ka_words_process[], ka_words_bfd[],
	ka_words_sync[], ka_words_vrrp[], ka_words_auth[], ka_words_vs[], ka_words_rs[],
	ka_words_http[], ka_words_url[], ka_words_smtp[], ka_words_udp[], ka_words_misc[],
	ka_words_file_check[];

/* ------------------------------------------------------------------ objects */

/* Makes *o an object of the kind with its defaults, where n stands. */
void ka_begin(struct ka *k, struct ka_obj *o, enum schema_kind kind, const struct ka_node *n,
	      struct ka_obj *up);

/* The same for a kind that a configuration has once. */
void ka_once(struct ka *k, struct ka_obj *o, enum schema_kind kind);

/* Into its list; what is needed and was not given is told first. */
void ka_push(struct ka *k, const struct ka_node *n, struct ka_obj *o);

/* Into its list, and into this row of the object around it, which has one such object. */
void ka_push_one(struct ka *k, const struct ka_node *n, struct ka_obj *o, struct ka_obj *up,
		 const char *row);

bool ka_has(const struct ka_obj *o, const char *row);
void ka_mark(struct ka_obj *o, const char *row);

/* A number, truth or word of an enum. */
void ka_set(struct ka_obj *o, const char *row, int64_t value);
int64_t ka_get(const struct ka_obj *o, const char *row);

/* A text that is as a file could have it. False: told. */
bool ka_set_text(struct ka *k, const struct ka_node *n, struct ka_obj *o, const char *row,
		 const char *text);

/* ------------------------------------------------------------------ statements */

/* The keywords of a block, first to last. */
void ka_statements(struct ka *k, enum ka_block block, const struct ka_node *first,
		   struct ka_obj *o);

/* A statement whose keyword is in the keepalived column of this row. */
void ka_row_word(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		 struct ka_obj *o);

/* The row of the kind with this keyword, or NULL. */
const struct schema_key *ka_row(enum schema_kind kind, const char *word);

/* Whether a word is one of several with blanks between. */
bool ka_has_word(const char *words, const char *name);

/* Word i of a line and what belongs to it; returns the number of the next. */
uint32_t ka_line_word(struct ka *k, enum ka_block block, const struct ka_node *n, uint32_t i,
		      struct ka_obj *o);

/* All words of a line from i on. */
void ka_line(struct ka *k, enum ka_block block, const struct ka_node *n, uint32_t i,
	     struct ka_obj *o);

/* Where a statement stands, for objects that outlive the tree. */
struct conf_loc ka_loc(struct ka *k, const struct ka_node *n);

/* ------------------------------------------------------------------ values */

/* Word i of a statement into the field of a row, which is marked. False: it has been told. */
bool ka_value(struct ka *k, const struct ka_node *n, uint32_t i, const struct schema_key *key,
	      struct ka_obj *o);

/* The same by the row's name. */
bool ka_put(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o, const char *row);

/* on, true, yes, off, false, no. False: none of them. */
bool ka_bool(const char *word, bool *out);

/* An unsigned number, perhaps with text behind it (which is told). False: told. */
bool ka_number(struct ka *k, const struct ka_node *n, uint32_t i, uint32_t lo, uint32_t hi,
	       uint32_t *out);

/* Texts into a row of several; those it has already come first. */
bool ka_add_texts(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		  struct ka_obj *o, const char *const *texts, uint32_t n_texts);

/* Word 1 as a command into the row, taken apart as keepalived does. */
bool ka_command(struct ka *k, const struct ka_node *n, const char *row, struct ka_obj *o);

/* Words i and i + 1, user [[:]group], into the rows. */
void ka_user(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o, const char *user,
	     const char *group);

/* SCRIPT [user [group]] into a row of o that has one such. */
void ka_script(struct ka *k, const struct ka_node *n, const char *row, struct ka_obj *o);

/* ------------------------------------------------------------------ the report */

#define KA_ERROR(k, n, ...) err_add((k)->errs, ERR_ERROR, (n)->loc.file, (n)->loc.line, __VA_ARGS__)
#define KA_WARN(k, n, ...)                                                                         \
	err_add((k)->errs, ERR_WARNING, (n)->loc.file, (n)->loc.line, __VA_ARGS__)

/* What is wrong with a value: an error, or in a line that keepalived would leave out a warning. */
__attribute__((format(printf, 3, 4))) void ka_bad(struct ka *k, const struct ka_node *n,
						  const char *fmt, ...);

/* Whether ka_words.def has a keyword for the block. */
bool ka_is_never(enum ka_block block, const char *word);

/* Reports it, if it is there. False: it is not. */
bool ka_tell_never(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word);

/* Reports a word that no table has. */
void ka_tell_unknown(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word);

/* Reports the words of a statement from number i on. */
void ka_extra(struct ka *k, const struct ka_node *n, uint32_t i);

void ka_report_begin(struct ka *k);
void ka_report_end(struct ka *k);

/* "virtual_server" for messages. */
const char *ka_block_name(enum ka_block block);

/* ------------------------------------------------------------------ blocks */

/* What the elements of a list are made of: all statements of a block that have the row's keyword are
 * given one after the other. */
void ka_addresses(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_routes(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_rules(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_peers(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_tracks(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_hmac_key(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_url(struct ka *k, const struct ka_node *n, struct ka_obj *o);

/* Blocks that are one object of the block around them. */
void ka_auth(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_hmac(struct ka *k, const struct ka_node *n, struct ka_obj *o);

/* Blocks of the file's own level. */
void ka_vrrp_instance(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_sync_group(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_virtual_server(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_virtual_server_group(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_vrrp_script(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_track_file(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_track_process(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_if_delays(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_garp_group(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_track_group(struct ka *k, const struct ka_node *n, struct ka_obj *o);
void ka_bfd_instance(struct ka *k, const struct ka_node *n, struct ka_obj *o);

void ka_real_server(struct ka *k, const struct ka_node *n, struct ka_obj *vs);

/* lvs_method, lb_kind and sorry_server_lvs_method: into `lvs_method` and `tunnel` of o. */
void ka_method(struct ka *k, const struct ka_node *n, struct ka_obj *o);

/* A check's block, by its name. */
void ka_check(struct ka *k, const struct ka_node *n, struct ka_obj *rs);

/* After the whole file: what several statements of global_defs make together. */
void ka_names_end(struct ka *k);
void ka_global_end(struct ka *k);

/* The sync daemon by a keyword of an instance, when global_defs has none. */
void ka_instance_syncd(struct ka *k, const struct ka_node *n, struct ka_obj *in);

/* ------------------------------------------------------------------ equal and double objects */

/* Whether two elements of a kind's list were given the same settings. */
bool ka_same(const struct build *b, enum schema_kind kind, uint32_t i, uint32_t j);
bool ka_same_list(const struct build *b, enum schema_kind kind, struct conf_range x,
		  struct conf_range y);

/* Takes elements out of a range at the end of its list that repeat an earlier one of it. cmp compares
 * two objects; arg is its own. tell is called for each that goes. */
typedef int ka_cmp_fn(const void *a, const void *b, const void *arg);
typedef void ka_twice_fn(struct ka *k, const void *obj);
void ka_drop_twice(struct ka *k, enum schema_kind kind, struct conf_range *r, ka_cmp_fn *cmp,
		   const void *arg, ka_twice_fn *tell);
