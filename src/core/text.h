/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A text that grows. Zeroed memory is empty; out of memory is a BUG_ON.
 */
#pragma once

#include <stddef.h>

struct text {
	char *buf; /* not NUL-terminated */
	size_t len, cap;
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *t, const char *fmt, ...);
void text_put(struct text *t, const char *bytes, size_t len);
void text_fini(struct text *t);
