/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: health checks. One success brings a server back in keepalived, so rise is 1; how many
 * failures it takes and how fast they follow each other depends on the check.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/ka.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* keepalived's kinds of checks, with what they have where nobody says otherwise. */
static const struct type {
	const char *name;
	enum ka_block block;
	ty_CHECK_TYPE type;
	uint8_t retry_n;
	int64_t retry_delay_us; /* 0: as delay_loop */
	bool is_polled; /* it runs every so often */
} types[] = {
	{ "TCP_CHECK", KA_TCP, CHECK_TCP, 1, SEC(1), true },
	{ "HTTP_GET", KA_HTTP, CHECK_HTTP, 1, SEC(3), true },
	{ "SSL_GET", KA_SSL_GET, CHECK_HTTPS, 1, SEC(3), true },
	{ "SMTP_CHECK", KA_SMTP, CHECK_SMTP, 1, SEC(1), true },
	{ "DNS_CHECK", KA_DNS, CHECK_DNS, 3, 0, true },
	{ "UDP_CHECK", KA_UDP, CHECK_UDP, 1, SEC(1), true },
	{ "PING_CHECK", KA_PING, CHECK_PING, 1, SEC(1), true },
	{ "MISC_CHECK", KA_MISC, CHECK_SCRIPT, 0, SEC(1), true },
	{ "BFD_CHECK", KA_BFD_CHECK, CHECK_BFD, 0, 0, false },
	{ "FILE_CHECK", KA_FILE_CHECK, CHECK_FILE, 0, 0, false },
};

/* A check with its block. */
struct check {
	struct ka_obj o; /* first */
	const struct type *type;
	uint32_t hosts_n; /* SMTP: blocks that became checks of their own */
};

static struct check *check_of(struct ka_obj *o)
{
	return (struct check *)(void *)o;
}

/* ------------------------------------------------------------------ what is there when nothing is said */

/* What follows happens by itself: the times of vipd's own defaults mean nothing to it. */
static void no_times(struct ka_obj *c)
{
	const struct fields_vs *vs = schema_defaults(SCHEMA_vs);

	ka_set(c, "interval", vs->delay_loop_us);
	ka_set(c, "timeout", vs->check_timeout_us);
	ka_set(c, "retry", vs->retry_n);
	ka_set(c, "fast_interval", 0);
	ka_set(c, "warmup", 0);
}

/* What the check, its server or its service says. */
static bool is_said(const struct ka_obj *c, const char *row, const char *above)
{
	return ka_has(c, row) || ka_has(c->up, above) || ka_has(c->up->up, above);
}

static int64_t interval_us(const struct ka_obj *c)
{
	return ka_has(c, "interval")         ? ka_get(c, "interval")
	       : ka_has(c->up, "delay_loop") ? ka_get(c->up, "delay_loop")
					     : ka_get(c->up->up, "delay_loop");
}

static void defaults(struct check *ck)
{
	struct ka_obj *c = &ck->o;
	const struct type *t = ck->type;

	if (t->type != CHECK_HTTP && t->type != CHECK_HTTPS)
		ka_mark(c, "host"); /* none, whatever the service says */
	if (!t->is_polled) {
		no_times(c);
		return;
	}
	ka_set(c, "rise", 1);
	if (!is_said(c, "retry", "retry"))
		ka_set(c, "retry", t->retry_n);
	if (!is_said(c, "fast_interval", "delay_before_retry"))
		ka_set(c, "fast_interval", t->retry_delay_us);
	if (!is_said(c, "warmup", "warmup"))
		ka_set(c, "warmup", interval_us(c));
	if (t->type == CHECK_SCRIPT && !ka_has(c, "timeout"))
		ka_set(c, "timeout", ka_get(c->up->up, "delay_loop"));
}

static void finish(struct ka *k, const struct ka_node *n, struct check *ck)
{
	defaults(ck);
	ka_push(k, n, &ck->o);
}

/* ------------------------------------------------------------------ HTTP */

static void sni_name(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_set(o, "enable_sni", true);
	if (n->word_n > 1)
		(void)ka_put(k, n, 1, o, "sni_name");
	ka_extra(k, n, 2);
}

const struct ka_word ka_words_http[] = {
	{ "sni_name", sni_name, false },
	{ NULL, NULL, false },
};

static void digest(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	enum { DIGEST_LEN = 32 };
	char text[DIGEST_LEN + 2] = "";

	for (size_t i = 0; n->word_n > 1 && n->word[1][i] && i < sizeof(text) - 1; i++)
		text[i] = (char)tolower((unsigned char)n->word[1][i]);
	(void)ka_set_text(k, n, o, "digest", text);
	ka_extra(k, n, 2);
}

/* regex_stack START MAX */
static void regex_stack(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)ka_put(k, n, 1, o, "regex_stack_start");
	(void)ka_put(k, n, 2, o, "regex_stack_max");
	ka_extra(k, n, 3);
}

const struct ka_word ka_words_url[] = {
	{ "digest", digest, false },
	{ "regex_stack", regex_stack, false },
	{ NULL, NULL, false },
};

void ka_url(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj u;

	ka_begin(k, &u, SCHEMA_url, n, o);
	ka_statements(k, KA_URL, n->child, &u);
	ka_extra(k, n, 1);
	ka_push(k, n, &u);
}

/* A single url of which no more is said than a check can say itself becomes part of it. */
static void lift_url(struct ka *k, struct ka_obj *c)
{
	static const char *const rows[] = { "path", "status", "host" };
	struct conf_check *ck = c->base;
	struct keyset rest;
	const void *url;

	if (ck->s.urls.n != 1)
		return;
	url = build_made(&k->b, SCHEMA_url, ck->s.urls.first);
	rest = *build_seen(&k->b, SCHEMA_url, ck->s.urls.first);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		keyset_del(&rest, schema_index(SCHEMA_url, schema_find(SCHEMA_url, rows[i])));
	if (!keyset_is_empty(&rest))
		return;
	rest = *build_seen(&k->b, SCHEMA_url, ck->s.urls.first);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct schema_key *from = schema_find(SCHEMA_url, rows[i]);

		if (!keyset_has(&rest, schema_index(SCHEMA_url, from)))
			continue;
		schema_copy(schema_find(SCHEMA_check, rows[i]), c->base, from, url);
		ka_mark(c, rows[i]);
	}
	vec_cut(&k->b.list[SCHEMA_url], ck->s.urls.first);
	ck->s.urls = (struct conf_range){ 0 };
	keyset_del(c->seen, schema_index(SCHEMA_check, schema_find(SCHEMA_check, "urls")));
}

/* ------------------------------------------------------------------ SMTP */

/* Each block is a check of its own: all must pass, as there. */
static void smtp_host(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct check *base = check_of(o), one;

	ka_begin(k, &one.o, SCHEMA_check, n, o->up);
	memcpy(one.o.base, o->base, schema_of[SCHEMA_check].len);
	*one.o.seen = *o->seen;
	one.type = base->type;
	one.hosts_n = 0;
	ka_statements(k, KA_SMTP_HOST, n->child, &one.o);
	ka_extra(k, n, 1);
	finish(k, n, &one);
	base->hosts_n++;
}

const struct ka_word ka_words_smtp[] = {
	{ "host", smtp_host, true },
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ UDP */

/* Hexadecimal digits, with blanks between as one likes. */
static void put_hex(struct ka *k, const struct ka_node *n, struct ka_obj *o, const char *row)
{
	size_t len = 1;
	char *text, *q;

	for (uint32_t i = 1; i < n->word_n; i++)
		len += strlen(n->word[i]);
	q = text = malloc(len);
	BUG_ON(!text);
	for (uint32_t i = 1; i < n->word_n; i++)
		for (const char *p = n->word[i]; *p; p++)
			if (!isspace((unsigned char)*p))
				*q++ = *p;
	*q = '\0';
	(void)ka_set_text(k, n, o, row, text);
	free(text);
}

static void payload(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	put_hex(k, n, o, "payload");
}

static void require_reply(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_set(o, "require_reply", true);
	if (n->word_n > 1)
		put_hex(k, n, o, "reply");
}

const struct ka_word ka_words_udp[] = {
	{ "payload", payload, false },
	{ "require_reply", require_reply, false },
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ MISC, FILE */

static void user(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_user(k, n, 1, o, "user", "group");
}

const struct ka_word ka_words_misc[] = {
	{ "user", user, false },
	{ NULL, NULL, false },
};

/* weight W [reverse|noreverse] */
static void weight(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	uint32_t i = 2;

	(void)ka_put(k, n, 1, o, "weight");
	if (i < n->word_n && ka_has_word("reverse noreverse", n->word[i]))
		ka_set(o, "reverse", !strcmp(n->word[i++], "reverse"));
	ka_extra(k, n, i);
}

const struct ka_word ka_words_file_check[] = {
	{ "weight", weight, false },
	{ NULL, NULL, false },
};

/* ------------------------------------------------------------------ the block */

static const struct type *type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	BUG(name);
}

/* A check that lacks what it is about is none. */
static const char *lacks(const struct check *ck)
{
	const struct conf_check *c = &ck->o.made.o.check;

	switch (ck->type->block) {
	case KA_HTTP:
	case KA_SSL_GET:
		return c->s.urls.n || ka_has(&ck->o, "path") ? NULL : "url";
	case KA_MISC:
		return c->s.command.n ? NULL : "misc_path";
	case KA_BFD_CHECK:
		return c->s.name ? NULL : "name";
	case KA_FILE_CHECK:
		return c->s.track_file ? NULL : "track_file";
	default:
		return NULL;
	}
}

void ka_check(struct ka *k, const struct ka_node *n, struct ka_obj *rs)
{
	struct check ck = { .type = type_of(n->word[0]) };
	const char *what;

	ka_begin(k, &ck.o, SCHEMA_check, n, rs);
	ka_set(&ck.o, "type", ck.type->type);
	ka_extra(k, n, 1);
	ka_statements(k, ck.type->block, n->child, &ck.o);
	if (ck.hosts_n)
		return;
	lift_url(k, &ck.o);
	what = lacks(&ck);
	if (what)
		KA_WARN(k, n, "%s has no '%s': left out, as in keepalived", n->word[0], what);
	else
		finish(k, n, &ck);
}
