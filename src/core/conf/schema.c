/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See schema.h.
 */
#include "core/conf/schema.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf.h"
#include "core/conf/schema_number.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

/* The words of each type: its table begins behind the NULL that ends the one before. */
static const struct schema_name none_before[] __attribute__((unused)) = {
	{ NULL, 0 },
#define WORDS(type)                                                                                \
	{ NULL, 0 },                                                                               \
	}                                                                                          \
	;                                                                                          \
	const struct schema_name schema_names_##type[] = {
#define WORD(type, constant, value, name) { name, value },
#include "core/conf/schema_words.def"
#undef WORDS
#undef WORD
	{ NULL, 0 },
};

const char *const conf_sched_name[] = { "rr", "wrr", "wlc", "lc",  "lblc", "lblcr", "sh",
					"mh", "dh",  "fo",  "ovf", "sed",  "nq",    "twos" };

/* what a TYPE of schema.def is made of: type, element kind, names, number, kind of text */
#define SHAPE_BOOL KT_BOOL, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_U8 KT_UINT, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_U16 KT_UINT, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_U32 KT_UINT, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_S32 KT_INT, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_DUR KT_DUR, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_LIFETIME KT_DUR, SCHEMA_KIND_N, NULL, &schema_lifetime, 0
#define SHAPE_STRS KT_STRS, SCHEMA_KIND_N, NULL, NULL, TEXT_FREE
#define SHAPE_CMD KT_STRS, SCHEMA_KIND_N, NULL, NULL, TEXT_ANY
#define SHAPE_ADDR KT_ADDR, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_PREFIX KT_PREFIX, SCHEMA_KIND_N, NULL, NULL, 0
#define SHAPE_PREFIX_ANY KT_PREFIX, SCHEMA_KIND_N, NULL, &schema_any_prefix, 0
#define SHAPE_STATUS KT_STATUS, SCHEMA_KIND_N, NULL, NULL, 0

#define SHAPE_STR_(kind) KT_STR, SCHEMA_KIND_N, NULL, NULL, kind
#define SHAPE_STR SHAPE_STR_(TEXT_PLAIN)
#define SHAPE_TEXT SHAPE_STR_(TEXT_FREE)
#define SHAPE_ESCAPED SHAPE_STR_(TEXT_ANY)
#define SHAPE_USER SHAPE_STR_(TEXT_NAME)
#define SHAPE_IFNAME SHAPE_STR_(TEXT_IFNAME)
#define SHAPE_PATH SHAPE_STR_(TEXT_PATH)
#define SHAPE_SECRET SHAPE_STR_(TEXT_SECRET)
#define SHAPE_HOSTPORT SHAPE_STR_(TEXT_HOSTPORT)
#define SHAPE_MAC SHAPE_STR_(TEXT_MAC)
#define SHAPE_HEX SHAPE_STR_(TEXT_HEX)
#define SHAPE_HEXMASK SHAPE_STR_(TEXT_HEXMASK)
#define SHAPE_DIGEST SHAPE_STR_(TEXT_DIGEST)

#define SHAPE_NUMBER(n) KT_NAMED, SCHEMA_KIND_N, NULL, n, 0
#define SHAPE_UMASK SHAPE_NUMBER(&schema_octal)
#define SHAPE_SCOPE SHAPE_NUMBER(&schema_scope)
#define SHAPE_RT_TABLE SHAPE_NUMBER(&schema_rt_table)
#define SHAPE_RT_PROTO SHAPE_NUMBER(&schema_rt_proto)
#define SHAPE_RT_TOS SHAPE_NUMBER(&schema_rt_tos)
#define SHAPE_GRANULARITY SHAPE_NUMBER(&schema_granularity)

#define SHAPE_WORD(type) KT_ENUM, SCHEMA_KIND_N, schema_names_##type, NULL, 0
#define SHAPE_PROTOCOL SHAPE_WORD(PROTOCOL)
#define SHAPE_SCHED SHAPE_WORD(SCHED)
#define SHAPE_METHOD SHAPE_WORD(METHOD)
#define SHAPE_FAMILY SHAPE_WORD(FAMILY)
#define SHAPE_TUNNEL_TYPE SHAPE_WORD(TUNNEL_TYPE)
#define SHAPE_TUNNEL_CSUM SHAPE_WORD(TUNNEL_CSUM)
#define SHAPE_ADMIN SHAPE_WORD(ADMIN)
#define SHAPE_ON_STOP SHAPE_WORD(ON_STOP)
#define SHAPE_OWNERSHIP SHAPE_WORD(OWNERSHIP)
#define SHAPE_DRIFT_MODE SHAPE_WORD(DRIFT_MODE)
#define SHAPE_FOREIGN SHAPE_WORD(FOREIGN)
#define SHAPE_MAIL_TLS SHAPE_WORD(MAIL_TLS)
#define SHAPE_FIFO_FORMAT SHAPE_WORD(FIFO_FORMAT)
#define SHAPE_LOG_TARGET SHAPE_WORD(LOG_TARGET)
#define SHAPE_LOG_LEVEL SHAPE_WORD(LOG_LEVEL)
#define SHAPE_LOG_FAILURES SHAPE_WORD(LOG_FAILURES)
#define SHAPE_VRRP_STATE SHAPE_WORD(VRRP_STATE)
#define SHAPE_IPVLAN_MODE SHAPE_WORD(IPVLAN_MODE)
#define SHAPE_OLD_CSUM SHAPE_WORD(OLD_CSUM)
#define SHAPE_AUTH_TYPE SHAPE_WORD(AUTH_TYPE)
#define SHAPE_ANTI_REPLAY SHAPE_WORD(ANTI_REPLAY)
#define SHAPE_HMAC_MODE SHAPE_WORD(HMAC_MODE)
#define SHAPE_INIT_FILE SHAPE_WORD(INIT_FILE)
#define SHAPE_PARAM_MATCH SHAPE_WORD(PARAM_MATCH)
#define SHAPE_ROUTE_TYPE SHAPE_WORD(ROUTE_TYPE)
#define SHAPE_ROUTE_PREF SHAPE_WORD(ROUTE_PREF)
#define SHAPE_TTL_PROPAGATE SHAPE_WORD(TTL_PROPAGATE)
#define SHAPE_ROUTE_PLACE SHAPE_WORD(ROUTE_PLACE)
#define SHAPE_RULE_ACTION SHAPE_WORD(RULE_ACTION)
#define SHAPE_CHECK_TYPE SHAPE_WORD(CHECK_TYPE)
#define SHAPE_CLOSE_MODE SHAPE_WORD(CLOSE_MODE)
#define SHAPE_HTTP_VERSION SHAPE_WORD(HTTP_VERSION)
#define SHAPE_DNS_TYPE SHAPE_WORD(DNS_TYPE)
#define SHAPE_TLS_VERIFY SHAPE_WORD(TLS_VERIFY)
#define SHAPE_TLS_VERSION SHAPE_WORD(TLS_VERSION)

#define SHAPE_LIST_auth KT_LIST, SCHEMA_auth, NULL, NULL, 0
#define SHAPE_ONE_auth KT_ONE, SCHEMA_auth, NULL, NULL, 0
#define SHAPE_LIST_check KT_LIST, SCHEMA_check, NULL, NULL, 0
#define SHAPE_ONE_check KT_ONE, SCHEMA_check, NULL, NULL, 0
#define SHAPE_LIST_drift KT_LIST, SCHEMA_drift, NULL, NULL, 0
#define SHAPE_ONE_drift KT_ONE, SCHEMA_drift, NULL, NULL, 0
#define SHAPE_LIST_expect KT_LIST, SCHEMA_expect, NULL, NULL, 0
#define SHAPE_ONE_expect KT_ONE, SCHEMA_expect, NULL, NULL, 0
#define SHAPE_LIST_fifo KT_LIST, SCHEMA_fifo, NULL, NULL, 0
#define SHAPE_ONE_fifo KT_ONE, SCHEMA_fifo, NULL, NULL, 0
#define SHAPE_LIST_webhook KT_LIST, SCHEMA_webhook, NULL, NULL, 0
#define SHAPE_ONE_webhook KT_ONE, SCHEMA_webhook, NULL, NULL, 0
#define SHAPE_LIST_hmac KT_LIST, SCHEMA_hmac, NULL, NULL, 0
#define SHAPE_ONE_hmac KT_ONE, SCHEMA_hmac, NULL, NULL, 0
#define SHAPE_LIST_hmac_key KT_LIST, SCHEMA_hmac_key, NULL, NULL, 0
#define SHAPE_ONE_hmac_key KT_ONE, SCHEMA_hmac_key, NULL, NULL, 0
#define SHAPE_LIST_nexthop KT_LIST, SCHEMA_nexthop, NULL, NULL, 0
#define SHAPE_ONE_nexthop KT_ONE, SCHEMA_nexthop, NULL, NULL, 0
#define SHAPE_LIST_peer KT_LIST, SCHEMA_peer, NULL, NULL, 0
#define SHAPE_ONE_peer KT_ONE, SCHEMA_peer, NULL, NULL, 0
#define SHAPE_LIST_route KT_LIST, SCHEMA_route, NULL, NULL, 0
#define SHAPE_ONE_route KT_ONE, SCHEMA_route, NULL, NULL, 0
#define SHAPE_LIST_rs KT_LIST, SCHEMA_rs, NULL, NULL, 0
#define SHAPE_ONE_rs KT_ONE, SCHEMA_rs, NULL, NULL, 0
#define SHAPE_LIST_rule KT_LIST, SCHEMA_rule, NULL, NULL, 0
#define SHAPE_ONE_rule KT_ONE, SCHEMA_rule, NULL, NULL, 0
#define SHAPE_LIST_script KT_LIST, SCHEMA_script, NULL, NULL, 0
#define SHAPE_ONE_script KT_ONE, SCHEMA_script, NULL, NULL, 0
#define SHAPE_LIST_slow_start KT_LIST, SCHEMA_slow_start, NULL, NULL, 0
#define SHAPE_ONE_slow_start KT_ONE, SCHEMA_slow_start, NULL, NULL, 0
#define SHAPE_LIST_sorry KT_LIST, SCHEMA_sorry, NULL, NULL, 0
#define SHAPE_ONE_sorry KT_ONE, SCHEMA_sorry, NULL, NULL, 0
#define SHAPE_LIST_step KT_LIST, SCHEMA_step, NULL, NULL, 0
#define SHAPE_ONE_step KT_ONE, SCHEMA_step, NULL, NULL, 0
#define SHAPE_LIST_syncd KT_LIST, SCHEMA_syncd, NULL, NULL, 0
#define SHAPE_ONE_syncd KT_ONE, SCHEMA_syncd, NULL, NULL, 0
#define SHAPE_LIST_timeouts KT_LIST, SCHEMA_timeouts, NULL, NULL, 0
#define SHAPE_ONE_timeouts KT_ONE, SCHEMA_timeouts, NULL, NULL, 0
#define SHAPE_LIST_tls KT_LIST, SCHEMA_tls, NULL, NULL, 0
#define SHAPE_ONE_tls KT_ONE, SCHEMA_tls, NULL, NULL, 0
#define SHAPE_LIST_track KT_LIST, SCHEMA_track, NULL, NULL, 0
#define SHAPE_ONE_track KT_ONE, SCHEMA_track, NULL, NULL, 0
#define SHAPE_LIST_tunnel KT_LIST, SCHEMA_tunnel, NULL, NULL, 0
#define SHAPE_ONE_tunnel KT_ONE, SCHEMA_tunnel, NULL, NULL, 0
#define SHAPE_LIST_url KT_LIST, SCHEMA_url, NULL, NULL, 0
#define SHAPE_ONE_url KT_ONE, SCHEMA_url, NULL, NULL, 0
#define SHAPE_LIST_vip KT_LIST, SCHEMA_vip, NULL, NULL, 0
#define SHAPE_ONE_vip KT_ONE, SCHEMA_vip, NULL, NULL, 0
#define SHAPE_LIST_vsaddr KT_LIST, SCHEMA_vsaddr, NULL, NULL, 0
#define SHAPE_ONE_vsaddr KT_ONE, SCHEMA_vsaddr, NULL, NULL, 0

#define NEED SCHEMA_NEED
#define INHERIT SCHEMA_INHERIT
#define UP SCHEMA_UP
#define BUILD_CLASS_BUILD true
#define BUILD_CLASS_LIVE false
#define BUILD_CLASS_RESTART false
#define BUILD_CLASS_DAEMON false
#define ROW(n, off_, len_, shape, ...) ROW_(n, off_, len_, shape, __VA_ARGS__)
#define ROW_(n, off_, len_, ty, el, nm, num, tk, lo_, hi_, d, u, r, bu, ef, ka, t)                 \
	{ .name = (n),                                                                             \
	  .type = ty,                                                                              \
	  .reload = (r),                                                                           \
	  .effect = (ef),                                                                          \
	  .elem = el,                                                                              \
	  .off = (off_),                                                                           \
	  .len = (len_),                                                                           \
	  .is_build = (bu),                                                                        \
	  .lo = (lo_),                                                                             \
	  .hi = (hi_),                                                                             \
	  .dflt = _Generic((d), char *: 0, const char *: 0, default: (d)),                                          \
	  .dflt_text = _Generic((d), char *: (d), const char *: (d), default: NULL),                                  \
	  .names = nm,                                                                             \
	  .number = num,                                                                           \
	  .text_kind = tk,                                                                         \
	  .unit = (u),                                                                             \
	  .keepalived = (ka),                                                                      \
	  .text = (t) },

/* All rows in one array; each kind's rows end at the nameless row that opens the next kind. */
static const struct schema_key rows[] = {
#define ONCE(kind, where, text) { .name = NULL },
#define KIND(kind, where, text) { .name = NULL },
#define KEY(kind, field, key, type, lo, hi, dflt, unit, reload, effect, ka, text)                  \
	ROW(key, offsetof(struct fields_##kind, field), sizeof(ty_##type), SHAPE_##type, lo, hi,   \
	    dflt, unit, SCHEMA_##reload, BUILD_CLASS_##reload, SCHEMA_##effect, ka, text)
#define FAR(kind, field, key, type, lo, hi, dflt, unit, reload, effect, ka, text)                  \
	ROW(key, SCHEMA_FAR | offsetof(struct far_##kind, field), sizeof(ty_##type), SHAPE_##type, \
	    lo, hi, dflt, unit, SCHEMA_##reload, BUILD_CLASS_##reload, SCHEMA_##effect, ka, text)
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
	{ .name = NULL },
};

/* the same order as numbers, to find where a kind begins and what a row inherits from */
enum row_index {
#define ONCE(kind, where, text) ROW_BEGIN_##kind,
#define KIND(kind, where, text) ROW_BEGIN_##kind,
#define KEY(kind, field, ...) ROW_##kind##_##field,
#define FAR(kind, field, ...) ROW_##kind##_##field,
#define FARS(...)
#define FROM(...)
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
	ROW_END
};

static const struct from {
	uint16_t row; /* 0: none */
	uint8_t kind;
} from_of[ROW_END] = {
#define ONCE(...)
#define KIND(...)
#define KEY(...)
#define FAR(...)
#define FARS(...)
#define FROM(kind, field, up_kind, up_field)                                                       \
	[ROW_##kind##_##field] = { ROW_##up_kind##_##up_field, SCHEMA_##up_kind },
#include "core/conf/schema.def"
#undef ONCE
#undef KIND
#undef KEY
#undef FAR
#undef FARS
#undef FROM
};

const struct schema schema_of[SCHEMA_KIND_N] = {
#define ENTRY(kind, w, t, once)                                                                    \
	[SCHEMA_##kind] = { .where = (w),                                                          \
			    .text = (t),                                                           \
			    .key = &rows[ROW_BEGIN_##kind + 1],                                    \
			    .is_once = (once),                                                     \
			    .len = sizeof(struct fields_##kind) },
#define ONCE(kind, w, t) ENTRY(kind, w, t, true)
#define KIND(kind, w, t) ENTRY(kind, w, t, false)
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
};

/* ------------------------------------------------------------------ names */

/* The rows of all kinds under hash(kind, name): open addressing. */
enum { NAME_SLOTS = 2048 };
static uint16_t name_slot[NAME_SLOTS]; /* row number; 0 = empty (row 0 opens a kind) */
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static uint32_t name_hash(int kind, const char *name)
{
	uint32_t h = 2166136261u ^ (uint32_t)kind;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

static void names_init(void)
{
	_Static_assert(ROW_END * 2 < NAME_SLOTS, "too many rows for the table of names");
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
			uint32_t i = name_hash(kind, k->name) % NAME_SLOTS;

			BUG_ON(k - schema_of[kind].key >= SCHEMA_KEYS_MAX);
			while (name_slot[i])
				i = (i + 1) % NAME_SLOTS;
			name_slot[i] = (uint16_t)(k - rows);
		}
}

const struct schema_key *schema_find(enum schema_kind kind, const char *name)
{
	(void)pthread_once(&names_once, names_init);

	const struct schema_key *first = schema_of[kind].key;

	for (uint32_t i = name_hash((int)kind, name) % NAME_SLOTS; name_slot[i];
	     i = (i + 1) % NAME_SLOTS) {
		const struct schema_key *k = &rows[name_slot[i]];

		if (k >= first && k < first + SCHEMA_KEYS_MAX && !strcmp(k->name, name) &&
		    (kind + 1 == SCHEMA_KIND_N || k < schema_of[kind + 1].key))
			return k;
	}
	return NULL;
}

bool schema_is_secret(const struct schema_key *key)
{
	static const struct {
		enum schema_kind kind;
		const char *name;
	} sent[] = {
		{ SCHEMA_check, "headers" }, { SCHEMA_check, "body" },
		{ SCHEMA_check, "payload" }, { SCHEMA_step, "send" },
		{ SCHEMA_step, "send_hex" },
	};

	if (key->type == KT_STR && key->text_kind == TEXT_SECRET)
		return true;
	for (size_t i = 0; i < sizeof(sent) / sizeof(*sent); i++)
		if (!strcmp(sent[i].name, key->name) &&
		    key == schema_find(sent[i].kind, sent[i].name))
			return true;
	return false;
}

const struct schema_key *schema_up(const struct schema_key *key, enum schema_kind *up_kind)
{
	const struct from *f = &from_of[key - rows];

	BUG_ON(!f->row);
	*up_kind = (enum schema_kind)f->kind;
	return &rows[f->row];
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

/* ------------------------------------------------------------------ fields */

/* Far rows lie behind the pointer that such settings begin with. */
static const unsigned char *far_of(const void *base)
{
	static const struct far_rs none;
	const unsigned char *far;

	memcpy(&far, base, sizeof(far));
	return far ? far : (const unsigned char *)&none;
}

const void *schema_field(const struct schema_key *key, const void *base)
{
	return key->off & SCHEMA_FAR ? far_of(base) + (key->off & ~SCHEMA_FAR)
				     : (const unsigned char *)base + key->off;
}

void *schema_place(const struct schema_key *key, void *base)
{
	unsigned char *at = base;

	if (key->off & SCHEMA_FAR)
		memcpy(&at, base, sizeof(at));
	BUG_ON(!at);
	return at + (key->off & ~SCHEMA_FAR);
}

void schema_put(const struct schema_key *key, void *base, int64_t value)
{
	unsigned char *field = schema_place(key, base);
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
	case KT_INT:
	case KT_NAMED:
		if (key->len == sizeof(u8))
			memcpy(field, &u8, sizeof(u8));
		else if (key->len == sizeof(u16))
			memcpy(field, &u16, sizeof(u16));
		else
			memcpy(field, &u32, sizeof(u32));
		return;
	case KT_STR:
	case KT_STRS:
	case KT_ADDR:
	case KT_PREFIX:
	case KT_STATUS:
	case KT_LIST:
	case KT_ONE:
		break;
	}
	BUG(key->name);
}

int64_t schema_get(const struct schema_key *key, const void *base)
{
	const unsigned char *field = schema_field(key, base);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	int32_t s32;
	int64_t us;

	switch (key->len) {
	case sizeof(u8):
		memcpy(&u8, field, sizeof(u8));
		return u8;
	case sizeof(u16):
		memcpy(&u16, field, sizeof(u16));
		return u16;
	case sizeof(u32):
		if (key->type == KT_INT) {
			memcpy(&s32, field, sizeof(s32));
			return s32;
		}
		memcpy(&u32, field, sizeof(u32));
		return u32;
	default:
		memcpy(&us, field, sizeof(us));
		return us;
	}
}

bool schema_is_set(const struct schema_key *key, const void *base)
{
	static const struct ip_prefix none; /* the largest of what is compared as bytes */
	const unsigned char *field = schema_field(key, base);
	const void *p;
	struct conf_strs strs;
	struct conf_range range;
	struct conf_status status = { { 0 } };

	switch (key->type) {
	case KT_BOOL:
	case KT_UINT:
	case KT_INT:
	case KT_NAMED:
	case KT_DUR:
		return schema_get(key, base) >= key->lo && schema_get(key, base) <= key->hi;
	case KT_ENUM:
		return *schema_enum_name(key->names, *field) != '?';
	case KT_STR:
		memcpy(&p, field, sizeof(p));
		return p != NULL;
	case KT_STRS:
		memcpy(&strs, field, sizeof(strs));
		return strs.n > 0;
	case KT_ADDR:
	case KT_PREFIX:
		return memcmp(field, &none, key->len) != 0;
	case KT_STATUS:
		return memcmp(field, &status, sizeof(status)) != 0;
	case KT_LIST:
	case KT_ONE:
		memcpy(&range, field, sizeof(range));
		return range.n > 0;
	}
	BUG(key->name);
}

void schema_copy(const struct schema_key *to, void *base, const struct schema_key *from,
		 const void *from_base)
{
	BUG_ON(to->type != from->type || to->len != from->len);
	memcpy(schema_place(to, base), schema_field(from, from_base), to->len);
}

/* ------------------------------------------------------------------ defaults */

/* One kind after the other, each aligned; the text of texts lies in the rows. */
enum { DEFAULTS_LEN = 32768, DEFAULTS_ALIGN = 16 };
static unsigned char default_image[DEFAULTS_LEN] __attribute__((aligned(DEFAULTS_ALIGN)));
static struct far_rs default_far;
static size_t default_at[SCHEMA_KIND_N];
static pthread_once_t defaults_once = PTHREAD_ONCE_INIT;

static void put_default(const struct schema_key *k, unsigned char *base)
{
	struct ip_addr addr;

	if (k->dflt_text && k->type == KT_STR) {
		memcpy(schema_place(k, base), &k->dflt_text, sizeof(k->dflt_text));
	} else if (k->dflt_text) {
		BUG_ON(k->type != KT_ADDR || addr_parse(k->dflt_text, &addr));
		memcpy(schema_place(k, base), &addr, sizeof(addr));
	} else if (k->dflt != 0 && k->dflt != SCHEMA_NEED && k->dflt != SCHEMA_INHERIT &&
		   k->dflt != SCHEMA_UP) {
		schema_put(k, base, k->dflt);
	}
}

static void defaults_init(void)
{
	size_t at = 0;

	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		default_at[kind] = at;
		if (kind == SCHEMA_rs)
			memcpy(default_image + at, &(struct far_rs *){ &default_far },
			       sizeof(void *));
		at += (schema_of[kind].len + DEFAULTS_ALIGN - 1) / DEFAULTS_ALIGN * DEFAULTS_ALIGN;
		BUG_ON(at > DEFAULTS_LEN);
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
			put_default(k, default_image + default_at[kind]);
	}
}

const void *schema_defaults(enum schema_kind kind)
{
	(void)pthread_once(&defaults_once, defaults_init);
	return default_image + default_at[kind];
}
