/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What JSON needs: a text in quotes.
 */
#pragma once

#include <stdio.h>

/* The text with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_text(FILE *out, const char *text);
