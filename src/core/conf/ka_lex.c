/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka_lex.h. The order of things is keepalived's: comment off, condition, definition or include,
 * substitution, words. An error in the text's structure ends it: what follows would be guesswork.
 */
#include "core/conf/ka_lex.h"

#include "core/bug.h"
#include "core/conf/ka_subst.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct level {
	struct ka_node *owner; /* NULL: the file's own level */
	struct ka_node **tail; /* where the next statement goes */
	struct ka_node *last; /* a '{' of its own line belongs to this */
};

struct lex {
	const struct ka_source *src;
	struct arena *arena;
	struct err_list *errs;
	struct ka_subst subst;
	struct level level[KA_BLOCK_DEPTH_MAX + 1];
	unsigned depth;
	struct conf_loc loc; /* of the line being read */
	const char *stack[KA_INCLUDE_DEPTH_MAX]; /* files being read */
	unsigned stack_n, files_n;
	bool is_stopped;
	const char *word[KA_WORDS_MAX];
	uint32_t word_n; /* of the statement being read */
};

__attribute__((format(printf, 2, 3))) static int stop(struct lex *l, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!l->is_stopped)
		err_add(l->errs, ERR_ERROR, l->loc.file, l->loc.line, "%s", text);
	l->is_stopped = true;
	return -EINVAL;
}

/* ------------------------------------------------------------------ words and blocks */

static struct ka_node *end_statement(struct lex *l)
{
	struct level *lv = &l->level[l->depth];
	struct ka_node *n;

	if (!l->word_n)
		return NULL;
	n = arena_alloc(l->arena, sizeof(*n));
	n->loc = l->loc;
	n->word_n = l->word_n;
	n->word = arena_array(l->arena, (size_t)l->word_n + 1, sizeof(*n->word));
	memcpy(n->word, l->word, l->word_n * sizeof(*n->word));
	l->word_n = 0;
	*lv->tail = n;
	lv->tail = &n->next;
	lv->last = n;
	return n;
}

static int open_block(struct lex *l)
{
	struct ka_node *n = end_statement(l);

	if (!n)
		n = l->level[l->depth].last;
	if (!n || n->is_block)
		return stop(l, "a '{' without a keyword before it");
	if (l->depth == KA_BLOCK_DEPTH_MAX)
		return stop(l, "blocks nest deeper than %d", KA_BLOCK_DEPTH_MAX);
	n->is_block = true;
	l->level[++l->depth] = (struct level){ .owner = n, .tail = &n->child };
	return 0;
}

static int close_block(struct lex *l)
{
	(void)end_statement(l);
	if (!l->depth)
		return stop(l, "a '}' without a '{' before it");
	l->depth--;
	return 0;
}

static int add_word(struct lex *l, char *word, size_t len)
{
	char saved = word[len];

	if (l->word_n == KA_WORDS_MAX)
		return stop(l, "more than %d words in a line", KA_WORDS_MAX);
	word[len] = '\0';
	l->word[l->word_n++] = arena_strdup(l->arena, word);
	word[len] = saved;
	return 0;
}

/* p is at the quote; *end behind the closing one. */
static int add_quoted(struct lex *l, char *p, char **end)
{
	char quote = *p++, *q = p;

	while (*q && *q != quote)
		q += q[0] == '\\' && q[1] && quote == '"' ? 2 : 1;
	if (!*q)
		return stop(l, "a quote that is not closed in its line");
	*end = q + 1;
	return add_word(l, p, (size_t)(q - p));
}

/* The length of a word without quotes: a ${NAME} that stayed is part of it. */
static size_t word_len(const char *p)
{
	const char *q = p;

	while (*q && !isspace((unsigned char)*q) && !strchr("\"'{}", *q)) {
		const char *close = q[0] == '$' && q[1] == '{' ? strchr(q, '}') : NULL;

		q = close ? close + 1 : q + 1;
	}
	return (size_t)(q - p);
}

static int words(struct lex *l, char *p)
{
	int err = 0;

	while (!err && *p) {
		if (isspace((unsigned char)*p)) {
			p++;
		} else if (*p == '"' || *p == '\'') {
			err = add_quoted(l, p, &p);
		} else if (*p == '{') {
			err = open_block(l);
			p++;
		} else if (*p == '}') {
			err = close_block(l);
			p++;
		} else {
			size_t n = word_len(p);

			err = add_word(l, p, n);
			p += n;
		}
	}
	(void)end_statement(l);
	return err;
}

/* ------------------------------------------------------------------ includes */

static int read_text(struct lex *l, const char *name, const char *text, size_t len);

/* What each kind of include takes as an error; the rest is a warning. */
static const struct include_kind {
	const char *name;
	bool read, match, wild, brace;
} include_kinds[] = {
	{ "include", false, false, false, false }, { "includer", true, false, false, false },
	{ "includem", true, true, false, false },  { "includew", true, true, true, false },
	{ "includeb", true, false, false, true },  { "includea", true, true, true, true },
};

static void tell_include(struct lex *l, bool is_error, const char *what, const char *why)
{
	err_add(l->errs, is_error ? ERR_ERROR : ERR_WARNING, l->loc.file, l->loc.line,
		"include %.200s: %s", what, why);
}

static int include_file(struct lex *l, const struct include_kind *kind, const char *path)
{
	struct conf_loc loc = l->loc;
	size_t len = 0;
	char *text = NULL;
	int err;

	for (unsigned i = 0; i < l->stack_n; i++)
		if (!strcmp(l->stack[i], path))
			return stop(l, "include %.200s: the file includes itself", path);
	if (l->stack_n == KA_INCLUDE_DEPTH_MAX)
		return stop(l, "include %.200s: files nest deeper than %d", path,
			    KA_INCLUDE_DEPTH_MAX);
	if (++l->files_n > KA_FILES_MAX)
		return stop(l, "more than %d files are included", KA_FILES_MAX);
	err = l->src->io->read ? l->src->io->read(path, &text, &len) : -ENOENT;
	if (err) {
		tell_include(l, kind->read, path,
			     err == -ENOEXEC ? "is executable, so it is not read"
					     : strerrordesc_np(-err));
		return 0;
	}
	err = read_text(l, path, text, len);
	free(text);
	l->loc = loc;
	return err;
}

/* What an include did not find, told once. */
static void tell_unmatched(struct lex *l, const struct include_kind *kind, const char *pattern,
			   const struct ka_match *m)
{
	bool is_error = (kind->match && !m->n) || (kind->wild && m->is_wild_unmatched) ||
			(kind->brace && m->is_brace_unmatched);

	if (!m->n)
		tell_include(l, is_error, pattern, "no such file");
	else if (m->is_wild_unmatched)
		tell_include(l, is_error, pattern, "a wildcard matches no file");
	else if (m->is_brace_unmatched)
		tell_include(l, is_error, pattern, "a part of { } matches no file");
}

static int include(struct lex *l, const struct include_kind *kind, const char *pattern)
{
	struct ka_match m = { 0 };
	int err = 0;

	if (l->src->io && l->src->io->match)
		err = l->src->io->match(l->subst.dir, pattern, &m);
	if (err)
		return stop(l, "include %.200s: %s", pattern, strerrordesc_np(-err));
	tell_unmatched(l, kind, pattern, &m);
	for (size_t i = 0; i < m.n; i++) {
		if (!err)
			err = include_file(l, kind, m.path[i]);
		free(m.path[i]);
	}
	free(m.path);
	return err;
}

/* True: the line is an include, and *err has its outcome. */
static bool try_include(struct lex *l, char *line, int *err)
{
	size_t n = strcspn(line, " \t");
	char *pattern = line + n, *end;

	for (size_t i = 0; i < sizeof(include_kinds) / sizeof(*include_kinds); i++) {
		const struct include_kind *k = &include_kinds[i];

		if (strlen(k->name) != n || strncmp(k->name, line, n) != 0)
			continue;
		pattern += strspn(pattern, " \t");
		end = pattern + strlen(pattern);
		while (end > pattern && isspace((unsigned char)end[-1]))
			end--;
		if (end - pattern >= 2 && *pattern == end[-1] && strchr("\"'", *pattern)) {
			pattern++;
			end--;
		}
		*end = '\0';
		*err = *pattern ? include(l, k, pattern) : stop(l, "%s has no file", k->name);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ lines */

/* Takes the comment off, and the backslashes of \# and \!. In place. */
static void uncomment(char *line)
{
	bool in_quotes = false;
	char *out = line;

	for (char *p = line; *p; p++) {
		if (*p == '\\' && (p[1] == '#' || p[1] == '!') && !in_quotes)
			p++;
		else if (*p == '\\' && p[1] && in_quotes)
			*out++ = *p++;
		else if (*p == '"')
			in_quotes = !in_quotes;
		else if ((*p == '#' || *p == '!') && !in_quotes)
			break;
		*out++ = *p;
	}
	*out = '\0';
}

static char *trim(char *line)
{
	char *end;

	while (isspace((unsigned char)*line))
		line++;
	end = line + strlen(line);
	while (end > line && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return line;
}

/* The line without its @id conditions; NULL: it is not for us. */
static char *condition(const struct lex *l, char *line)
{
	while (*line == '@') {
		bool is_not = line[1] == '^';
		const char *id = line + 1 + is_not;
		size_t n = strcspn(id, " \t");
		bool is_me = strlen(l->src->id) == n && !strncmp(id, l->src->id, n);

		if (is_me == is_not)
			return NULL;
		line = trim(line + 1 + is_not + n);
	}
	return line;
}

/* A line after substitution. */
static int final_line(void *arg, char *text)
{
	struct lex *l = arg;
	char *line = condition(l, trim(text));
	int err;

	if (!line || !*line)
		return 0;
	if (try_include(l, line, &err))
		return err;
	return words(l, line);
}

/* The next line of the file, copied and without its comment; NULL at the end. To be freed. */
static char *next_line(struct lex *l, const char **p, const char *end)
{
	const char *nl;
	char *line;

	if (*p >= end || l->is_stopped)
		return NULL;
	l->loc.line++;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	if (!nl)
		nl = end;
	if (nl - *p > KA_LINE_LEN_MAX) {
		(void)stop(l, "a line longer than %d bytes", KA_LINE_LEN_MAX);
		return NULL;
	}
	line = strndup(*p, (size_t)(nl - *p));
	BUG_ON(!line);
	*p = nl + 1;
	uncomment(line);
	return line;
}

/* $NAME=VALUE, and the lines that continue it. */
static int definition(struct lex *l, char *line, size_t name_len, const char **p, const char *end)
{
	char *value, *more = NULL, *part = line + name_len + 2;
	size_t value_len, len;
	FILE *f = open_memstream(&value, &value_len);
	int err;

	BUG_ON(!f);
	for (;;) {
		bool goes_on = (len = strlen(part)) && part[len - 1] == '\\';

		if (goes_on)
			part[len - 1] = '\0';
		(void)fputs(trim(part), f);
		free(more);
		more = goes_on && ftell(f) < KA_VALUE_LEN_MAX ? next_line(l, p, end) : NULL;
		if (!more)
			break;
		(void)fputc('\n', f);
		part = trim(more);
	}
	(void)fclose(f);
	err = ka_define(&l->subst, line + 1, name_len, trim(value));
	free(value);
	return err ? stop(l, "%s", l->subst.why) : 0;
}

static int raw_line(struct lex *l, char *text, const char **p, const char *end)
{
	char *line = condition(l, trim(text));
	size_t name_len;
	int err;

	if (!line || !*line)
		return 0;
	name_len = ka_def_name_len(line);
	if (name_len)
		return definition(l, line, name_len, p, end);
	err = ka_subst_line(&l->subst, line, final_line, l);
	if (err && !l->is_stopped)
		return stop(l, "%s", l->subst.why);
	return err;
}

static const char *dir_of(struct lex *l, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *dir;

	if (!slash)
		return ".";
	dir = strndup(name, (size_t)(slash - name) + (slash == name));
	BUG_ON(!dir);
	name = arena_strdup(l->arena, dir);
	free(dir);
	return name;
}

static int read_text(struct lex *l, const char *name, const char *text, size_t len)
{
	const char *dir = l->subst.dir, *p = text, *end = text + len;
	const char *nul = memchr(text, '\0', len);
	char *line;
	int err = 0;

	l->loc = (struct conf_loc){ .file = arena_strdup(l->arena, name) };
	l->stack[l->stack_n++] = l->loc.file;
	l->subst.dir = dir_of(l, name);
	if (nul) {
		for (l->loc.line = 1; p < nul; p++)
			l->loc.line += *p == '\n';
		err = stop(l, "a zero byte: this is not a text file");
	}
	while (!err && (line = next_line(l, &p, end))) {
		err = raw_line(l, line, &p, end);
		free(line);
	}
	l->subst.dir = dir;
	l->stack_n--;
	return l->is_stopped ? -EINVAL : err;
}

bool ka_lex(const struct ka_source *src, struct arena *arena, struct err_list *errs,
	    struct ka_node **root)
{
	struct lex *l = calloc(1, sizeof(*l)); /* large for a stack */
	bool is_good;

	BUG_ON(!l);
	*root = NULL;
	l->src = src;
	l->arena = arena;
	l->errs = errs;
	l->level[0].tail = root;
	l->subst = (struct ka_subst){ .id = src->id,
				      .env = src->io ? src->io->env : NULL,
				      .lines_max = src->lines_max ? src->lines_max : KA_LINES_MAX,
				      .random = 0x9e3779b97f4a7c15 };
	if (!read_text(l, src->name, src->text, src->len) && l->depth) {
		l->loc = l->level[l->depth].owner->loc;
		(void)stop(l, "block '%.40s' is not closed", l->level[l->depth].owner->word[0]);
	}
	if (l->subst.has_random)
		err_add(errs, ERR_NOTE, src->name, 0,
			"_RANDOM: the same numbers come at every reading");
	is_good = !l->is_stopped;
	ka_subst_fini(&l->subst);
	free(l);
	return is_good;
}
