/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_value.h. The library's automatic conversion stays off: it cuts numbers silently. Every
 * number is read as 64 bits and checked against its row.
 */
#include "core/conf/conf_value.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf.h"
#include "core/conf/schema_word.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

__attribute__((format(printf, 2, 3))) static bool no(char why[static VALUE_WHY_LEN],
						     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, VALUE_WHY_LEN, fmt, ap);
	va_end(ap);
	return false;
}

static const struct unit {
	const char *name;
	int64_t us;
} units[] = {
	{ "", SEC(1) },   { "us", 1 },        { "ms", MS(1) },    { "s", SEC(1) },
	{ "m", SEC(60) }, { "min", SEC(60) }, { "h", SEC(3600) }, { "d", SEC(86400) },
};

/* a span of time as people read it */
static void duration_text(int64_t us, char *buf, size_t len)
{
	if (us % SEC(1) == 0)
		(void)snprintf(buf, len, "%llds", (long long)(us / SEC(1)));
	else if (us % MS(1) == 0)
		(void)snprintf(buf, len, "%lldms", (long long)(us / MS(1)));
	else
		(void)snprintf(buf, len, "%lldus", (long long)us);
}

/* seconds (or another unit) -> us; false when it is no number or beyond 2^53 us */
static bool scale(double v, int64_t unit_us, int64_t *out_us)
{
	double us = v * (double)unit_us;

	if (!(us >= 0 && us < 9007199254740992.0))
		return false;
	*out_us = (int64_t)llround(us);
	return true;
}

int value_duration(const char *text, int64_t *out_us)
{
	char *end;

	/* strtod alone would take "inf", "0x10", blanks and signs */
	if (!(*text >= '0' && *text <= '9') || strspn(text, "0123456789.") == 0 ||
	    (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')))
		return -EINVAL;

	double v = strtod(text, &end);

	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(end, units[i].name))
			return scale(v, units[i].us, out_us) ? 0 : -EINVAL;
	return -EINVAL;
}

static bool put_number(const struct schema_key *key, int64_t v, void *base, char *why)
{
	if (v < key->lo || v > key->hi)
		return no(why, "must be %lld..%lld, not %lld", (long long)key->lo,
			  (long long)key->hi, (long long)v);
	schema_put(key, base, v);
	return true;
}

static bool put_duration(const struct schema_key *key, int64_t us, void *base, char *why)
{
	char lo[32], hi[32], is[32];

	if (us < key->lo || us > key->hi) {
		duration_text(key->lo, lo, sizeof(lo));
		duration_text(key->hi, hi, sizeof(hi));
		duration_text(us, is, sizeof(is));
		return no(why, "must be %s..%s, not %s", lo, hi, is);
	}
	schema_put(key, base, us);
	return true;
}

static bool text_ok(const struct schema_key *key, const char *text, char *why)
{
	size_t len = strlen(text);
	const char *reason = schema_word_why(key->text_kind, text);

	if (len < (size_t)key->lo)
		return key->lo == 1
			       ? no(why, "must not be empty")
			       : no(why, "must have at least %lld characters", (long long)key->lo);
	if (len > (size_t)key->hi)
		return no(why, "is %zu characters long; at most %lld are allowed", len,
			  (long long)key->hi);
	return reason ? no(why, "%s", reason) : true;
}

static bool put_text(const struct schema_key *key, const char *text, void *base,
		     struct arena *arena, char *why)
{
	if (!text_ok(key, text, why))
		return false;

	const char *copy = arena_strdup(arena, text);

	memcpy(schema_place(key, base), &copy, sizeof(copy));
	return true;
}

enum { STRS_TEXT_MAX_LEN = 4096 }; /* of each text in an array */

static bool put_texts(const struct schema_key *key, const char *const *texts, uint32_t n,
		      void *base, struct arena *arena, char *why)
{
	const char **v = arena_array(arena, n, sizeof(*v));
	struct conf_strs strs = { .v = v, .n = n };

	if (n < key->lo || n > key->hi)
		return no(why, "must have %lld..%lld elements, not %u", (long long)key->lo,
			  (long long)key->hi, n);
	for (uint32_t i = 0; i < n; i++) {
		const char *reason = schema_word_why(key->text_kind, texts[i]);

		if (!*texts[i] && !i)
			return no(why, "has an empty text");
		if (strlen(texts[i]) > STRS_TEXT_MAX_LEN)
			return no(why, "has a text of more than %d characters", STRS_TEXT_MAX_LEN);
		if (reason)
			return no(why, "\"%.40s\" %s", texts[i], reason);
		v[i] = arena_strdup(arena, texts[i]);
	}
	memcpy(schema_place(key, base), &strs, sizeof(strs));
	return true;
}

bool value_texts(const struct schema_key *key, const char *const *texts, uint32_t n, void *base,
		 struct arena *arena, char why[static VALUE_WHY_LEN])
{
	return put_texts(key, texts, n, base, arena, why);
}

static bool put_named(const struct schema_key *key, const char *text, void *base, char *why)
{
	int64_t v;

	if (!key->number->parse(text, &v))
		return no(why, "must be %s, not \"%.40s\"", key->number->what, text);
	return put_number(key, v, base, why);
}

static bool put_enum(const struct schema_key *key, const char *text, void *base, char *why)
{
	int v = schema_enum_value(key->names, text);
	char known[VALUE_WHY_LEN / 2] = "";
	size_t used = 0;

	if (v >= 0) {
		schema_put(key, base, v);
		return true;
	}
	for (const struct schema_name *n = key->names; n->name; n++) {
		int w = snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "",
				 n->name);

		used += w > 0 ? (size_t)w : 0;
		if (used >= sizeof(known))
			break;
	}
	return no(why, "\"%.40s\" is unknown; known are: %s", text, known);
}

static bool put_addr(const struct schema_key *key, const char *text, void *base, char *why)
{
	struct ip_addr a;
	struct ip_prefix p;
	unsigned char *field = schema_place(key, base);

	if (key->type == KT_PREFIX) {
		if (key->number &&
		    (!strcmp(text, "default") || !strcmp(text, "all") || !strcmp(text, "any"))) {
			memset(field, 0, sizeof(p));
			return true;
		}
		if (prefix_parse(text, &p))
			return no(why, "\"%.60s\" is not an address with prefix length", text);
		memcpy(field, &p, sizeof(p));
		return true;
	}
	if (addr_parse(text, &a))
		return no(why, "\"%.60s\" is not an IP address", text);
	memcpy(field, &a, sizeof(a));
	return true;
}

/* "200" or "200-299" into the set */
static bool add_status(const struct schema_key *key, const char *text, struct conf_status *set,
		       char *why)
{
	char *end;
	long first = strtol(text, &end, 10);
	long last = first;

	if (end != text && *end == '-')
		last = strtol(end + 1, &end, 10);
	if (end == text || *end || first < key->lo || last > key->hi || first > last)
		return no(why, "\"%.40s\" is not a status code %lld..%lld or a range of them", text,
			  (long long)key->lo, (long long)key->hi);
	for (long c = first; c <= last; c++)
		set->w[(c - 100) / 64] |= UINT64_C(1) << (c - 100) % 64;
	return true;
}

bool value_from_text(const struct schema_key *key, const char *text, void *base,
		     struct arena *arena, char why[static VALUE_WHY_LEN])
{
	char *end;
	long long v;
	int64_t us;
	struct conf_status set = { { 0 } };

	switch (key->type) {
	case KT_BOOL:
		if (strcmp(text, "true") && strcmp(text, "false"))
			return no(why, "must be true or false, not \"%.40s\"", text);
		schema_put(key, base, text[0] == 't');
		return true;
	case KT_UINT:
	case KT_INT:
		errno = 0;
		v = strtoll(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
		if (errno || end == text || *end)
			return no(why, "must be a whole number, not \"%.40s\"", text);
		return put_number(key, v, base, why);
	case KT_NAMED:
		return put_named(key, text, base, why);
	case KT_STRS:
		return put_texts(key, &text, 1, base, arena, why);
	case KT_DUR:
		if (key->number && !strcmp(text, "forever")) {
			schema_put(key, base, key->hi);
			return true;
		}
		if (value_duration(text, &us))
			return no(why,
				  "\"%.40s\" is not a time; write a number of seconds or, for "
				  "example, \"500ms\", \"2s\", \"1m\"",
				  text);
		return put_duration(key, us, base, why);
	case KT_STR:
		return put_text(key, text, base, arena, why);
	case KT_ENUM:
		return put_enum(key, text, base, why);
	case KT_ADDR:
	case KT_PREFIX:
		return put_addr(key, text, base, why);
	case KT_STATUS:
		if (!add_status(key, text, &set, why))
			return false;
		memcpy(schema_place(key, base), &set, sizeof(set));
		return true;
	case KT_LIST:
	case KT_ONE:
		break;
	}
	BUG(key->name);
}

/* What libconfig calls an integer. A hex number of 32 bits comes back negative: undone here. */
static int64_t setting_int(const config_setting_t *set)
{
	int64_t v = config_setting_get_int64(set);

	if (config_setting_type(set) == CONFIG_TYPE_INT &&
	    config_setting_get_format(set) == CONFIG_FORMAT_HEX)
		v &= 0xffffffff;
	return v;
}

static const char *type_name(const config_setting_t *set)
{
	switch (config_setting_type(set)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a whole number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a text in quotes";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ]";
	case CONFIG_TYPE_LIST:
		return "a list ( )";
	default:
		return "something else";
	}
}

static bool status_from_setting(const struct schema_key *key, const config_setting_t *set,
				void *base, char *why)
{
	struct conf_status out = { { 0 } };
	int n = config_setting_length(set);

	if (!config_setting_is_aggregate(set) || config_setting_is_group(set))
		return no(why, "must be an array, for example [ \"200-299\" ], not %s",
			  type_name(set));
	for (int i = 0; i < n; i++) {
		const config_setting_t *el = config_setting_get_elem(set, (unsigned)i);
		char text[24];
		const char *s = text;

		if (config_setting_type(el) == CONFIG_TYPE_STRING)
			s = config_setting_get_string(el);
		else
			(void)snprintf(text, sizeof(text), "%lld", config_setting_get_int64(el));
		if (!add_status(key, s, &out, why))
			return false;
	}
	if (!n)
		return no(why, "must not be empty");
	memcpy(schema_place(key, base), &out, sizeof(out));
	return true;
}

static const char *wanted(const struct schema_key *key)
{
	switch (key->type) {
	case KT_BOOL:
		return "true or false";
	case KT_UINT:
	case KT_INT:
		return "a whole number";
	case KT_NAMED:
		return key->number->what;
	case KT_STRS:
		return "an array of texts [ ]";
	case KT_DUR:
		return "a time (seconds, or a text such as \"500ms\")";
	case KT_STR:
	case KT_ENUM:
	case KT_ADDR:
	case KT_PREFIX:
		return "a text in quotes";
	case KT_STATUS:
		return "an array [ ]";
	case KT_LIST:
		return "a list ( )";
	case KT_ONE:
		return "a group { }";
	}
	BUG(key->name);
}

/* An array of texts; numbers in it are taken as they would be written. */
static bool strs_from_setting(const struct schema_key *key, const config_setting_t *set, void *base,
			      struct arena *arena, char *why)
{
	enum { NUMBER_LEN = 24, TEXTS_MAX = 1024 };
	const char *texts[TEXTS_MAX];
	int n = config_setting_length(set);

	if (n > TEXTS_MAX)
		return no(why, "must have at most %d elements", TEXTS_MAX);
	for (int i = 0; i < n; i++) {
		const config_setting_t *el = config_setting_get_elem(set, (unsigned)i);
		char number[NUMBER_LEN];

		switch (config_setting_type(el)) {
		case CONFIG_TYPE_STRING:
			texts[i] = config_setting_get_string(el);
			break;
		case CONFIG_TYPE_INT:
		case CONFIG_TYPE_INT64:
			(void)snprintf(number, sizeof(number), "%lld", (long long)setting_int(el));
			texts[i] = arena_strdup(arena, number);
			break;
		default:
			return no(why, "must be an array of texts, not of %s", type_name(el));
		}
	}
	return put_texts(key, texts, (uint32_t)n, base, arena, why);
}

bool value_from_setting(const struct schema_key *key, const config_setting_t *set, void *base,
			struct arena *arena, char why[static VALUE_WHY_LEN])
{
	int type = config_setting_type(set);
	bool is_int = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
	int64_t us;

	if (key->type == KT_STATUS)
		return status_from_setting(key, set, base, why);
	if (key->type == KT_STRS && (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST))
		return strs_from_setting(key, set, base, arena, why);
	if (key->type == KT_BOOL && type == CONFIG_TYPE_BOOL) {
		schema_put(key, base, config_setting_get_bool(set));
		return true;
	}
	if ((key->type == KT_UINT || key->type == KT_INT ||
	     (key->type == KT_NAMED && !key->number->is_text)) &&
	    is_int)
		return put_number(key, setting_int(set), base, why);
	if (key->type == KT_DUR && (is_int || type == CONFIG_TYPE_FLOAT)) {
		double v = is_int ? (double)setting_int(set) : config_setting_get_float(set);

		if (!scale(v, SEC(1), &us))
			return no(why, "must not be negative, nor longer than a life");
		return put_duration(key, us, base, why);
	}
	if (type == CONFIG_TYPE_STRING && key->type != KT_BOOL &&
	    (key->type != KT_UINT || key->hi == UINT32_MAX) && key->type != KT_INT)
		return value_from_text(key, config_setting_get_string(set), base, arena, why);
	return no(why, "must be %s, not %s", wanted(key), type_name(set));
}
