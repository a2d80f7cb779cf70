/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See schema_text.h. Walks the rows; knows no setting by name.
 */
#include "core/conf/schema_text.h"

#include "core/clock.h"
#include "core/conf/schema.h"
#include "core/json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static const char *type_name(enum schema_type type)
{
	static const char *const name[] = {
		[KT_BOOL] = "boolean",  [KT_UINT] = "number",  [KT_DUR] = "time",
		[KT_INT] = "number",    [KT_NAMED] = "named",  [KT_STRS] = "texts",
		[KT_STR] = "text",      [KT_ENUM] = "word",    [KT_ADDR] = "address",
		[KT_PREFIX] = "prefix", [KT_STATUS] = "codes", [KT_LIST] = "list",
		[KT_ONE] = "group",
	};

	return name[type];
}

static const char *reload_name(enum schema_reload reload)
{
	static const char *const name[] = {
		[SCHEMA_SAME] = "none",
		[SCHEMA_LIVE] = "live",
		[SCHEMA_RESTART] = "restart",
		[SCHEMA_DAEMON] = "daemon",
	};

	return name[reload];
}

/* ------------------------------------------------------------------ mdoc */

enum { MAN_LINE_LEN = 68 }; /* mandoc -T lint wants less than 80 */

static void man_char(FILE *out, char c)
{
	if (c == '\\')
		(void)fputs("\\e", out);
	else if (c == '"')
		(void)fputs("\\(dq", out);
	else if (c == '-')
		(void)fputs("\\-", out);
	else
		(void)fputc(c, out);
}

/* Text of the manual, a sentence a line and no long lines. A line that begins with a dot or a quote
 * would be a request. */
static void man_text(FILE *out, const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t len = strcspn(text, " ");
		bool ends = len && text[len - 1] == '.';

		if (used && used + 1 + len * 2 > MAN_LINE_LEN) {
			(void)fputc('\n', out);
			used = 0;
		} else if (used) {
			(void)fputc(' ', out);
			used++;
		}
		if (!used && (*text == '.' || *text == '\''))
			(void)fputs("\\&", out);
		for (size_t i = 0; i < len; i++)
			man_char(out, text[i]);
		used += len;
		text += len + (text[len] == ' ');
		if (ends && *text) {
			(void)fputc('\n', out);
			used = 0;
		}
	}
	(void)fputc('\n', out);
}

static void put_time(FILE *out, int64_t us)
{
	if (us % SEC(1) == 0)
		(void)fprintf(out, "%" PRId64 "s", us / SEC(1));
	else if (us % MS(1) == 0)
		(void)fprintf(out, "%" PRId64 "ms", us / MS(1));
	else
		(void)fprintf(out, "%" PRId64 "us", us);
}

static void man_number(FILE *out, const struct schema_key *k, int64_t v)
{
	if (k->type == KT_DUR)
		put_time(out, v);
	else
		(void)fprintf(out, "%" PRId64, v);
}

/* What may be written: the range, the names, the kind of elements. */
static void man_values(FILE *out, const struct schema_key *k)
{
	switch (k->type) {
	case KT_BOOL:
		(void)fputs("true or false", out);
		break;
	case KT_UINT:
	case KT_INT:
	case KT_DUR:
		(void)fputs(k->type == KT_DUR ? "time, " : "number, ", out);
		man_number(out, k, k->lo);
		(void)fputs(" to ", out);
		man_number(out, k, k->hi);
		break;
	case KT_NAMED:
		(void)fputs(k->number->what, out);
		break;
	case KT_STR:
		(void)fprintf(out, "text, at most %" PRId64 " characters", k->hi);
		break;
	case KT_STRS:
		(void)fprintf(out, "array of texts, %" PRId64 " to %" PRId64, k->lo, k->hi);
		break;
	case KT_ONE:
		(void)fputs("group { }", out);
		break;
	case KT_ENUM:
		for (const struct schema_name *n = k->names; n->name; n++)
			(void)fprintf(out, "%s\\(dq%s\\(dq",
				      n == k->names ? ""
				      : n[1].name   ? ", "
						    : " or ",
				      n->name);
		break;
	case KT_ADDR:
		(void)fputs("IP address as a text", out);
		break;
	case KT_PREFIX:
		(void)fputs("IP address with prefix length as a text", out);
		break;
	case KT_STATUS:
		(void)fprintf(out, "array of numbers or ranges, %" PRId64 " to %" PRId64, k->lo,
			      k->hi);
		break;
	case KT_LIST:
		(void)fprintf(out, "list of %s, ", schema_of[k->elem].where);
		if (k->lo)
			(void)fprintf(out, "%" PRId64 " to %" PRId64 " elements", k->lo, k->hi);
		else
			(void)fprintf(out, "at most %" PRId64 " elements", k->hi);
		break;
	}
}

/* Whether the default is a value that could be written. */
static bool has_default(const struct schema_key *k)
{
	bool is_number =
		k->type == KT_UINT || k->type == KT_INT || k->type == KT_DUR || k->type == KT_NAMED;

	return k->dflt != SCHEMA_NEED && k->dflt != SCHEMA_INHERIT && k->dflt != SCHEMA_UP &&
	       (!is_number || (k->dflt >= k->lo && k->dflt <= k->hi));
}

static void man_default(FILE *out, const struct schema_key *k)
{
	char name[32];

	if (k->dflt == SCHEMA_NEED) {
		(void)fputs("required", out);
		return;
	}
	if (!has_default(k))
		return;
	if (k->dflt_text) {
		(void)fprintf(out, "default \\(dq%s\\(dq", k->dflt_text);
		return;
	}
	switch (k->type) {
	case KT_BOOL:
		(void)fprintf(out, "default %s", k->dflt ? "true" : "false");
		break;
	case KT_NAMED:
		(void)fprintf(out, "default \\(dq%s\\(dq", k->number->print(k->dflt, name));
		break;
	case KT_UINT:
	case KT_INT:
	case KT_DUR:
		(void)fputs("default ", out);
		man_number(out, k, k->dflt);
		break;
	case KT_ENUM:
		(void)fprintf(out, "default \\(dq%s\\(dq",
			      schema_enum_name(k->names, (uint8_t)k->dflt));
		break;
	case KT_STR:
	case KT_STRS:
	case KT_ADDR:
	case KT_PREFIX:
	case KT_STATUS:
	case KT_LIST:
	case KT_ONE:
		(void)fputs("default none", out);
		break;
	}
}

static const char *man_reload(enum schema_reload reload)
{
	switch (reload) {
	case SCHEMA_SAME:
	case SCHEMA_LIVE:
		return "";
	case SCHEMA_RESTART:
		return "A change at reload makes the object start anew.\n";
	case SCHEMA_DAEMON:
		return "A change needs a restart of vipd.\n";
	}
	return "";
}

static void man_key(FILE *out, const struct schema_key *k)
{
	(void)fputs(".It Ic ", out);
	man_text(out, k->name);
	man_text(out, k->text);
	(void)fputs(".Pq ", out);
	man_values(out, k);
	if (k->dflt == SCHEMA_NEED || has_default(k))
		(void)fputs("; ", out);
	man_default(out, k);
	(void)fputc('\n', out);
	if (k->is_build)
		(void)fputs("It only decides what other settings are.\n", out);
	(void)fputs(man_reload(k->reload), out);
	if (k->effect == SCHEMA_YET)
		(void)fputs("It has no effect yet.\n", out);
	if (*k->keepalived && strcmp(k->keepalived, k->name) != 0) {
		(void)fputs("In keepalived:\n.Ic ", out);
		for (const char *p = k->keepalived; *p; p++)
			man_char(out, *p);
		(void)fputs(" .\n", out);
	}
}

void schema_man(FILE *out)
{
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		const struct schema *s = &schema_of[kind];

		(void)fprintf(out, ".Ss %s\n", s->where);
		man_text(out, s->text);
		(void)fputs(".Bl -tag -width Ds\n", out);
		for (const struct schema_key *k = s->key; k->name; k++)
			man_key(out, k);
		(void)fputs(".El\n", out);
	}
}

/* ------------------------------------------------------------------ JSON */

static void json_member(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, ",\"%s\":", name);
	json_text(out, value);
}

static void json_default(FILE *out, const struct schema_key *k)
{
	bool is_number =
		k->type == KT_UINT || k->type == KT_INT || k->type == KT_DUR || k->type == KT_NAMED;

	if (!has_default(k))
		return;
	if (k->dflt_text)
		json_member(out, "default", k->dflt_text);
	if (k->type == KT_BOOL)
		(void)fprintf(out, ",\"default\":%s", k->dflt ? "true" : "false");
	else if (k->type == KT_ENUM)
		json_member(out, "default", schema_enum_name(k->names, (uint8_t)k->dflt));
	else if (is_number)
		(void)fprintf(out, ",\"default\":%" PRId64, k->dflt);
}

static void json_key(FILE *out, const struct schema_key *k)
{
	(void)fputs("{\"name\":", out);
	json_text(out, k->name);
	json_member(out, "type", type_name(k->type));
	if (k->type == KT_DUR)
		json_member(out, "unit", "us");
	else if (*k->unit)
		json_member(out, "unit", k->unit);
	(void)fprintf(out, ",\"required\":%s,\"inherited\":%s",
		      k->dflt == SCHEMA_NEED ? "true" : "false",
		      k->dflt == SCHEMA_INHERIT || k->dflt == SCHEMA_UP ? "true" : "false");
	if (k->lo != k->hi)
		(void)fprintf(out, ",\"min\":%" PRId64 ",\"max\":%" PRId64, k->lo, k->hi);
	json_default(out, k);
	if (k->names) {
		(void)fputs(",\"values\":[", out);
		for (const struct schema_name *n = k->names; n->name; n++) {
			if (n != k->names)
				(void)fputc(',', out);
			json_text(out, n->name);
		}
		(void)fputc(']', out);
	}
	if (k->type == KT_LIST || k->type == KT_ONE)
		json_member(out, "element", schema_of[k->elem].where);
	json_member(out, "reload", reload_name(k->reload));
	json_member(out, "effect",
		    k->effect == SCHEMA_NOW   ? "now"
		    : k->effect == SCHEMA_YET ? "yet"
					      : "never");
	json_member(out, "keepalived", k->keepalived);
	json_member(out, "text", k->text);
	(void)fputc('}', out);
}

void schema_json(FILE *out)
{
	(void)fputs("{\"kinds\":[", out);
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		(void)fputs(kind ? ",\n{\"name\":" : "\n{\"name\":", out);
		json_text(out, schema_of[kind].where);
		json_member(out, "text", schema_of[kind].text);
		(void)fputs(",\"settings\":[", out);
		for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
			(void)fputs(k == schema_of[kind].key ? "\n " : ",\n ", out);
			json_key(out, k);
		}
		(void)fputs("]}", out);
	}
	(void)fputs("\n]}\n", out);
}
