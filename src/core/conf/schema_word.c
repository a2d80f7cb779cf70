/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See schema_word.h.
 */
#include "core/conf/schema_word.h"

#include "core/bug.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char plain[] = "has a control character or a quote";
static const char no_utf8[] = "has bytes that are not UTF-8: metrics and JSON could not tell it";
static const char unprintable[] = "has a control character";

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* Bytes of the character that begins here (RFC 3629, section 4); 0: it is none. */
static unsigned utf8_len(const unsigned char *p)
{
	unsigned n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] > 0xf4)
		return 0;
	for (unsigned i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static bool is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		unsigned n = utf8_len(p);

		if (!n)
			return false;
		p += n;
	}
	return true;
}

static bool is_ifname(const char *text)
{
	return !strpbrk(text, "/ =\t\"") && !has_control(text) && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static bool is_name(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("._-@", *text))
			return false;
	return true;
}

static bool is_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	return isdigit((unsigned char)*text) && !*end && port >= 1 && port <= 65535;
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT" */
static bool is_hostport(const char *text)
{
	const char *host_end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');

	if (has_control(text) || strpbrk(text, " \""))
		return false;
	if (text[0] == '[')
		return host_end && (!host_end[1] || (host_end[1] == ':' && is_port(host_end + 2)));
	/* more than one colon: an IPv6 address without a port */
	return !host_end || strchr(host_end + 1, ':') || is_port(host_end + 1);
}

static bool is_mac(const char *text)
{
	size_t len = strlen(text);

	if (len != 17 && len != 14)
		return false;
	for (size_t i = 0; i < len; i++)
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static bool is_hex(const char *text, const char *more)
{
	size_t len = strlen(text);

	for (; *text; text++)
		if (!isxdigit((unsigned char)*text) && !strchr(more, *text))
			return false;
	return len % 2 == 0;
}

static bool is_digest(const char *text)
{
	return strspn(text, "0123456789abcdef") == strlen(text);
}

const char *schema_word_why(enum schema_text kind, const char *text)
{
	/* names: they stand in labels and replies */
	if ((kind == TEXT_PLAIN || kind == TEXT_IFNAME) && !is_utf8(text))
		return no_utf8;
	switch (kind) {
	case TEXT_PLAIN:
		return has_control(text) || strchr(text, '"') ? plain : NULL;
	case TEXT_FREE:
	case TEXT_SECRET:
		return has_control(text) ? unprintable : NULL;
	case TEXT_ANY:
		return NULL;
	case TEXT_NAME:
		return is_name(text) ? NULL : "must be a name of letters, digits and . _ - @";
	case TEXT_IFNAME:
		return is_ifname(text) ? NULL
				       : "must be the name of an interface: no blanks, quotes, '/' "
					 "or '='";
	case TEXT_PATH:
		return text[0] == '/' && !has_control(text)
			       ? NULL
			       : "must be a whole path: it begins with "
				 "'/'";
	case TEXT_HOSTPORT:
		return is_hostport(text) ? NULL : "must be \"HOST\" or \"HOST:PORT\"";
	case TEXT_MAC:
		return is_mac(text) ? NULL
				    : "must be a MAC address such as \"02:00:00:00:00:01\", or its "
				      "first five octets";
	case TEXT_HEX:
		return is_hex(text, "") ? NULL : "must be an even number of hexadecimal digits";
	case TEXT_HEXMASK:
		return is_hex(text, "xX") ? NULL
					  : "must be an even number of hexadecimal digits or X";
	case TEXT_DIGEST:
		return is_digest(text) ? NULL : "must be 32 hexadecimal digits in lower case";
	}
	BUG("kind of text");
}
