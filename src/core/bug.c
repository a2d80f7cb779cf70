/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See bug.h.
 */
#include "core/bug.h"

#include <stdio.h>
#include <stdlib.h>

void bug_die(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "vipd: BUG at %s:%d: %s\n", file, line, what);
	abort();
}
