/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_scan.h. Knows just enough of the syntax to skip texts and comments.
 */
#include "core/conf/conf_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *name;
	const char *p, *end;
	uint32_t line;
	struct err_list *errs;
};

static bool at(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && !memcmp(s->p, word, n);
}

/* Past the next stop (or to the end), counting lines; with a backslash the next one doesn't count. */
static void skip_to(struct scan *s, const char *stop, bool has_escapes)
{
	while (s->p < s->end && !at(s, stop)) {
		if (has_escapes && *s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		s->line += *s->p == '\n';
		s->p++;
	}
	if (s->p < s->end) {
		s->line += *stop == '\n';
		s->p += strlen(stop);
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || c == '+';
}

/* A word that begins with a digit or a sign: an integer without L must fit 32 bits. */
static void check_number(struct scan *s, const char *word, size_t len)
{
	char buf[40], *stop;
	bool is_hex = len > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');

	if (len >= sizeof(buf) || (!is_hex && memchr(word, 'e', len)) || memchr(word, '.', len))
		return; /* too long is told by range or syntax; a fraction is the library's to read */
	memcpy(buf, word, len);
	buf[len] = '\0';
	errno = 0;

	long long v = strtoll(buf, &stop, is_hex ? 16 : 10);
	bool fits = is_hex ? v >= 0 && v <= 0xffffffffLL : v >= INT32_MIN && v <= INT32_MAX;

	if (!strcmp(stop, "L") || !strcmp(stop, "LL"))
		fits = !errno;
	else if (*stop)
		return; /* not a number: a syntax error, told by the library */
	if (errno || !fits)
		err_add(s->errs, ERR_ERROR, s->name, s->line, "number %s is too large", buf);
}

bool conf_scan(const char *name, const char *text, size_t len, struct err_list *errs)
{
	struct scan s = { .name = name, .p = text, .end = text + len, .line = 1, .errs = errs };

	bool has_include = false;

	while (s.p < s.end) {
		if (at(&s, "@include")) {
			err_add(errs, ERR_ERROR, name, s.line,
				"@include is not taken: the whole configuration is one file");
			has_include = true;
			skip_to(&s, "\n", false);
		} else if (*s.p == '"') {
			s.p++;
			skip_to(&s, "\"", true);
		} else if (*s.p == '#' || at(&s, "//")) {
			skip_to(&s, "\n", false);
		} else if (at(&s, "/*")) {
			skip_to(&s, "*/", false);
		} else if (is_word(*s.p)) {
			const char *word = s.p;

			while (s.p < s.end && is_word(*s.p))
				s.p++;
			if (isdigit((unsigned char)*word) || *word == '-' || *word == '+')
				check_number(&s, word, (size_t)(s.p - word));
		} else {
			s.line += *s.p == '\n';
			s.p++;
		}
	}
	return !has_include;
}
