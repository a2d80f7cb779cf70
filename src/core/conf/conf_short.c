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

/* "ADDRESS:PORT", the first word of a server's text. */
static void put_host(struct filling *f, char *word, uint64_t *seen)
{
	const struct schema_key *addr = schema_of[f->kind].key;
	const struct schema_key *key = schema_find(f->kind, "port");
	char why[VALUE_WHY_LEN], *host = word, *port = NULL;

	*seen |= bit_of(f->kind, addr);
	if (f->kind == SCHEMA_rs && conf_split_port(word, &host, &port)) {
		build_fail(f->b, f->kind, f->object, f->object, "'%s' is no address with a port",
			   addr->name);
		return;
	}
	if (!fill_word(f, addr, host, why))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' %s", addr->name, why);
	if (!port)
		return;
	*seen |= bit_of(f->kind, key);
	if (!value_from_text(key, port, f->base, &f->b->c->arena, why))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' %s", key->name, why);
}

/* One "key=value" or "key value"; value may be NULL. use is done already. False: stop. */
static bool put_pair(struct filling *f, const char *name, const char *value, uint64_t *given)
{
	const struct schema_key *key = schema_find(f->kind, name);
	char why[VALUE_WHY_LEN];

	if (fill_is_use(f->kind, name))
		return true;
	if (!key || key->type == KT_LIST) {
		build_fail(f->b, f->kind, f->object, f->object,
			   key ? "'%.40s' is a list, which needs the long form: a group { }"
			       : "unknown word '%.40s'",
			   name);
		return false;
	}
	if (!value || !*value)
		build_fail(f->b, f->kind, f->object, f->object, "'%s' has no value", name);
	else if (*given & bit_of(f->kind, key))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' is given twice", name);
	else if (!value_from_text(key, value, f->base, &f->b->c->arena, why))
		build_fail(f->b, f->kind, f->object, f->object, "'%s' %s", name, why);
	*given |= bit_of(f->kind, key);
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
static void short_use(struct filling *f, const char *text, uint64_t *seen)
{
	char copy[CONF_SHORT_MAX_LEN], *rest = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	while ((word = next_word(&rest))) {
		const char *name = !strncmp(word, "use=", 4) ? word + 4
				   : !strcmp(word, "use")    ? next_word(&rest)
							     : NULL;
		struct conf_template *t = name ? template_find(f->b, f->kind, name) : NULL;
		struct picks picks = { .seen = 0 };
		char why[TEMPLATE_WHY_LEN];

		if (name && !t)
			build_fail(f->b, f->kind, f->object, f->object, "%s",
				   template_why(f->b, f->kind, name, why));
		if (!t)
			continue;
		picks_lay(&picks, &t->picks, true);
		fill_picked(f, &picks);
		*seen |= picks.seen;
	}
}

uint64_t fill_short(struct filling *f, const char *text)
{
	char copy[CONF_SHORT_MAX_LEN], *rest = copy, *word;
	uint64_t given = 0, below = 0;

	if (strlen(text) >= sizeof(copy)) {
		build_fail(f->b, f->kind, f->object, f->object, "is longer than %zu characters",
			   sizeof(copy) - 1);
		return 0;
	}
	if (fill_has_templates(f->kind) && strstr(text, "use"))
		short_use(f, text, &below);
	memcpy(copy, text, strlen(text) + 1);
	word = next_word(&rest);
	if (word)
		put_host(f, word, &given);
	while ((word = next_word(&rest))) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = '\0';
		else
			value = next_word(&rest);
		if (!put_pair(f, word, value, &given))
			break;
	}
	fill_defaults(f, given | below);
	return given | below;
}
