/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The words of a libconfig file, for what the library itself doesn't tell: cut numbers, and where a
 * syntax error comes from. Knows no grammar. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum lex_type {
	LEX_END,
	LEX_TEXT, /* "..." with its quotes */
	LEX_OPEN_TEXT, /* "... to the end of the file */
	LEX_WORD, /* a name, a number, or what is meant as one */
	LEX_MARK, /* one character of { } ( ) [ ] = : ; , or any other */
};

struct lex_token {
	enum lex_type type;
	const char *p;
	size_t len;
	uint32_t line, end_line; /* of its first and its last character */
	uint32_t indent; /* blanks that its line begins with; tabs are one */
	uint32_t is_first; /* of its line */
};

/* Zeroed but for p, end and line = 1 it is at the beginning of a text. */
struct lex {
	const char *p, *end;
	uint32_t line;
	uint32_t
		cr_line; /* first line with a comment that has a lone carriage return in it, or 0 */
	uint32_t indent;
	uint32_t is_inside; /* something of this line has been returned */
};

/* The next token; comments and blanks are skipped. After LEX_END again LEX_END. */
void lex_next(struct lex *l, struct lex_token *t);
