/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A number on the command line.
 */
#pragma once

#include <stdbool.h>

/* The value of --OPTION of a verb, lo..hi. False: one sentence has been printed. */
bool number(const char *verb, const char *option, const char *text, unsigned lo, unsigned hi,
	    unsigned *out);
