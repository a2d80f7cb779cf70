/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows of schema.def as data: what the parser, the comparison and the manual walk. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_kind {
#define ONCE(kind, where, text) SCHEMA_##kind,
#define KIND(kind, where, text) SCHEMA_##kind,
#define KEY(...)
#define FAR(...)
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
	SCHEMA_KIND_N
};

/* How a value is written in the file and kept in the struct. */
enum schema_type {
	KT_BOOL,
	KT_UINT, /* 1, 2 or 4 bytes: key->len */
	KT_INT, /* int32_t */
	KT_NAMED, /* a number that may have a name, or is not written in decimal: key->number */
	KT_DUR, /* int64_t us */
	KT_STR, /* const char * */
	KT_STRS, /* struct conf_strs */
	KT_ENUM, /* uint8_t; names in key->names */
	KT_ADDR, /* struct ip_addr */
	KT_PREFIX, /* struct ip_prefix */
	KT_STATUS, /* struct conf_status */
	KT_LIST, /* struct conf_range over elements of key->elem */
	KT_ONE, /* the same with one element or none, written without the list around it */
};

/* What a change of a setting costs while vipd runs; ordered from least to most. */
enum schema_reload {
	SCHEMA_SAME,
	SCHEMA_BUILD =
		SCHEMA_SAME, /* decides only what other settings are; gone from the snapshot */
	SCHEMA_LIVE, /* taken over, nothing else happens */
	SCHEMA_RESTART, /* the object starts anew */
	SCHEMA_DAEMON, /* only a restart of vipd does it */
};

/* Whether anything acts on a setting. */
enum schema_effect { SCHEMA_NOW, SCHEMA_YET, SCHEMA_NEVER };

struct schema_name {
	const char *name; /* NULL ends a table */
	uint8_t value;
};

/* A number from a text and back. False, NULL: no such number. */
struct schema_number {
	bool (*parse)(const char *text, int64_t *out);
	const char *(*print)(int64_t value, char buf[static 32]);
	const char *what; /* for messages: "the number or name of ..." */
	bool is_text; /* only written as a text: a plain number would be read otherwise */
};

/* Which texts are allowed, beyond their length. */
enum schema_text {
	TEXT_PLAIN, /* no control characters, no quotes: may stand in a log line */
	TEXT_FREE, /* no control characters */
	TEXT_ANY,
	TEXT_NAME, /* of an account or group */
	TEXT_IFNAME, /* of an interface */
	TEXT_PATH, /* absolute */
	TEXT_SECRET, /* as TEXT_FREE, and never shown */
	TEXT_HOSTPORT,
	TEXT_MAC,
	TEXT_HEX,
	TEXT_HEXMASK, /* X stands for any digit */
	TEXT_DIGEST,
};

struct schema_key {
	const char *name; /* NULL ends the rows of a kind */
	enum schema_type type;
	enum schema_reload reload;
	enum schema_effect effect;
	enum schema_kind elem; /* KT_LIST, KT_ONE */
	uint16_t off, len; /* of the field; off: for schema_field() and schema_place() */
	bool is_build; /* decides only what other settings are: zero in a snapshot */
	int64_t lo, hi; /* numbers: value; texts: length; lists: elements */
	int64_t dflt; /* or one of these: */
#define SCHEMA_NEED INT64_MIN
#define SCHEMA_INHERIT (INT64_MIN + 1)
#define SCHEMA_UP (INT64_MIN + 2) /* schema_up() */
	const char *dflt_text; /* of texts and addresses; NULL: none */
	const struct schema_name *names;
	const struct schema_number *number;
	enum schema_text text_kind;
	const char *unit, *keepalived, *text;
};

struct schema {
	const char *where, *text; /* the group or list that holds such objects */
	const struct schema_key *key;
	bool is_once; /* a configuration has one */
	size_t len; /* of its fields_KIND struct */
};

/* The rows of one kind are told apart by a bit each while loading. */
enum { SCHEMA_KEYS_MAX = 192, KEYSET_WORDS = SCHEMA_KEYS_MAX / 64 };

struct keyset {
	uint64_t w[KEYSET_WORDS];
};

extern const struct schema schema_of[SCHEMA_KIND_N];

/* The row with this name, or NULL. */
const struct schema_key *schema_find(enum schema_kind kind, const char *name);

/* The nearest known name to a misspelt one, or NULL when none is near. */
const char *schema_nearest(enum schema_kind kind, const char *name);

/* The number of edits between two names, at most cap. */
unsigned schema_distance(const char *a, const char *b, unsigned cap);

/* Whether only who may read the file may see a value: passwords, and what checks send, in which passwords
 * and tokens stand. */
bool schema_is_secret(const struct schema_key *key);

/* Where a row whose default is SCHEMA_UP inherits from. */
const struct schema_key *schema_up(const struct schema_key *key, enum schema_kind *up_kind);

/* The value of an enum's name (any case), or -1; and back ("?" for none). */
int schema_enum_value(const struct schema_name *names, const char *name);
const char *schema_enum_name(const struct schema_name *names, uint8_t value);

/* The words of each type of schema_words.def. */
#define WORDS(type) extern const struct schema_name schema_names_##type[];
#define WORD(...)
#include "core/conf/schema_words.def"
#undef WORDS
#undef WORD

/* Where a setting lies in the settings at base. Of a far row (FAR() in schema.def) it is in what those that have
 * the same share: only a copy of one's own may be written (conf_far.h). */
enum { SCHEMA_FAR = 0x8000 }; /* in off */
const void *schema_field(const struct schema_key *key, const void *base);
void *schema_place(const struct schema_key *key, void *base);

/* Puts a number (numbers, booleans, enums and durations) into the field; it is in range. And back. */
void schema_put(const struct schema_key *key, void *base, int64_t value);
int64_t schema_get(const struct schema_key *key, const void *base);

/* Whether a field has a value that a file could have given: neither zero nor an out-of-range default. */
bool schema_is_set(const struct schema_key *key, const void *base);

/* Copies a field; the types are the same. */
void schema_copy(const struct schema_key *to, void *base, const struct schema_key *from,
		 const void *from_base);

/* A kind's settings with all defaults that are values. */
const void *schema_defaults(enum schema_kind kind);

static inline bool keyset_has(const struct keyset *s, int i)
{
	return s->w[i / 64] >> i % 64 & 1;
}

static inline void keyset_add(struct keyset *s, int i)
{
	s->w[i / 64] |= UINT64_C(1) << i % 64;
}

static inline void keyset_del(struct keyset *s, int i)
{
	s->w[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static inline void keyset_join(struct keyset *s, const struct keyset *more)
{
	for (int w = 0; w < KEYSET_WORDS; w++)
		s->w[w] |= more->w[w];
}

static inline bool keyset_is_empty(const struct keyset *s)
{
	for (int w = 0; w < KEYSET_WORDS; w++)
		if (s->w[w])
			return false;
	return true;
}

/* The first row in it from number i on, or -1. */
static inline int keyset_next(const struct keyset *s, int i)
{
	while (i < SCHEMA_KEYS_MAX) {
		uint64_t rest = s->w[i / 64] >> i % 64;

		if (rest)
			return i + __builtin_ctzll(rest);
		i = (i / 64 + 1) * 64;
	}
	return -1;
}

/* A row's number in its kind. */
static inline int schema_index(enum schema_kind kind, const struct schema_key *key)
{
	return (int)(key - schema_of[kind].key);
}
