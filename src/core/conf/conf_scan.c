/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_scan.h.
 */
#include "core/conf/conf_scan.h"

#include "core/conf/conf_lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_SHOWN_LEN = 40,
	/* what malloc() gives to libconfig 1.7 on a machine of 64 bits */
	SETTING_LEN = 80,
	NAME_LEN = 32,
	LIST_LEN = 176, /* with room for its first 16 members */
};

static bool all_digits(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)word[i]))
			return false;
	return true;
}

/* A word that begins with a digit or a sign: false when it is an integer that doesn't fit. */
static bool fits(const char *word, size_t len)
{
	char buf[NUMBER_SHOWN_LEN], *stop;
	bool is_hex = len > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');

	if (len >= sizeof(buf))
		return !all_digits(word, len);
	if ((!is_hex && memchr(word, 'e', len)) || memchr(word, '.', len))
		return true; /* a fraction is the library's to read */
	memcpy(buf, word, len);
	buf[len] = '\0';
	errno = 0;

	long long v = strtoll(buf, &stop, is_hex ? 16 : 10);

	if (!strcmp(stop, "L") || !strcmp(stop, "LL"))
		return !errno;
	if (*stop)
		return true; /* not a number: a syntax error, told later */
	return !errno && (is_hex ? v >= 0 && v <= 0xffffffffLL : v >= INT32_MIN && v <= INT32_MAX);
}

/* Without the other quote the text swallows all that follows; where it begins is a guess: a text that
 * runs over a line's end is where quotes became odd, or else the last one. */
static void tell_open(const char *name, uint32_t odd_line, const struct lex_token *t,
		      struct err_list *errs)
{
	err_add(errs, ERR_ERROR, name, odd_line ? odd_line : t->line,
		"syntax error: the text that begins in this line has no closing quote");
}

/* What a token adds to the tree. is_named: the one before it was the '=' behind a name. */
static size_t tree_share(const struct lex_token *t, bool is_named)
{
	size_t own_len = is_named ? 0 : SETTING_LEN;

	if (t->type == LEX_TEXT)
		return own_len + NAME_LEN + t->len;
	if (t->type != LEX_MARK)
		return 0;
	if (*t->p == '=' || *t->p == ':')
		return SETTING_LEN + NAME_LEN;
	return strchr("{([", *t->p) ? own_len + LIST_LEN : 0;
}

bool conf_scan(const char *name, const char *text, size_t len, size_t *tree_len,
	       struct err_list *errs)
{
	struct lex l = { .p = text, .end = text + len, .line = 1 };
	struct lex_token t;
	uint32_t odd_line = 0;
	bool is_good = true, is_named = false;

	*tree_len = 0;
	for (lex_next(&l, &t); t.type != LEX_END; lex_next(&l, &t)) {
		*tree_len += tree_share(&t, is_named);
		is_named = t.type == LEX_MARK && (*t.p == '=' || *t.p == ':');
		if (t.type == LEX_TEXT && t.end_line > t.line && !odd_line)
			odd_line = t.line;
		if (t.type == LEX_OPEN_TEXT) {
			tell_open(name, odd_line, &t, errs);
			is_good = false;
		} else if (t.type == LEX_TEXT && t.len > CONF_TEXT_MAX_LEN) {
			err_add(errs, ERR_ERROR, name, t.line,
				"a text of %zu bytes; at most %d are allowed", t.len,
				CONF_TEXT_MAX_LEN);
			is_good = false;
		} else if (t.type == LEX_WORD && t.len >= 8 && !memcmp(t.p, "@include", 8)) {
			err_add(errs, ERR_ERROR, name, t.line,
				"@include is not taken: write include = [ \"FILE\" ]; at the top");
			is_good = false;
		} else if (t.type == LEX_WORD &&
			   (isdigit((unsigned char)*t.p) || *t.p == '-' || *t.p == '+') &&
			   !fits(t.p, t.len)) {
			err_add(errs, ERR_ERROR, name, t.line, "number %.*s is too large",
				t.len < NUMBER_SHOWN_LEN ? (int)t.len : NUMBER_SHOWN_LEN, t.p);
		}
	}
	if (l.cr_line)
		err_add(errs, ERR_WARNING, name, l.cr_line,
			"a carriage return inside a comment: what looks like the next line is part "
			"of the comment");
	return is_good;
}
