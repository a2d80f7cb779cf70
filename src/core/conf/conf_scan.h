/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A look at the text before libconfig parses it, for what the library would swallow in silence:
 * version 1.5 cuts integers to 32 bits without a word. Pure.
 */
#pragma once

#include "core/err.h"

#include <stddef.h>

/* Adds an error for every integer in text that the library can't hold. name: the file. */
void conf_scan(const char *name, const char *text, size_t len, struct err_list *errs);
