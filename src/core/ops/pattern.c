/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See pattern.h.
 */
#include "core/ops/pattern.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The bracket that closes an IPv6 address, or NULL: no address begins the pattern. [[:digit:]] is none. */
static const char *end_of_address(const char *pattern)
{
	const char *end = *pattern == '[' && pattern[1] != '[' ? strchr(pattern, ']') : NULL;

	return end && memchr(pattern, ':', (size_t)(end - pattern)) ? end : NULL;
}

bool pattern_fits(const char *pattern, const char *text)
{
	const char *end = pattern ? end_of_address(pattern) : NULL;
	char plain[PATTERN_LEN + 3]; /* two backslashes, the NUL */
	int len;

	if (!pattern)
		return true;
	if (!end)
		return !fnmatch(pattern, text, 0);
	len = (int)(end - pattern) - 1;
	if (!end[1] && *text != '[')
		(void)snprintf(plain, sizeof(plain), "%.*s", len, pattern + 1);
	else
		(void)snprintf(plain, sizeof(plain), "\\[%.*s\\]%s", len, pattern + 1, end + 1);
	return !fnmatch(plain, text, 0);
}
