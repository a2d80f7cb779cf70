/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_span.h.
 */
#include "core/conf/conf_span.h"

#include <errno.h>
#include <string.h>

enum { PARTS = 4, PART_MAX = 255 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool conf_span_is(const char *text)
{
	const char *p = text;

	while ((p = strchr(p, '['))) {
		const char *q = ++p;

		while (is_digit(*q))
			q++;
		if (q > p && *q == '-')
			return true;
	}
	return false;
}

/* "0" to "255" at *p, without leading zeros. False: something else; *p is behind it if true. */
static bool take_part(const char **p, const char *end, uint8_t *out)
{
	const char *s = *p;
	unsigned v = 0;

	if (s == end || !is_digit(*s) || (*s == '0' && s + 1 < end && is_digit(s[1])))
		return false;
	for (; s < end && is_digit(*s); s++) {
		v = v * 10 + (unsigned)(*s - '0');
		if (v > PART_MAX)
			return false;
	}
	*out = (uint8_t)v;
	*p = s;
	return true;
}

static bool take_char(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	++*p;
	return true;
}

int conf_span_parse(const char *text, size_t len, struct conf_span *out)
{
	const char *p = text, *end = text + len;
	struct conf_span s = { .n = 1 };
	uint64_t n = 1;

	for (unsigned i = 0; i < PARTS; i++) {
		if (i && !take_char(&p, end, '.'))
			return -EINVAL;
		if (take_char(&p, end, '[')) {
			if (!take_part(&p, end, &s.first[i]) || !take_char(&p, end, '-') ||
			    !take_part(&p, end, &s.last[i]) || !take_char(&p, end, ']') ||
			    s.first[i] > s.last[i])
				return -EINVAL;
		} else {
			if (!take_part(&p, end, &s.first[i]))
				return -EINVAL;
			s.last[i] = s.first[i];
		}
		n *= (uint64_t)(s.last[i] - s.first[i]) + 1;
	}
	if (p != end)
		return -EINVAL;
	if (n > CONF_SPAN_MAX)
		return -E2BIG;
	s.n = (uint32_t)n;
	*out = s;
	return 0;
}

struct ip_addr conf_span_at(const struct conf_span *s, uint32_t i)
{
	struct ip_addr a = { .family = AF_INET };

	for (unsigned k = PARTS; k-- > 0;) {
		uint32_t width = (uint32_t)(s->last[k] - s->first[k]) + 1;

		a.byte[k] = (uint8_t)(s->first[k] + i % width);
		i /= width;
	}
	return a;
}

int conf_split_port(char *text, char **host, char **port)
{
	char *close = strchr(text, ']'), *colon = strchr(text, ':');

	*host = text;
	*port = NULL;
	if (*text == '[' && colon && (!close || colon < close)) {
		/* [IPv6] or [IPv6]:port */
		if (!close || (close[1] && close[1] != ':'))
			return -EINVAL;
		*host = text + 1;
		if (close[1])
			*port = close + 2;
		*close = '\0';
		return 0;
	}
	if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
		*port = colon + 1;
	}
	return 0; /* no colon, or the many of a bare IPv6 address */
}
