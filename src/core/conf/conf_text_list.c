/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_text_make.h: elements as short texts, "10.0.0.1:80 weight=10", and those that differ only by
 * the last part of their address, one after the other, as a range: "10.0.0.[1-9]:80 weight=10".
 */
#include "core/conf/conf_text_make.h"

#include <stdlib.h>
#include <string.h>

enum {
	SHORT_MAX_LEN = 1000, /* conf_build.h: CONF_SHORT_MAX_LEN, less what an address needs */
	RUN_MIN = 3, /* as many make a range */
};

/* One element as a short text: its address, and all that is behind it. */
struct brief {
	bool is_good; /* it has one */
	struct ip_addr addr;
	char tail[SHORT_MAX_LEN];
};

/* Elements that a range can stand for, gathered. */
struct run {
	struct brief first, next;
	uint32_t n; /* from first on; 0: none */
	const char *sep; /* before the next element */
};

bool text_is_short(enum schema_kind kind)
{
	return kind == SCHEMA_rs || kind == SCHEMA_vip || kind == SCHEMA_vsaddr;
}

static bool can_be_word(const struct schema_key *key, const void *base)
{
	const char *s;

	switch (key->type) {
	case KT_BOOL:
	case KT_UINT:
	case KT_INT:
	case KT_ENUM:
		return true;
	case KT_STR:
		memcpy(&s, schema_field(key, base), sizeof(s));
		return *s && !strpbrk(s, " \t\"\\") && strlen(s) < SHORT_MAX_LEN / 4;
	default:
		return false;
	}
}

/* key=value behind what is there. False: there is no room. */
static bool add_word(char *tail, const struct schema_key *key, const void *base, const char *form)
{
	size_t used = strlen(tail);
	const char *s = NULL;
	char number[24];
	int n;

	if (key->type == KT_STR)
		memcpy(&s, schema_field(key, base), sizeof(s));
	else if (key->type == KT_BOOL)
		s = schema_get(key, base) ? "true" : "false";
	else if (key->type == KT_ENUM)
		s = schema_enum_name(key->names, (uint8_t)schema_get(key, base));
	if (!s) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)schema_get(key, base));
		s = number;
	}
	n = *form == ' ' ? snprintf(tail + used, SHORT_MAX_LEN - used, " %s %s", key->name, s)
			 : snprintf(tail + used, SHORT_MAX_LEN - used, " %s=%s", key->name, s);
	return n > 0 && (size_t)n < SHORT_MAX_LEN - used;
}

/* The words behind the address and port, by rows. False: one of them can't be a word. */
static bool put_words(struct text *t, const struct object *o, const struct schema_key *first,
		      char *tail)
{
	for (const struct schema_key *k = first; k->name; k++) {
		if (!text_is_written(t, k, o))
			continue;
		if (k->type == KT_ONE && !schema_is_set(k, o->base))
			continue;
		if (!can_be_word(k, o->base) ||
		    !add_word(tail, k, o->base, o->kind == SCHEMA_vip ? " " : "="))
			return false;
	}
	return true;
}

static void add_port(struct text *t, const struct object *o, uint16_t port, char *tail)
{
	const struct schema_key *key = schema_find(o->kind, "port");

	if (text_is_written(t, key, o))
		(void)snprintf(tail + strlen(tail), SHORT_MAX_LEN - strlen(tail), ":%u", port);
}

static void brief_of(struct text *t, const struct object *o, struct brief *b)
{
	const struct conf_rs *rs = o->base;
	const struct conf_vip *vip = o->base;
	const struct conf_vsaddr *addr = o->base;
	const struct ip_prefix *p = o->kind == SCHEMA_vip ? &vip->s.prefix : &addr->s.prefix;
	unsigned named = o->kind == SCHEMA_vip ? 1 : 2; /* rows that the first word is */

	b->tail[0] = '\0';
	b->addr = o->kind == SCHEMA_rs ? rs->s.addr : p->addr;
	if (o->kind != SCHEMA_rs && p->len != addr_len(b->addr.family) * 8)
		(void)snprintf(b->tail, sizeof(b->tail), "/%u", p->len);
	if (o->kind == SCHEMA_rs)
		add_port(t, o, rs->s.port, b->tail);
	else if (o->kind == SCHEMA_vsaddr)
		add_port(t, o, addr->s.port, b->tail);
	b->is_good = b->addr.family && put_words(t, o, schema_of[o->kind].key + named, b->tail);
}

/* ------------------------------------------------------------------ ranges */

/* One, or n in a row. */
static void put_brief(struct text *t, const struct ip_addr *addr, const char *tail, uint32_t n)
{
	char host[ADDR_TEXT_LEN], all[SHORT_MAX_LEN + 2 * ADDR_TEXT_LEN];
	const uint8_t *p = addr->byte;
	size_t to_port = strcspn(tail, ": ");

	if (n > 1)
		(void)snprintf(all, sizeof(all), "%u.%u.%u.[%u-%u]%s", p[0], p[1], p[2], p[3],
			       p[3] + n - 1, tail);
	else if (addr->family == AF_INET6 && tail[to_port] == ':')
		(void)snprintf(all, sizeof(all), "[%s%.*s]%s", addr_text(addr, host), (int)to_port,
			       tail, tail + to_port);
	else
		(void)snprintf(all, sizeof(all), "%s%s", addr_text(addr, host), tail);
	text_string(t, all);
}

static void begin_element(struct text *t, struct run *r, int level)
{
	(void)fputs(r->sep, t->f);
	r->sep = ",\n";
	text_indent(t, level);
}

static void flush(struct text *t, struct run *r, int level)
{
	uint32_t step = r->n >= RUN_MIN ? r->n : 1;

	for (uint32_t i = 0; i < r->n; i += step) {
		struct ip_addr addr = r->first.addr;

		addr.byte[3] = (uint8_t)(addr.byte[3] + i); /* several are of IPv4 */
		begin_element(t, r, level);
		put_brief(t, &addr, r->first.tail, step);
	}
	r->n = 0;
}

static bool continues(const struct run *r)
{
	const struct ip_addr *a = &r->first.addr, *b = &r->next.addr;

	return r->n && a->family == AF_INET && b->family == AF_INET &&
	       !memcmp(a->byte, b->byte, 3) && b->byte[3] == a->byte[3] + r->n &&
	       !strcmp(r->first.tail, r->next.tail);
}

void text_short_list(struct text *t, enum schema_kind kind, const struct conf_range *r,
		     const struct object *parent, int level)
{
	struct run run = { .sep = "" };

	for (uint32_t i = 0; i < r->n; i++) {
		struct object o = text_object(t, kind, r->first + i, parent);

		brief_of(t, &o, &run.next);
		if (run.next.is_good && continues(&run)) {
			run.n++;
			continue;
		}
		flush(t, &run, level);
		if (run.next.is_good) {
			run.first.addr = run.next.addr;
			(void)snprintf(run.first.tail, SHORT_MAX_LEN, "%s", run.next.tail);
			run.n = 1;
		} else {
			begin_element(t, &run, level);
			text_inline(t, &o);
		}
	}
	flush(t, &run, level);
	(void)fputc('\n', t->f);
}
