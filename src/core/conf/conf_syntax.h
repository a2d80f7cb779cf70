/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a syntax error is, in words that help: the library says "syntax error", often at the end of
 * the file, and its names for other mistakes lack the name. Pure but for errs.
 */
#pragma once

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* what the library said */
struct conf_syntax {
	uint32_t line;
	const char *why;
};

/* Adds one error for a text that the library refused. name: the file. Time is O(n log n). */
void conf_syntax_explain(const char *name, const char *text, size_t len,
			 const struct conf_syntax *said, struct err_list *errs);
