/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: commands and accounts. A command is one word of the statement, usually quoted; here it is
 * taken apart into the program and its arguments: blanks divide, quotes within hold together, and
 * escapes as of a shell's $'...' stand for characters.
 */
#include "core/bug.h"
#include "core/conf/conf_value.h"
#include "core/conf/ka.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_WORDS_MAX = 64 };

static unsigned digit(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0')
					 : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

/* The number at p in a base, of at most max digits; *n is how many it has. */
static unsigned number(const char *p, unsigned base, unsigned max, unsigned *n)
{
	unsigned v = 0;

	for (*n = 0; *n < max && isxdigit((unsigned char)p[*n]) && digit(p[*n]) < base; (*n)++)
		v = v * base + digit(p[*n]);
	return v;
}

/* The character that an escape stands for; *p is behind the backslash and is moved past it all. */
static char escape(const char **p)
{
	static const char from[] = "abEefnrtv", to[] = "\a\b\033\033\f\n\r\t\v";
	const char *at;
	unsigned n, v;
	char c = **p;

	if (c >= '0' && c <= '7') {
		v = number(*p, 8, 3, &n);
		*p += n;
		return (char)v;
	}
	(*p)++;
	if (c == 'x' && isxdigit((unsigned char)**p)) {
		v = number(*p, 16, 2, &n);
		*p += n;
		return (char)v;
	}
	if (c == 'c' && **p) {
		v = (unsigned)toupper((unsigned char)**p) ^ 0x40u;
		(*p)++;
		return (char)v;
	}
	at = strchr(from, c);
	return at && c ? to[at - from] : c;
}

/* The next word of a command into out, which has room for all of it. False: there is none. */
static bool next_word(const char **p, char *out)
{
	char quote = '\0';

	while (isspace((unsigned char)**p))
		(*p)++;
	if (!**p)
		return false;
	while (**p && (quote || !isspace((unsigned char)**p))) {
		char c = *(*p)++;

		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else if (c == '\\' && **p)
			*out++ = escape(p);
		else
			*out++ = c;
	}
	*out = '\0';
	return true;
}

bool ka_command(struct ka *k, const struct ka_node *n, const char *row, struct ka_obj *o)
{
	const struct schema_key *key = schema_find(o->kind, row);
	const char *words[COMMAND_WORDS_MAX], *p;
	char *buf, why[VALUE_WHY_LEN];
	uint32_t count = 0;
	bool ok;

	BUG_ON(!key || key->type != KT_STRS);
	if (n->word_n < 2) {
		ka_bad(k, n, "'%s' has no value", n->word[0]);
		return false;
	}
	p = n->word[1];
	buf = malloc(strlen(p) + 1);
	BUG_ON(!buf);
	while (count < COMMAND_WORDS_MAX && next_word(&p, buf))
		words[count++] = arena_strdup(&k->b.scratch, buf);
	ok = value_texts(key, words, count, o->base, &k->b.c->arena, why);
	if (p[strspn(p, " \t\n")]) {
		(void)snprintf(why, sizeof(why), "has more than %d words", COMMAND_WORDS_MAX);
		ok = false;
	}
	free(buf);
	if (ok)
		keyset_add(o->seen, schema_index(o->kind, key));
	else
		ka_bad(k, n, "'%s' %s", n->word[0], why);
	return ok;
}

/* "user", "user group", "user :group", "user:group" */
void ka_user(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o, const char *user,
	     const char *group)
{
	char name[128];
	const char *colon;

	if (i >= n->word_n)
		return;
	colon = strchr(n->word[i], ':');
	(void)snprintf(name, sizeof(name), "%.*s",
		       colon ? (int)(colon - n->word[i]) : (int)strlen(n->word[i]), n->word[i]);
	(void)ka_set_text(k, n, o, user, name);
	if (colon && colon[1])
		(void)ka_set_text(k, n, o, group, colon + 1);
	else if (i + 1 < n->word_n)
		(void)ka_set_text(k, n, o, group, n->word[i + 1] + (*n->word[i + 1] == ':'));
	ka_extra(k, n, i + 2);
}

void ka_script(struct ka *k, const struct ka_node *n, const char *row, struct ka_obj *o)
{
	struct ka_obj script;

	ka_begin(k, &script, SCHEMA_script, n, o);
	if (!ka_command(k, n, "command", &script))
		return;
	ka_user(k, n, 2, &script, "user", "group");
	ka_push_one(k, n, &script, o, row);
}
