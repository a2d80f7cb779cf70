/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_text.h: one setting as libconfig has it.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_text_make.h"

#include <stdio.h>
#include <string.h>

/* In libconfig's escapes: what can't stand in a text, and what is no character to see. */
void text_string(struct text *t, const char *s)
{
	(void)fputc('"', t->f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			(void)fprintf(t->f, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			(void)fprintf(t->f, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c < ' ' || c == 0x7f)
			(void)fprintf(t->f, "\\x%02x", c);
		else
			(void)fputc(c, t->f);
	}
	(void)fputc('"', t->f);
}

/* libconfig takes a number for 32 bits unless it ends with L */
static void put_integer(struct text *t, int64_t v)
{
	(void)fprintf(t->f, v > INT32_MAX || v < INT32_MIN ? "%lldL" : "%lld", (long long)v);
}

static void put_duration(struct text *t, int64_t us)
{
	if (us % SEC(1) == 0)
		put_integer(t, us / SEC(1));
	else if (us % MS(1) == 0)
		(void)fprintf(t->f, "\"%lldms\"", (long long)(us / MS(1)));
	else
		(void)fprintf(t->f, "\"%lldus\"", (long long)us);
}

/* the set as its ranges */
static void put_status(struct text *t, const struct conf_status *s)
{
	const char *sep = "";

	(void)fprintf(t->f, "[ ");
	for (unsigned code = 100; code < 612; code++) {
		unsigned last = code;

		if (!conf_status_has(s, code))
			continue;
		while (conf_status_has(s, last + 1))
			last++;
		if (last == code)
			(void)fprintf(t->f, "%s\"%u\"", sep, code);
		else
			(void)fprintf(t->f, "%s\"%u-%u\"", sep, code, last);
		sep = ", ";
		code = last;
	}
	(void)fprintf(t->f, " ]");
}

const char *text_prefix(const struct ip_prefix *p, char buf[static PREFIX_TEXT_LEN])
{
	char host[ADDR_TEXT_LEN];

	if (p->len != addr_len(p->addr.family) * 8)
		return prefix_text(p, buf);
	(void)snprintf(buf, PREFIX_TEXT_LEN, "%s", addr_text(&p->addr, host));
	return buf;
}

void text_texts(struct text *t, const struct conf_strs *s)
{
	(void)fputs("[ ", t->f);
	for (uint32_t i = 0; i < s->n; i++) {
		(void)fputs(i ? ", " : "", t->f);
		text_string(t, s->v[i]);
	}
	(void)fputs(" ]", t->f);
}

static void put_named(struct text *t, const struct schema_key *key, int64_t v)
{
	char buf[32];
	const char *text = key->number->print(v, buf);

	if (key->number->is_text || !(*text >= '0' && *text <= '9'))
		text_string(t, text);
	else
		put_integer(t, v);
}

static void put_prefix(struct text *t, const struct ip_prefix *p)
{
	char buf[PREFIX_TEXT_LEN];

	text_string(t, p->addr.family ? text_prefix(p, buf) : "default");
}

/* A setting of the object at base. */
void text_value(struct text *t, const struct schema_key *key, const void *base)
{
	const void *field = schema_field(key, base);
	char buf[ADDR_TEXT_LEN];
	struct ip_addr addr;
	struct ip_prefix prefix;
	struct conf_status status;
	struct conf_strs strs;
	const char *s;

	if (t->hides_secrets && schema_is_secret(key)) {
		text_string(t, "(not shown)");
		return;
	}
	switch (key->type) {
	case KT_BOOL:
		(void)fputs(schema_get(key, base) ? "true" : "false", t->f);
		return;
	case KT_UINT:
	case KT_INT:
		put_integer(t, schema_get(key, base));
		return;
	case KT_NAMED:
		put_named(t, key, schema_get(key, base));
		return;
	case KT_DUR:
		if (key->number && schema_get(key, base) == key->hi)
			text_string(t, "forever");
		else
			put_duration(t, schema_get(key, base));
		return;
	case KT_ENUM:
		text_string(t, schema_enum_name(key->names, (uint8_t)schema_get(key, base)));
		return;
	case KT_STR:
		memcpy(&s, field, sizeof(s));
		if (!s)
			BUG(key->name); /* there is no text for "none": such a row is not written */
		text_string(t, s);
		return;
	case KT_STRS:
		memcpy(&strs, field, sizeof(strs));
		text_texts(t, &strs);
		return;
	case KT_ADDR:
		memcpy(&addr, field, sizeof(addr));
		text_string(t, addr_text(&addr, buf));
		return;
	case KT_PREFIX:
		memcpy(&prefix, field, sizeof(prefix));
		put_prefix(t, &prefix);
		return;
	case KT_STATUS:
		memcpy(&status, field, sizeof(status));
		put_status(t, &status);
		return;
	case KT_LIST:
	case KT_ONE:
		break;
	}
	BUG(key->name);
}
