/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the converter share: the kinds of blocks, their keywords and the report.
 */
#pragma once

#include "core/conf/conf_make.h"
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
	KA_BFD_INSTANCE,
	KA_VRRP,
	KA_AUTH,
	KA_HMAC,
	KA_ADDRESS,
	KA_VS,
	KA_RS,
	KA_CHECK, /* words of every check */
	KA_TCP,
	KA_HTTP,
	KA_URL,
	KA_OTHER_CHECK,
	KA_BLOCK_N
};

/* How often a keyword was met, and where first. */
struct ka_seen {
	uint32_t n;
	struct conf_loc loc;
};

/* One conversion. */
struct ka {
	struct conf_make b;
	struct err_list *errs;
	struct ka_report *report;
	const char *raw_file; /* the lexer's pointer for the file last seen ... */
	const char *file; /* ... and our copy of that name */
	struct ka_seen *seen; /* for each row of ka_words.def */
	struct ka_seen unknown;
	uint32_t told_n; /* places that no row counts */
	bool has_alpha_note;
	/* what global_defs says for all instances */
	uint8_t garp_repeat_n;
	int64_t garp_delay_us;
};

/* One keyword of a block: obj is what the block makes. */
typedef void ka_word_fn(struct ka *k, const struct ka_node *n, void *obj);

struct ka_word {
	const char *name; /* NULL ends a table */
	ka_word_fn *fn;
	bool is_late; /* after all others of its block, wherever it stands */
};

extern const struct ka_word ka_words_vrrp[], ka_words_vs[], ka_words_rs[], ka_words_check[],
	ka_words_http[], ka_words_url[];

/* The keywords of a block, first to last, into obj; obj begins with the settings of its kind. */
void ka_statements(struct ka *k, enum ka_block block, const struct ka_node *first, void *obj);

/* Where a statement stands, for objects that outlive the tree. */
struct conf_loc ka_loc(struct ka *k, const struct ka_node *n);

/* Word i of a statement into the field that key names. False: it has been told. */
bool ka_value(struct ka *k, const struct ka_node *n, uint32_t i, const struct schema_key *key,
	      void *base);

/* A statement whose keyword is in the keepalived column of a row of this kind. */
void ka_row_word(struct ka *k, const struct ka_node *n, enum schema_kind kind, void *base);

/* Reports the words of a statement from number i on. */
void ka_extra(struct ka *k, const struct ka_node *n, uint32_t i);

/* Reports a keyword that ka_words.def has for the block. False: it has none. */
bool ka_tell_not(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word);

/* Reports what only a look at its value told. */
__attribute__((format(printf, 3, 4))) void ka_tell(struct ka *k, const struct ka_node *n,
						   const char *fmt, ...);

/* Reports a word that no table has. */
void ka_tell_unknown(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word);

#define KA_ERROR(k, n, ...) err_add((k)->errs, ERR_ERROR, (n)->loc.file, (n)->loc.line, __VA_ARGS__)
#define KA_WARN(k, n, ...)                                                                         \
	err_add((k)->errs, ERR_WARNING, (n)->loc.file, (n)->loc.line, __VA_ARGS__)

/* The blocks of the file's own level that make something. */
void ka_vrrp_instance(struct ka *k, const struct ka_node *n, void *obj);
void ka_virtual_server(struct ka *k, const struct ka_node *n, void *obj);

/* What checks inherit from their server and that from its service. */
struct ka_inherit {
	int64_t interval_us, timeout_us;
	uint8_t fall_n;
	const char *host; /* NULL: none */
};

/* A server with its block; the fields come first (ka_statements). */
struct ka_rs {
	struct conf_rs o;
	struct ka_inherit in;
	uint8_t method; /* as its service's */
};

/* The words that set struct ka_inherit, for blocks whose inherit is at in. */
void ka_inherit_word(struct ka *k, const struct ka_node *n, struct ka_inherit *in);

void ka_tcp_check(struct ka *k, const struct ka_node *n, void *rs);
void ka_http_get(struct ka *k, const struct ka_node *n, void *rs);
