/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See schema.h.
 */
#include "core/conf/schema.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf.h"

#include <string.h>
#include <strings.h>

const char *const conf_sched_name[] = { "rr", "wrr", "wlc", "lc",  "lblc", "lblcr", "sh",
					"mh", "dh",  "fo",  "ovf", "sed",  "nq",    "twos" };

const struct schema_name schema_names_PROTOCOL[] = {
	{ "tcp", VS_TCP },
	{ "udp", VS_UDP },
	{ NULL, 0 },
};

/* value: index of conf_sched_name[] */
const struct schema_name schema_names_SCHED[] = {
	{ "rr", 0 },    { "wrr", 1 },  { "wlc", 2 }, { "lc", 3 },    { "lblc", 4 },
	{ "lblcr", 5 }, { "sh", 6 },   { "mh", 7 },  { "dh", 8 },    { "fo", 9 },
	{ "ovf", 10 },  { "sed", 11 }, { "nq", 12 }, { "twos", 13 }, { NULL, 0 },
};

const struct schema_name schema_names_METHOD[] = {
	{ "NAT", VS_NAT },
	{ "DR", VS_DR },
	{ "TUN", VS_TUN },
	{ NULL, 0 },
};

const struct schema_name schema_names_CHECK_TYPE[] = {
	{ "tcp", CHECK_TCP },
	{ "http", CHECK_HTTP },
	{ NULL, 0 },
};

/* what a TYPE of schema.def is made of: type, element kind, names */
#define SHAPE_BOOL KT_BOOL, SCHEMA_KIND_N, NULL
#define SHAPE_U8 KT_UINT, SCHEMA_KIND_N, NULL
#define SHAPE_U16 KT_UINT, SCHEMA_KIND_N, NULL
#define SHAPE_U32 KT_UINT, SCHEMA_KIND_N, NULL
#define SHAPE_DUR KT_DUR, SCHEMA_KIND_N, NULL
#define SHAPE_STR KT_STR, SCHEMA_KIND_N, NULL
#define SHAPE_ADDR KT_ADDR, SCHEMA_KIND_N, NULL
#define SHAPE_PREFIX KT_PREFIX, SCHEMA_KIND_N, NULL
#define SHAPE_STATUS KT_STATUS, SCHEMA_KIND_N, NULL
#define SHAPE_PROTOCOL KT_ENUM, SCHEMA_KIND_N, schema_names_PROTOCOL
#define SHAPE_SCHED KT_ENUM, SCHEMA_KIND_N, schema_names_SCHED
#define SHAPE_METHOD KT_ENUM, SCHEMA_KIND_N, schema_names_METHOD
#define SHAPE_CHECK_TYPE KT_ENUM, SCHEMA_KIND_N, schema_names_CHECK_TYPE
#define SHAPE_LIST_VIP KT_LIST, SCHEMA_vip, NULL
#define SHAPE_LIST_RS KT_LIST, SCHEMA_rs, NULL
#define SHAPE_LIST_CHECK KT_LIST, SCHEMA_check, NULL

#define NEED SCHEMA_NEED
#define INHERIT SCHEMA_INHERIT
#define ROW(n, off_, len_, shape, lo_, hi_, d, u, r, ka, t)                                        \
	ROW_(n, off_, len_, shape, lo_, hi_, d, u, r, ka, t)
#define ROW_(n, off_, len_, ty, el, nm, lo_, hi_, d, u, r, ka, t)                                  \
	{ .name = (n),                                                                             \
	  .type = ty,                                                                              \
	  .reload = (r),                                                                           \
	  .elem = el,                                                                              \
	  .off = (off_),                                                                           \
	  .len = (len_),                                                                           \
	  .lo = (lo_),                                                                             \
	  .hi = (hi_),                                                                             \
	  .dflt = (d),                                                                             \
	  .names = nm,                                                                             \
	  .unit = (u),                                                                             \
	  .keepalived = (ka),                                                                      \
	  .text = (t) },

/* All rows in one array; each kind's rows end at the nameless row that opens the next kind. */
static const struct schema_key rows[] = {
#define KIND(kind, where, text) { .name = NULL },
#define KEY(kind, field, key, type, lo, hi, dflt, unit, reload, ka, text)                          \
	ROW(key, offsetof(struct fields_##kind, field), sizeof(ty_##type), SHAPE_##type, lo, hi,   \
	    dflt, unit, SCHEMA_##reload, ka, text)
#include "core/conf/schema.def"
#undef KEY
#undef KIND
	{ .name = NULL },
};

/* the same order as numbers, to find where a kind begins */
enum row_index {
#define KIND(kind, where, text) ROW_BEGIN_##kind,
#define KEY(kind, field, key, type, lo, hi, dflt, unit, reload, ka, text) ROW_##kind##_##field,
#include "core/conf/schema.def"
#undef KEY
#undef KIND
	ROW_END
};

const struct schema schema_of[SCHEMA_KIND_N] = {
#define KIND(kind, w, t)                                                                           \
	[SCHEMA_##kind] = { .where = (w), .text = (t), .key = &rows[ROW_BEGIN_##kind + 1] },
#define KEY(...)
#include "core/conf/schema.def"
#undef KEY
#undef KIND
};

const struct schema_key *schema_find(enum schema_kind kind, const char *name)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

unsigned schema_distance(const char *a, const char *b, unsigned cap)
{
	enum { LONGEST = 64 };
	unsigned row[LONGEST + 1];
	size_t an = strlen(a), bn = strlen(b);

	if (an > LONGEST || bn > LONGEST)
		return cap;
	for (unsigned j = 0; j <= bn; j++)
		row[j] = j;
	for (unsigned i = 1; i <= an; i++) {
		unsigned diag = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= bn; j++) {
			unsigned best = diag + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diag = row[j];
			row[j] = best;
		}
	}
	return row[bn] < cap ? row[bn] : cap;
}

const char *schema_nearest(enum schema_kind kind, const char *name)
{
	const char *best = NULL;
	/* a third of the name may be wrong; more would be guessing */
	unsigned best_d = (unsigned)strlen(name) / 3 + 1;

	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		unsigned d = schema_distance(name, k->name, best_d + 1);

		if (d <= best_d && (!best || d < best_d)) {
			best = k->name;
			best_d = d;
		}
	}
	return best;
}

int schema_enum_value(const struct schema_name *names, const char *name)
{
	for (; names->name; names++)
		if (!strcasecmp(names->name, name))
			return names->value;
	return -1;
}

const char *schema_enum_name(const struct schema_name *names, uint8_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return "?";
}

void schema_put(const struct schema_key *key, void *base, int64_t value)
{
	unsigned char *field = (unsigned char *)base + key->off;
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;
	bool yes = value != 0;

	switch (key->type) {
	case KT_BOOL:
		memcpy(field, &yes, sizeof(yes));
		return;
	case KT_DUR:
		memcpy(field, &value, sizeof(value));
		return;
	case KT_ENUM:
	case KT_UINT:
		if (key->len == sizeof(u8))
			memcpy(field, &u8, sizeof(u8));
		else if (key->len == sizeof(u16))
			memcpy(field, &u16, sizeof(u16));
		else
			memcpy(field, &u32, sizeof(u32));
		return;
	case KT_STR:
	case KT_ADDR:
	case KT_PREFIX:
	case KT_STATUS:
	case KT_LIST:
		break;
	}
	BUG(key->name);
}

static bool text_eq(const void *a, const void *b)
{
	const char *sa, *sb;

	memcpy(&sa, a, sizeof(sa));
	memcpy(&sb, b, sizeof(sb));
	return sa == sb || (sa && sb && !strcmp(sa, sb));
}

static bool field_eq(const struct schema_key *k, const void *a, const void *b)
{
	const void *fa = (const unsigned char *)a + k->off;
	const void *fb = (const unsigned char *)b + k->off;

	switch (k->type) {
	case KT_STR:
		return text_eq(fa, fb);
	case KT_LIST:
		return true;
	case KT_BOOL:
	case KT_UINT:
	case KT_DUR:
	case KT_ENUM:
	case KT_ADDR:
	case KT_PREFIX:
	case KT_STATUS:
		break;
	}
	/* none of them has padding, and unused bytes are zero */
	return !memcmp(fa, fb, k->len);
}

bool schema_same(const struct schema_key *key, const void *a, const void *b)
{
	return field_eq(key, a, b);
}

enum schema_reload schema_diff(enum schema_kind kind, const void *a, const void *b)
{
	enum schema_reload worst = SCHEMA_SAME;

	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (k->reload > worst && !field_eq(k, a, b))
			worst = k->reload;
	return worst;
}
