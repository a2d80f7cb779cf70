/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A look at the text before libconfig parses it, for what the library would swallow in silence:
 * version 1.5 cuts integers to 32 bits without a word. And for its @include, which vipd does not take: it
 * would be read relative to the working directory, and past this look. Pure.
 */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds an error for every integer in text that the library can't hold, and for every @include. False:
 * there is one, so the library must not see the text. name: the file. */
bool conf_scan(const char *name, const char *text, size_t len, struct err_list *errs);
