/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See cpus.h.
 */
#include "core/cpus.h"

#include <ctype.h>
#include <stdlib.h>

/* A number at *at, which moves behind it; -1: there is none below the bound. */
static int take(const char **at)
{
	int v = 0;

	if (!isdigit((unsigned char)**at))
		return -1;
	for (; isdigit((unsigned char)**at); (*at)++) {
		v = v * 10 + (**at - '0');
		if (v >= CPU_SETSIZE)
			return -1;
	}
	return v;
}

bool cpus_add(cpu_set_t *set, const char *text)
{
	int first = take(&text), last = first;

	if (first >= 0 && *text == '-') {
		text++;
		last = take(&text);
	}
	if (first < 0 || last < first || *text)
		return false;
	for (int i = first; i <= last; i++)
		CPU_SET((size_t)i, set);
	return true;
}
