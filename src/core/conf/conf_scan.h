/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A look at the text before libconfig parses it, for what the library would swallow in silence
 * (version 1.5 cuts integers to 32 bits without a word) or take very long for (a text of megabytes).
 * And for its @include, which vipd does not take: it would be read relative to the working directory,
 * and past this look. Pure.
 */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	CONF_TEXT_MAX_LEN = 64 * 1024
}; /* one text in quotes; the library's time is quadratic in it */

/* Adds an error for every integer in text that the library can't hold, for every @include, for texts
 * without end or beyond bound; a warning for what a comment swallows. name: the file. *tree_len: about
 * the memory that libconfig's tree of it takes. False: don't parse it. */
bool conf_scan(const char *name, const char *text, size_t len, size_t *tree_len,
	       struct err_list *errs);
