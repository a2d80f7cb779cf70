/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Short texts: "10.0.0.1:80 weight=10" for a server, "192.0.2.1/24 dev eth0" for a virtual address. The
 * first word is the address; settings follow as key=value or key value. A text costs the library a
 * fraction of what a group costs it. See conf_build.h.
 */
#include "core/conf/conf_fill.h"
#include "core/conf/conf_value.h"

#include <stdio.h>
#include <string.h>

/* Kinds with short texts, and whether the first word may have a port behind it. */
static const struct {
	bool is_short, has_port;
} shorts[SCHEMA_KIND_N] = {
	[SCHEMA_vip] = { true, false },     [SCHEMA_rs] = { true, true },
	[SCHEMA_route] = { true, false },   [SCHEMA_rule] = { true, false },
	[SCHEMA_peer] = { true, false },    [SCHEMA_track] = { true, false },
	[SCHEMA_vsaddr] = { true, true },   [SCHEMA_sorry] = { true, true },
	[SCHEMA_nexthop] = { true, false }, [SCHEMA_fifo] = { true, false },
};

bool fill_is_short(enum schema_kind kind)
{
	return shorts[kind].is_short;
}

/* "ADDRESS:PORT" or what else the first setting of the kind is: the first word of a text. */
static void put_host(struct filling *f, char *word, struct keyset *seen)
{
	const struct schema_key *addr = schema_of[f->kind].key;
	const struct schema_key *key = schema_find(f->kind, "port");
	char why[VALUE_WHY_LEN], *host = word, *port = NULL;

	keyset_add(seen, 0);
	if (shorts[f->kind].has_port && conf_split_port(word, &host, &port)) {
		build_fail(f->b, f->kind, f->object, f->object, "'%s' is no address with a port",
			   addr->name);
		return;
	}
	if (!fill_word(f, addr, host, why))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' %s", addr->name, why);
	if (!port)
		return;
	keyset_add(seen, schema_index(f->kind, key));
	if (!value_from_text(key, port, f->base, &f->b->c->arena, why))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' %s", key->name, why);
}

/* One "key=value" or "key value"; value may be NULL. use is done already. False: stop. */
static bool put_pair(struct filling *f, const char *name, const char *value, struct keyset *given)
{
	const struct schema_key *key = schema_find(f->kind, name);
	char why[VALUE_WHY_LEN];

	if (fill_is_use(f->kind, name))
		return true;
	if (!key || key->type == KT_LIST || key->type == KT_ONE) {
		build_fail(f->b, f->kind, f->object, f->object,
			   key ? "'%.40s' is a list, which needs the long form: a group { }"
			       : "unknown word '%.40s'",
			   name);
		return false;
	}
	if (!value || !*value)
		build_fail(f->b, f->kind, f->object, f->object, "'%s' has no value", name);
	else if (keyset_has(given, schema_index(f->kind, key)))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' is given twice", name);
	else if (!value_from_text(key, value, f->base, &f->b->c->arena, why))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' %s", name, why);
	keyset_add(given, schema_index(f->kind, key));
	return true;
}

static char *next_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " \t");
	while (word && !*word);
	return word;
}

/* The templates that a text names, below its own settings. */
static void short_use(struct filling *f, const char *text, struct keyset *seen)
{
	char copy[CONF_SHORT_MAX_LEN], *rest = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	while ((word = next_word(&rest))) {
		const char *name = !strncmp(word, "use=", 4) ? word + 4
				   : !strcmp(word, "use")    ? next_word(&rest)
							     : NULL;
		struct conf_template *t = name ? template_find(f->b, f->kind, name) : NULL;
		struct picks picks;
		char why[TEMPLATE_WHY_LEN];

		if (name && !t)
			build_fail(f->b, f->kind, f->object, f->object, "%s",
				   template_why(f->b, f->kind, name, why));
		if (!t)
			continue;
		picks.seen = picks.is_told = (struct keyset){ { 0 } };
		picks_lay(&picks, &t->picks, true);
		fill_picked(f, &picks);
		keyset_join(seen, &picks.seen);
	}
}

/* The value behind a word: after its '=', or the next word; a switch may stand alone. */
static char *value_of(enum schema_kind kind, char *word, char **rest)
{
	static char yes[] = "true";
	char *value = strchr(word, '='), *look = *rest;
	const struct schema_key *key;

	if (value) {
		*value++ = '\0';
		return value;
	}
	key = schema_find(kind, word);
	if (!key || key->type != KT_BOOL)
		return next_word(rest);
	look += look ? strspn(look, " \t") : 0;
	if (look && (!strncmp(look, "true", 4) || !strncmp(look, "false", 5)))
		return next_word(rest);
	return yes;
}

void fill_short(struct filling *f, const char *text, struct keyset *seen)
{
	char copy[CONF_SHORT_MAX_LEN], *rest = copy, *word, first[CONF_SHORT_MAX_LEN];
	struct keyset given = { { 0 } };

	if (strlen(text) >= sizeof(copy)) {
		build_fail(f->b, f->kind, f->object, f->object, "is longer than %zu characters",
			   sizeof(copy) - 1);
		return;
	}
	if (fill_has_templates(f->kind) && strstr(text, "use"))
		short_use(f, text, seen);
	memcpy(copy, text, strlen(text) + 1);
	word = next_word(&rest);
	if (word) {
		memcpy(first, word, strcspn(word, "="));
		first[strcspn(word, "=")] = '\0';
		/* "via 192.0.2.1": the first setting is not said first */
		if (!schema_find(f->kind, first)) {
			put_host(f, word, &given);
			word = next_word(&rest);
		}
	}
	for (; word; word = next_word(&rest)) {
		char *value = value_of(f->kind, word, &rest);

		if (!put_pair(f, word, value, &given))
			break;
	}
	keyset_join(seen, &given);
	fill_needed(f, seen);
}
