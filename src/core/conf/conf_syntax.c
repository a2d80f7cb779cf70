/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_syntax.h. The text is read again, with a stack of open brackets and just enough grammar to
 * see the usual mistakes; the first one found is told.
 */
#include "core/conf/conf_syntax.h"

#include "core/bug.h"
#include "core/conf/conf_lex.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_LEN = 40 }; /* of a word of the file */

/* What may come next. */
enum expect {
	EXPECT_NAME, /* in a group: a name, or its end */
	EXPECT_SIGN, /* after a name: = or : */
	EXPECT_VALUE, /* after = or :, and after a comma in a list */
	EXPECT_FIRST, /* in a list that has just been opened: a value, or its end */
	EXPECT_NEXT, /* after a value: a comma, a name (in a group), or an end */
};

struct open {
	char mark; /* { ( [, or 0: the file */
	uint32_t line, indent;
	uint32_t id; /* each group its own */
};

/* a name in a group, to find the one that is there twice */
struct named {
	uint32_t group, line;
	const char *p;
	size_t len;
};

struct read {
	const char *name;
	struct err_list *errs;
	struct lex lex;
	struct open *open;
	size_t depth, open_cap;
	struct named *named;
	size_t named_n, named_cap;
	uint32_t groups;
	enum expect expect;
	char last_mark; /* the token before this one, if it was a mark */
	struct open suspect; /* a bracket whose other half stands elsewhere; line 0: none */
	bool is_told;
};

#define TELL(r, line_, ...)                                                                        \
	do {                                                                                       \
		if (!(r)->is_told)                                                                 \
			err_add((r)->errs, ERR_ERROR, (r)->name, line_, __VA_ARGS__);              \
		(r)->is_told = true;                                                               \
	} while (0)

static int shown(const struct lex_token *t)
{
	return t->len < SHOWN_LEN ? (int)t->len : SHOWN_LEN;
}

static char other_half(char mark)
{
	return mark == '{' ? '}' : mark == '(' ? ')' : ']';
}

static void push(struct read *r, char mark, const struct lex_token *t)
{
	if (r->depth == r->open_cap) {
		r->open_cap = r->open_cap ? r->open_cap * 2 : 16;
		r->open = reallocarray(r->open, r->open_cap, sizeof(*r->open));
		BUG_ON(!r->open);
	}
	r->open[r->depth++] = (struct open){ mark, t->line, t->indent, r->groups++ };
}

static struct open *top(struct read *r)
{
	return &r->open[r->depth - 1];
}

static void remember_name(struct read *r, const struct lex_token *t)
{
	if (r->named_n == r->named_cap) {
		r->named_cap = r->named_cap ? r->named_cap * 2 : 64;
		r->named = reallocarray(r->named, r->named_cap, sizeof(*r->named));
		BUG_ON(!r->named);
	}
	r->named[r->named_n++] = (struct named){ top(r)->id, t->line, t->p, t->len };
}

static bool is_name(const struct lex_token *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (!isalnum((unsigned char)t->p[i]) && !strchr("-_*", t->p[i]))
			return false;
	return isalpha((unsigned char)*t->p) || *t->p == '*';
}

/* A word where a value belongs: a number, true or false, or something that wants quotes. */
static bool is_plain_value(const struct lex_token *t)
{
	char buf[SHOWN_LEN + 1], *stop;

	if (t->len > SHOWN_LEN)
		return isdigit((unsigned char)*t->p);
	memcpy(buf, t->p, t->len);
	buf[t->len] = '\0';
	if (!strcasecmp(buf, "true") || !strcasecmp(buf, "false"))
		return true;
	if (!isdigit((unsigned char)*buf) && !strchr("+-.", *buf))
		return false;
	(void)strtod(buf, &stop);
	return stop > buf && (!*stop || !strcmp(stop, "L") || !strcmp(stop, "LL"));
}

static bool is_one_of(const struct lex_token *t, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == t->len && !strncasecmp(*words, t->p, t->len))
			return true;
	return false;
}

static void take_value_word(struct read *r, const struct lex_token *t)
{
	static const char *const yes_no[] = { "yes", "no", "on", "off", NULL };

	if (is_one_of(t, yes_no))
		TELL(r, t->line, "syntax error: write true or false, not %.*s", shown(t), t->p);
	else if (!is_plain_value(t))
		TELL(r, t->line, "syntax error: %.*s needs quotes: \"%.*s\"", shown(t), t->p,
		     shown(t), t->p);
	r->expect = EXPECT_NEXT;
}

static void not_closed(struct read *r)
{
	const struct open *o = r->suspect.line ? &r->suspect : top(r);

	TELL(r, o->line, "syntax error: the '%c' of this line is not closed", o->mark);
}

static void take_word(struct read *r, const struct lex_token *t)
{
	bool in_group = !top(r)->mark || top(r)->mark == '{';

	switch (r->expect) {
	case EXPECT_VALUE:
	case EXPECT_FIRST:
		take_value_word(r, t);
		return;
	case EXPECT_SIGN:
		TELL(r, t->line, "syntax error: '=' is missing before %.*s", shown(t), t->p);
		return;
	case EXPECT_NEXT:
		if (!in_group) {
			if (isalpha((unsigned char)*t->p))
				not_closed(r);
			else
				TELL(r, t->line, "syntax error: a comma is missing before %.*s",
				     shown(t), t->p);
			return;
		}
		break;
	case EXPECT_NAME:
		break;
	}
	if (!is_name(t))
		TELL(r, t->line, "syntax error: %.*s can't be the name of a setting", shown(t),
		     t->p);
	remember_name(r, t);
	r->expect = EXPECT_SIGN;
}

static void take_text(struct read *r, const struct lex_token *t)
{
	switch (r->expect) {
	case EXPECT_VALUE:
	case EXPECT_FIRST:
		r->expect = EXPECT_NEXT;
		return;
	case EXPECT_SIGN:
		TELL(r, t->line, "syntax error: '=' is missing before %.*s", shown(t), t->p);
		return;
	case EXPECT_NAME:
		TELL(r, t->line, "syntax error: a setting has no name here, before %.*s", shown(t),
		     t->p);
		return;
	case EXPECT_NEXT: /* texts in a row are one text */
		return;
	}
}

static void take_open(struct read *r, const struct lex_token *t)
{
	char mark = *t->p;

	if (r->expect == EXPECT_NEXT && top(r)->mark && top(r)->mark != '{')
		TELL(r, t->line, "syntax error: a comma is missing before '%c'", mark);
	else if (r->expect == EXPECT_SIGN)
		TELL(r, t->line, "syntax error: '=' is missing before '%c'", mark);
	else if (r->expect == EXPECT_NAME || r->expect == EXPECT_NEXT)
		TELL(r, t->line, "syntax error: a setting has no name here, before '%c'", mark);
	push(r, mark, t);
	r->expect = mark == '{' ? EXPECT_NAME : EXPECT_FIRST;
}

static void take_close(struct read *r, const struct lex_token *t)
{
	const struct open *o = top(r);

	if (!o->mark) {
		TELL(r, t->line, "syntax error: this '%c' closes nothing", *t->p);
		return;
	}
	if (r->last_mark == ',' && o->mark != '{')
		TELL(r, t->line, "syntax error: there is a comma before '%c'", *t->p);
	else if (r->expect == EXPECT_VALUE || r->expect == EXPECT_SIGN)
		TELL(r, t->line, "syntax error: a value is missing before '%c'", *t->p);
	if (other_half(o->mark) != *t->p)
		TELL(r, o->line,
		     "syntax error: the '%c' of this line is not closed before the '%c' of line %u",
		     o->mark, *t->p, t->line);
	/* as people indent: what is closed further left than its line belongs to another */
	if (t->is_first && t->indent < o->indent && !r->suspect.line)
		r->suspect = *o;
	r->depth--;
	r->expect = EXPECT_NEXT;
}

static void take_mark(struct read *r, const struct lex_token *t)
{
	bool in_list = top(r)->mark == '(' || top(r)->mark == '[';

	switch (*t->p) {
	case '{':
	case '(':
	case '[':
		take_open(r, t);
		break;
	case '}':
	case ')':
	case ']':
		take_close(r, t);
		break;
	case '=':
	case ':':
		if (r->expect == EXPECT_SIGN)
			r->expect = EXPECT_VALUE;
		else
			TELL(r, t->line, "syntax error: '%c' without a name before it", *t->p);
		break;
	case ',':
	case ';':
		if (r->expect == EXPECT_VALUE || r->expect == EXPECT_SIGN)
			TELL(r, t->line, "syntax error: a value is missing before '%c'", *t->p);
		else if (in_list && (*t->p == ';' || r->expect == EXPECT_FIRST))
			TELL(r, t->line, "syntax error: '%c' inside a list", *t->p);
		else
			r->expect = in_list ? EXPECT_VALUE : EXPECT_NAME;
		break;
	default:
		TELL(r, t->line, "syntax error: what is '%c' here?",
		     isprint((unsigned char)*t->p) ? *t->p : '?');
	}
}

static void read_all(struct read *r, uint32_t last_line)
{
	struct lex_token t;

	push(r, '\0', &(struct lex_token){ .line = 1 });
	for (lex_next(&r->lex, &t); !r->is_told; lex_next(&r->lex, &t)) {
		switch (t.type) {
		case LEX_END:
			if (r->depth > 1)
				not_closed(r);
			return;
		case LEX_OPEN_TEXT:
			return;
		case LEX_TEXT:
			take_text(r, &t);
			break;
		case LEX_WORD:
			take_word(r, &t);
			break;
		case LEX_MARK:
			take_mark(r, &t);
			break;
		}
		/* what comes after the place where the library stopped was not its reason */
		if (!r->is_told && t.line > last_line + 1 && r->depth == 1)
			return;
		r->last_mark = t.type == LEX_MARK ? *t.p : '\0';
	}
}

static int cmp_named(const void *va, const void *vb)
{
	const struct named *a = va, *b = vb;
	size_t len = a->len < b->len ? a->len : b->len;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;

	int d = memcmp(a->p, b->p, len);

	if (!d && a->len != b->len)
		d = a->len < b->len ? -1 : 1;
	return d ? d : (a->p > b->p) - (a->p < b->p);
}

/* The name that a group has twice, with both places. */
static void tell_twice(struct read *r)
{
	const struct named *first = NULL, *again = NULL;

	qsort(r->named, r->named_n, sizeof(*r->named), cmp_named);
	for (size_t i = 1; i < r->named_n; i++) {
		const struct named *a = &r->named[i - 1], *b = &r->named[i];

		if (a->group == b->group && a->len == b->len && !memcmp(a->p, b->p, a->len) &&
		    (!again || b->p < again->p)) {
			first = a;
			again = b;
		}
	}
	if (again)
		TELL(r, again->line, "'%.*s' is set in line %u already",
		     (int)(again->len < SHOWN_LEN ? again->len : SHOWN_LEN), again->p, first->line);
}

void conf_syntax_explain(const char *name, const char *text, size_t len,
			 const struct conf_syntax *said, struct err_list *errs)
{
	struct read r = { .name = name, .errs = errs };

	r.lex = (struct lex){ .p = text, .end = text + len, .line = 1 };
	if (!strcmp(said->why, "duplicate setting name")) {
		read_all(&r, UINT32_MAX - 1);
		r.is_told = false;
		tell_twice(&r);
	} else if (!strcmp(said->why, "syntax error")) {
		read_all(&r, said->line);
	}
	if (!r.is_told)
		err_add(errs, ERR_ERROR, name, said->line, "%s", said->why);
	free(r.open);
	free(r.named);
}
