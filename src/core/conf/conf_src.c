/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_src.h.
 */
#include "core/conf/conf_src.h"

#include "core/bug.h"
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
	const char *file = config_error_file(&src->tree), *why = config_error_text(&src->tree);
	uint32_t line = (uint32_t)config_error_line(&src->tree);

	if (!why)
		why = "can't be parsed";
	if (file) /* a file of the library's own @include: its text isn't here */
		err_add(errs, ERR_ERROR, file, line, "%s", why);
	else
		conf_syntax_explain(src->name, text, len, &(struct conf_syntax){ line, why }, errs);
}

struct conf_src *conf_src_parse(const char *name, const char *text, size_t len,
				struct err_list *errs, bool *is_bad)
{
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
	if (!conf_scan(name, text, len, errs)) {
		*is_bad = true;
	} else if (!config_read_string(&src->tree, text)) {
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
	free(src);
}

struct conf_src *conf_src_of(const config_setting_t *set)
{
	return container_of(set->config, struct conf_src, tree);
}
