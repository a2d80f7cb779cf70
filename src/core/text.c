/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See text.h.
 */
#include "core/text.h"

#include "core/bug.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MIN_LEN = 256 };

static void room(struct text *t, size_t len)
{
	if (t->cap - t->len >= len)
		return;
	t->cap = (t->cap + len + TEXT_MIN_LEN) * 2;
	t->buf = realloc(t->buf, t->cap);
	BUG_ON(!t->buf);
}

void text_put(struct text *t, const char *bytes, size_t len)
{
	room(t, len);
	if (len)
		memcpy(t->buf + t->len, bytes, len);
	t->len += len;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	for (size_t need = TEXT_MIN_LEN;;) {
		room(t, need);
		va_start(ap, fmt);

		int n = vsnprintf(t->buf + t->len, t->cap - t->len, fmt, ap);

		va_end(ap);
		BUG_ON(n < 0);
		if ((size_t)n < t->cap - t->len) {
			t->len += (size_t)n;
			return;
		}
		need = (size_t)n + 1;
	}
}

void text_fini(struct text *t)
{
	free(t->buf);
	*t = (struct text){ 0 };
}
