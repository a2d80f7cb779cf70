/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_src.h.
 */
#include "core/conf/conf_src.h"

#include "core/bug.h"
#include "core/conf/conf_lex.h"
#include "core/conf/conf_room.h"
#include "core/conf/conf_scan.h"
#include "core/conf/conf_syntax.h"

#include <stdlib.h>
#include <string.h>

static bool has_zero_byte(const char *name, const char *text, size_t len, struct err_list *errs)
{
	const char *nul = memchr(text, '\0', len);
	uint32_t line = 1;

	if (!nul)
		return false;
	for (const char *p = text; p < nul; p++)
		line += *p == '\n';
	err_add(errs, ERR_ERROR, name, line, "a zero byte: this is not a text file");
	return true;
}

/* The library stops at the first syntax error; what it says is often just "syntax error". */
static void syntax_error(const struct conf_src *src, const char *text, size_t len,
			 struct err_list *errs)
{
	const char *why = config_error_text(&src->tree);
	struct conf_syntax said = {
		.line = (uint32_t)config_error_line(&src->tree),
		.why = why ? why : "can't be parsed",
	};

	conf_syntax_explain(src->name, text, len, &said, errs);
}

struct conf_src *conf_src_parse(const char *name, const char *text, size_t len,
				struct err_list *errs, bool *is_bad)
{
	size_t tree_len;
	struct conf_src *src = calloc(1, sizeof(*src));

	BUG_ON(!src);
	src->name = strdup(name);
	BUG_ON(!src->name);
	config_init(&src->tree);
	if (has_zero_byte(name, text, len, errs)) {
		*is_bad = true;
		return src;
	}
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3; /* a byte order mark that some editors leave */
		len -= 3;
	}
	src->text = text;
	src->len = len;
	if (!conf_scan(name, text, len, &tree_len, errs)) {
		*is_bad = true;
		return src;
	}
	conf_room_make(tree_len + len); /* the library copies the text */
	if (!config_read_string(&src->tree, text)) {
		syntax_error(src, text, len, errs);
		/* what came before the error is of no use */
		config_destroy(&src->tree);
		config_init(&src->tree);
		*is_bad = true;
	}
	return src;
}

void conf_src_free(struct conf_src *src)
{
	union {
		const char *kept;
		char *owned;
	} name = { .kept = src->name };

	config_destroy(&src->tree);
	free(name.owned);
	free(src->owned);
	free(src->line_at);
	free(src);
}

struct conf_src *conf_src_of(const config_setting_t *set)
{
	return container_of(set->config, struct conf_src, tree);
}

static void index_lines(struct conf_src *src)
{
	const char *p = src->text, *end = src->text + src->len;
	uint32_t n = 1;

	for (const char *q = p; (q = memchr(q, '\n', (size_t)(end - q))); q++)
		n++;
	src->line_at = calloc(n + 1, sizeof(*src->line_at));
	BUG_ON(!src->line_at);
	for (uint32_t i = 1; i < n; i++) {
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		src->line_at[i] = (uint32_t)(p - src->text);
	}
	src->line_at[n] = (uint32_t)src->len;
	src->lines = n;
}

static struct lex lex_of_line(const struct conf_src *src, uint32_t line)
{
	return (struct lex){ .p = src->text + src->line_at[line - 1],
			     .end = src->text + src->line_at[line],
			     .line = 1 };
}

static bool begins_with_bracket(const struct conf_src *src, uint32_t line)
{
	struct lex l = lex_of_line(src, line);
	struct lex_token t;

	lex_next(&l, &t);
	return t.type == LEX_MARK && (*t.p == ')' || *t.p == ']');
}

static bool has_text(const struct conf_src *src, uint32_t line)
{
	struct lex l = lex_of_line(src, line);
	struct lex_token t;

	do
		lex_next(&l, &t);
	while (t.type != LEX_END && t.type != LEX_TEXT);
	return t.type == LEX_TEXT;
}

uint32_t conf_src_line(const config_setting_t *set)
{
	struct conf_src *src = conf_src_of(set);
	const config_setting_t *list = set->parent;
	uint32_t line = config_setting_source_line(set);

	if (config_setting_type(set) != CONFIG_TYPE_STRING || config_setting_name(set) || !list ||
	    config_setting_get_elem(list, (unsigned)config_setting_length(list) - 1) != set)
		return line;
	if (!src->line_at)
		index_lines(src);
	if (line < 2 || line > src->lines || !begins_with_bracket(src, line))
		return line;
	for (uint32_t k = line - 1; k >= list->line && k; k--)
		if (has_text(src, k))
			return k;
	return line;
}
