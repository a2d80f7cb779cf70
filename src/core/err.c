/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See err.h.
 */
#include "core/err.h"

#include "core/bug.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void err_fini(struct err_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->item[i].file);
		free(l->item[i].text);
	}
	free(l->item);
	*l = (struct err_list){ 0 };
}

static void count(struct err_list *l, enum err_level level)
{
	switch (level) {
	case ERR_ERROR:
		l->n_error++;
		break;
	case ERR_WARNING:
		l->n_warning++;
		break;
	case ERR_NOTE:
		l->n_note++;
		break;
	}
}

void err_add(struct err_list *l, enum err_level level, const char *file, uint32_t line,
	     const char *fmt, ...)
{
	count(l, level);
	if (l->n == ERR_LIST_MAX)
		return;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->item = reallocarray(l->item, l->cap, sizeof(*l->item));
		BUG_ON(!l->item);
	}

	struct err_item *it = &l->item[l->n++];
	va_list ap;

	*it = (struct err_item){ .file = strdup(file), .line = line, .level = level };
	va_start(ap, fmt);
	BUG_ON(vasprintf(&it->text, fmt, ap) < 0);
	va_end(ap);
	BUG_ON(!it->file);
}

static int cmp_line(const void *va, const void *vb)
{
	const struct err_item *a = va, *b = vb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->text, b->text);
}

void err_sort(struct err_list *l)
{
	/* files stay in order of appearance: each run of one file is sorted by itself */
	for (size_t first = 0; first < l->n;) {
		size_t end = first + 1;

		while (end < l->n && !strcmp(l->item[end].file, l->item[first].file))
			end++;
		qsort(&l->item[first], end - first, sizeof(*l->item), cmp_line);
		first = end;
	}
}

const char *err_level_name(enum err_level level)
{
	static const char *const name[] = {
		[ERR_ERROR] = "error",
		[ERR_WARNING] = "warning",
		[ERR_NOTE] = "note",
	};

	return name[level];
}
