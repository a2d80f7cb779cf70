/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_lex.h.
 */
#include "core/conf/conf_lex.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool at(const struct lex *l, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(l->end - l->p) >= n && !memcmp(l->p, word, n);
}

static void step(struct lex *l)
{
	if (*l->p++ != '\n')
		return;
	l->line++;
	l->indent = 0;
	l->is_inside = false;
}

static void skip_line(struct lex *l)
{
	const char *nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	const char *stop = nl ? nl : l->end;
	const char *cr = memchr(l->p, '\r', (size_t)(stop - l->p));

	/* the one before the end of a line is how some systems end lines */
	if (cr && cr + 1 < stop && !l->cr_line)
		l->cr_line = l->line;
	l->p = stop;
}

static void skip_remark(struct lex *l)
{
	l->p += 2;
	while (l->p < l->end && !at(l, "*/"))
		step(l);
	l->p = l->end - l->p < 2 ? l->end : l->p + 2;
}

static void skip_blanks(struct lex *l)
{
	while (l->p < l->end) {
		if (*l->p == '#' || at(l, "//")) {
			skip_line(l);
		} else if (at(l, "/*")) {
			skip_remark(l);
		} else if (isspace((unsigned char)*l->p)) {
			l->indent += !l->is_inside;
			step(l);
		} else {
			return;
		}
	}
}

static enum lex_type take_text(struct lex *l)
{
	l->p++;
	while (l->p < l->end && *l->p != '"') {
		if (*l->p == '\\' && l->p + 1 < l->end)
			l->p++;
		/* not step(): the indent stays that of the line where the token begins */
		l->line += *l->p++ == '\n';
	}
	if (l->p == l->end)
		return LEX_OPEN_TEXT;
	l->p++;
	return LEX_TEXT;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || strchr("_.-+*@/%", c);
}

void lex_next(struct lex *l, struct lex_token *t)
{
	skip_blanks(l);
	*t = (struct lex_token){ .p = l->p, .line = l->line, .is_first = !l->is_inside };
	t->indent = l->indent;
	if (l->p == l->end) {
		t->end_line = l->line;
		return;
	}
	l->is_inside = true;
	if (*l->p == '"') {
		t->type = take_text(l);
	} else if (*l->p && is_word(*l->p)) {
		t->type = LEX_WORD;
		while (l->p < l->end && *l->p && is_word(*l->p) && !at(l, "//") && !at(l, "/*"))
			l->p++;
	} else {
		t->type = LEX_MARK;
		l->p++;
	}
	t->len = (size_t)(l->p - t->p);
	t->end_line = l->line;
}
