/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows of schema.def as data: what the parser, the comparison and the manual walk. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schema_kind {
#define KIND(kind, where, text) SCHEMA_##kind,
#define KEY(...)
#include "core/conf/schema.def"
#undef KEY
#undef KIND
	SCHEMA_KIND_N
};

/* How a value is written in the file and kept in the struct. */
enum schema_type {
	KT_BOOL,
	KT_UINT, /* 1, 2 or 4 bytes: key->len */
	KT_DUR, /* int64_t us */
	KT_STR, /* const char * */
	KT_ENUM, /* uint8_t; names in key->names */
	KT_ADDR, /* struct ip_addr */
	KT_PREFIX, /* struct ip_prefix */
	KT_STATUS, /* struct conf_status */
	KT_LIST, /* struct conf_range over elements of key->elem */
};

/* What a change of a setting costs while vipd runs; ordered from least to most. */
enum schema_reload {
	SCHEMA_SAME,
	SCHEMA_LIVE, /* taken over, nothing else happens */
	SCHEMA_RESTART, /* the object starts anew */
	SCHEMA_DAEMON, /* only a restart of vipd does it */
};

struct schema_name {
	const char *name; /* NULL ends a table */
	uint8_t value;
};

struct schema_key {
	const char *name; /* NULL ends the rows of a kind */
	enum schema_type type;
	enum schema_reload reload;
	enum schema_kind elem; /* KT_LIST */
	uint16_t off, len; /* of the field in its fields_KIND struct */
	int64_t lo, hi; /* numbers: value; texts: length; lists: elements */
	int64_t dflt; /* or one of these two: */
#define SCHEMA_NEED INT64_MIN
#define SCHEMA_INHERIT (INT64_MIN + 1)
	const struct schema_name *names;
	const char *unit, *keepalived, *text;
};

struct schema {
	const char *where, *text; /* the group or list that holds such objects */
	const struct schema_key *key;
};

enum {
	SCHEMA_KEYS_MAX = 64
}; /* rows of one kind: they are told apart by a bit each while loading */

extern const struct schema schema_of[SCHEMA_KIND_N];

/* The row with this name, or NULL. */
const struct schema_key *schema_find(enum schema_kind kind, const char *name);

/* The nearest known name to a misspelt one, or NULL when none is near. */
const char *schema_nearest(enum schema_kind kind, const char *name);

/* The number of edits between two names, at most cap. */
unsigned schema_distance(const char *a, const char *b, unsigned cap);

/* The value of an enum's name (any case), or -1; and back. */
int schema_enum_value(const struct schema_name *names, const char *name);
const char *schema_enum_name(const struct schema_name *names, uint8_t value);

extern const struct schema_name schema_names_PROTOCOL[], schema_names_SCHED[],
	schema_names_METHOD[], schema_names_CHECK_TYPE[];

/* Whether a setting has the same value in two fields_KIND structs; of a list: true (see below). */
bool schema_same(const struct schema_key *key, const void *a, const void *b);

/* The worst reload class among the settings that differ between two fields_KIND structs. Lists are
 * not compared: their elements are objects of their own. */
enum schema_reload schema_diff(enum schema_kind kind, const void *a, const void *b);

/* Puts a number (numbers, booleans, enums and durations) into the field. It is in range. */
void schema_put(const struct schema_key *key, void *base, int64_t value);
