/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See regex.h; pcre2api(3), pcre2partial(3).
 *
 * Over a stream, each look is a hard partial match. What it says may still become a match stays in the
 * window, with as many bytes before it as the expression looks back at; the rest is forgotten. One byte
 * before is always kept, so that \A and ^ know that it is not the beginning.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "check/regex.h"

#include "core/bug.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct regex {
	pcre2_code *code;
	uint32_t back_len; /* bytes looked back at, at least one */
	uint32_t stack_start, stack_max;
	uint64_t min_offset, max_offset;
	bool is_utf;
	bool is_first_line;
};

struct regex_match {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static const struct {
	const char *name;
	uint32_t bit;
} options[] = {
	{ "allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS },
	{ "alt_bsux", PCRE2_ALT_BSUX },
	{ "alt_circumflex", PCRE2_ALT_CIRCUMFLEX },
	{ "alt_verbnames", PCRE2_ALT_VERBNAMES },
	{ "auto_callout", PCRE2_AUTO_CALLOUT },
	{ "caseless", PCRE2_CASELESS },
	{ "dollar_endonly", PCRE2_DOLLAR_ENDONLY },
	{ "dotall", PCRE2_DOTALL },
	{ "dupnames", PCRE2_DUPNAMES },
	{ "extended", PCRE2_EXTENDED },
	{ "firstline", PCRE2_FIRSTLINE },
	{ "match_unset_backref", PCRE2_MATCH_UNSET_BACKREF },
	{ "multiline", PCRE2_MULTILINE },
	{ "never_backslash_c", PCRE2_NEVER_BACKSLASH_C },
	{ "never_ucp", PCRE2_NEVER_UCP },
	{ "never_utf", PCRE2_NEVER_UTF },
	{ "no_auto_capture", PCRE2_NO_AUTO_CAPTURE },
	{ "no_auto_possess", PCRE2_NO_AUTO_POSSESS },
	{ "no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR },
	{ "no_start_optimize", PCRE2_NO_START_OPTIMIZE },
	{ "ucp", PCRE2_UCP },
	{ "ungreedy", PCRE2_UNGREEDY },
	{ "use_offset_limit", PCRE2_USE_OFFSET_LIMIT },
	{ "utf", PCRE2_UTF },
};

enum { OPTIONS_N = sizeof(options) / sizeof(*options), BACK_MAX_LEN = 4096, UTF8_LEN = 4 };

static bool option_bits(const struct regex_ask *ask, uint32_t *bits, char *text)
{
	*bits = 0;
	for (uint32_t i = 0; i < ask->option_n; i++) {
		unsigned k = 0;

		while (k < OPTIONS_N && strcmp(options[k].name, ask->option[i]) != 0)
			k++;
		if (k == OPTIONS_N) {
			(void)snprintf(text, REGEX_ERROR_LEN,
				       "%s is no option of a regular expression", ask->option[i]);
			return false;
		}
		*bits |= options[k].bit;
	}
	return true;
}

struct regex *regex_new(const struct regex_ask *ask, char text[static REGEX_ERROR_LEN])
{
	uint32_t bits, back = 0;
	size_t at = 0;
	int err = 0;

	if (!option_bits(ask, &bits, text))
		return NULL;

	/* bytes from outside need not be UTF-8: those that are not just don't match */
	if (bits & PCRE2_UTF)
		bits |= PCRE2_MATCH_INVALID_UTF;

	pcre2_code *code = pcre2_compile((PCRE2_SPTR)ask->pattern, PCRE2_ZERO_TERMINATED, bits,
					 &err, &at, NULL);

	if (!code) {
		char why[REGEX_ERROR_LEN / 2];

		(void)pcre2_get_error_message(err, (PCRE2_UCHAR *)why, sizeof(why));
		(void)snprintf(text, REGEX_ERROR_LEN, "the regular expression at its byte %zu: %s",
			       at, why);
		return NULL;
	}
	/* where the system forbids it (MemoryDenyWriteExecute), the interpreter works */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
	(void)pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &back);

	struct regex *re = calloc(1, sizeof(*re));

	BUG_ON(!re);
	re->code = code;
	re->back_len =
		back < BACK_MAX_LEN ? back * (bits & PCRE2_UTF ? UTF8_LEN : 1) + 1 : BACK_MAX_LEN;
	re->stack_start = ask->stack_start;
	re->stack_max = ask->stack_max;
	re->is_utf = bits & PCRE2_UTF;
	re->is_first_line = bits & PCRE2_FIRSTLINE;
	re->min_offset = ask->min_offset;
	re->max_offset = ask->max_offset;
	return re;
}

void regex_free(struct regex *re)
{
	if (re)
		pcre2_code_free(re->code);
	free(re);
}

static struct regex_match *match_new(const struct regex *re)
{
	struct regex_match *m = calloc(1, sizeof(*m));

	BUG_ON(!m);
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	BUG_ON(!m->data || !m->context);
	(void)pcre2_set_match_limit(m->context, REGEX_MATCH_LIMIT);
	if (re->stack_max)
		m->stack = pcre2_jit_stack_create(re->stack_start ? re->stack_start : re->stack_max,
						  re->stack_max, NULL);
	if (m->stack)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	return m;
}

static void match_free(struct regex_match *m)
{
	if (!m)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	if (m->stack)
		pcre2_jit_stack_free(m->stack);
	free(m);
}

void regex_stream_init(struct regex_stream *s, const struct regex *re)
{
	*s = (struct regex_stream){ .re = re, .result = REGEX_NO, .match = match_new(re) };
}

void regex_stream_fini(struct regex_stream *s)
{
	match_free(s->match);
	free(s->win);
	*s = (struct regex_stream){ .result = REGEX_NO };
}

/* Bytes before `at` that no match needs any more are forgotten. */
static void forget(struct regex_stream *s, uint32_t at)
{
	uint32_t drop = at > s->re->back_len ? at - s->re->back_len : 0;

	memmove(s->win, s->win + drop, s->len - drop);
	s->len -= drop;
	s->base += drop;
	s->from = at - drop;
}

/* Without the beginning of a character whose other bytes are still to come: in the middle of a stream it
 * would be taken for no character at all. */
static uint32_t whole_len(const struct regex_stream *s)
{
	uint32_t at = s->len;

	if (!s->re->is_utf)
		return at;
	while (at && s->len - at < UTF8_LEN && (s->win[at - 1] & 0xc0) == 0x80)
		at--;
	if (!at || s->win[at - 1] < 0xc0)
		return s->len;

	uint32_t has = s->len - at + 1;
	uint32_t needs = s->win[at - 1] < 0xe0 ? 2 : s->win[at - 1] < 0xf0 ? 3 : 4;

	return has < needs ? at - 1 : s->len;
}

static enum regex_result look(struct regex_stream *s, bool is_end)
{
	uint32_t len = is_end ? s->len : whole_len(s);
	uint64_t min = s->re->min_offset > s->base ? s->re->min_offset - s->base : 0;
	size_t from = min > s->from ? min : s->from;

	s->is_over = s->base + from > s->re->max_offset;
	if (from > len || s->is_over) {
		forget(s, len);
		return REGEX_NO;
	}

	int n = pcre2_match(s->re->code, s->win, len, from, is_end ? 0 : PCRE2_PARTIAL_HARD,
			    s->match->data, s->match->context);
	size_t at = pcre2_get_ovector_pointer(s->match->data)[0];

	if (n < 0 && n != PCRE2_ERROR_NOMATCH && n != PCRE2_ERROR_PARTIAL)
		return REGEX_LIMIT; /* of steps, of stack */
	if (n == PCRE2_ERROR_NOMATCH)
		at = len;
	/* this is the first match: a later one would not begin in time either, nor in the first line: what comes
	 * later, or is looked at in part, the library takes for a first line of its own */
	s->is_over = (n >= 0 && s->base + at > s->re->max_offset) ||
		     (s->re->is_first_line && at > from && memchr(s->win + from, '\n', at - from));
	if (n >= 0)
		return s->is_over ? REGEX_NO : REGEX_YES;
	forget(s, (uint32_t)at);
	return REGEX_NO;
}

static void window_grow(struct regex_stream *s, uint32_t need)
{
	uint32_t cap = s->cap ? s->cap : 1024;

	while (cap < need)
		cap *= 2;
	if (cap == s->cap)
		return;
	s->win = realloc(s->win, cap);
	BUG_ON(!s->win);
	s->cap = cap;
}

enum regex_result regex_stream_feed(struct regex_stream *s, const uint8_t *data, uint32_t len)
{
	while (len && s->result == REGEX_NO && !s->is_over) {
		uint32_t room = REGEX_WINDOW_LEN - s->len;
		uint32_t n = len < room ? len : room;

		if (!n) {
			s->result = REGEX_LIMIT; /* the match that it may be is too long */
			break;
		}
		window_grow(s, s->len + n);
		memcpy(s->win + s->len, data, n);
		s->len += n;
		data += n;
		len -= n;
		s->result = look(s, false);
	}
	return s->result;
}

enum regex_result regex_stream_end(struct regex_stream *s)
{
	if (s->result == REGEX_NO && !s->is_over) {
		window_grow(s, 1);
		s->result = look(s, true);
	}
	return s->result;
}

enum regex_result regex_find(const struct regex *re, const void *text, uint32_t len)
{
	struct regex_match *m = match_new(re);
	int n = pcre2_match(re->code, text, len, 0, 0, m->data, m->context);

	match_free(m);
	if (n >= 0)
		return REGEX_YES;
	return n == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_LIMIT;
}
