/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See number.h.
 */
#include "ctl/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool number(const char *verb, const char *option, const char *text, unsigned lo, unsigned hi,
	    unsigned *out)
{
	char *end;

	errno = 0;

	unsigned long v = strtoul(text, &end, 10);

	if (isdigit((unsigned char)*text) && !*end && !errno && v >= lo && v <= hi) {
		*out = (unsigned)v;
		return true;
	}
	(void)fprintf(stderr, "vipctl: --%s of %s is a number from %u to %u, not '%s'\n", option,
		      verb, lo, hi, text);
	return false;
}
