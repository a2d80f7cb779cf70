/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See err.h.
 */
#include "core/err.h"

#include "core/addr.h"
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

static bool is_known(const struct err_list *l, const struct err_item *it)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct err_item *k = &l->item[i];

		if (k->hash == it->hash && k->line == it->line && k->level == it->level &&
		    !strcmp(k->text, it->text) && !strcmp(k->file, it->file))
			return true;
	}
	return false;
}

void err_add(struct err_list *l, enum err_level level, const char *file, uint32_t line,
	     const char *fmt, ...)
{
	struct err_item it = { .file = strdup(file ? file : "(nowhere)"),
			       .line = line,
			       .level = level };
	va_list ap;

	va_start(ap, fmt);
	BUG_ON(vasprintf(&it.text, fmt, ap) < 0);
	va_end(ap);
	BUG_ON(!it.file);
	it.hash = hash_bytes(HASH_SEED ^ line, it.text, (uint32_t)strlen(it.text));
	if (is_known(l, &it) || l->n == ERR_LIST_MAX) {
		if (l->n == ERR_LIST_MAX)
			count(l, level);
		free(it.file);
		free(it.text);
		return;
	}
	count(l, level);
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->item = reallocarray(l->item, l->cap, sizeof(*l->item));
		BUG_ON(!l->item);
	}
	l->item[l->n++] = it;
}

static int cmp_item(const void *va, const void *vb)
{
	const struct err_item *a = va, *b = vb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->text, b->text);
}

void err_sort(struct err_list *l)
{
	uint32_t files = 0;

	for (size_t i = 0; i < l->n; i++) {
		size_t first = 0;

		while (strcmp(l->item[first].file, l->item[i].file) != 0)
			first++;
		l->item[i].rank = first == i ? files++ : l->item[first].rank;
	}
	if (l->n)
		qsort(l->item, l->n, sizeof(*l->item), cmp_item);
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
