/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See schema_number.h.
 */
#include "core/conf/schema_number.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A whole number, decimal or with 0x. */
static bool parse_number(const char *text, int64_t *out)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*out = strtoll(text, &end, is_hex ? 16 : 10);
	return !errno && !*end;
}

static const char *print_number(int64_t value, char buf[static 32])
{
	(void)snprintf(buf, 32, "%lld", (long long)value);
	return buf;
}

/* ------------------------------------------------------------------ octal */

static bool parse_octal(const char *text, int64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*out = strtoll(text, &end, 8);
	return !errno && !*end;
}

static const char *print_octal(int64_t value, char buf[static 32])
{
	(void)snprintf(buf, 32, "%04llo", (unsigned long long)value);
	return buf;
}

const struct schema_number schema_octal = { parse_octal, print_octal,
					    "an octal number such as \"0027\"", true };

/* ------------------------------------------------------------------ names of iproute2 */

enum { NAMES_MAX = 512, NAME_MAX_LEN = 63, LINE_MAX_LEN = 512 };

struct rt_name {
	int64_t value;
	char name[NAME_MAX_LEN + 1];
};

struct rt_names {
	const char *file;
	struct rt_name *all; /* allocated with the first look */
	uint32_t n;
};

/* The next word of a line, or NULL. */
static char *word_of(char **rest)
{
	char *word;

	do
		word = strsep(rest, " \t");
	while (word && !*word);
	return word;
}

/* "VALUE NAME" lines; '#' begins a comment. What is no such line is passed over, as iproute2 does. */
static void read_names(struct rt_names *t, const char *dir)
{
	char path[LINE_MAX_LEN], line[LINE_MAX_LEN], *rest, *number, *name;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, t->file);
	f = fopen(path, "re");
	if (!f)
		return;
	while (t->n < NAMES_MAX && fgets(line, sizeof(line), f)) {
		struct rt_name *e = &t->all[t->n];

		rest = line;
		rest[strcspn(rest, "#\n")] = '\0';
		number = word_of(&rest);
		name = word_of(&rest);
		if (!number || !name || strlen(name) > NAME_MAX_LEN ||
		    !parse_number(number, &e->value))
			continue;
		(void)snprintf(e->name, sizeof(e->name), "%s", name);
		t->n++;
	}
	(void)fclose(f);
}

/* Local names come last and are looked for first. */
static bool find_name(struct rt_names *t, const char *text, int64_t *out)
{
	if (!t->all) {
		t->all = calloc(NAMES_MAX, sizeof(*t->all));
		if (!t->all)
			return false;
		read_names(t, "/usr/share/iproute2");
		read_names(t, "/usr/lib/iproute2");
		read_names(t, "/etc/iproute2");
	}
	for (uint32_t i = t->n; i-- > 0;)
		if (!strcmp(t->all[i].name, text)) {
			*out = t->all[i].value;
			return true;
		}
	return false;
}

static bool parse_table(const char *text, int64_t *out)
{
	static const struct rt_name known[] = { { 253, "default" },
						{ 254, "main" },
						{ 255, "local" } };
	static struct rt_names names = { .file = "rt_tables" };

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(text, known[i].name)) {
			*out = known[i].value;
			return true;
		}
	return parse_number(text, out) || find_name(&names, text, out);
}

const struct schema_number schema_rt_table = { parse_table, print_number,
					       "the number or name of a routing table", false };

static bool parse_proto(const char *text, int64_t *out)
{
	static struct rt_names names = { .file = "rt_protos" };

	return parse_number(text, out) || find_name(&names, text, out);
}

const struct schema_number schema_rt_proto = { parse_proto, print_number,
					       "the number or name of a routing protocol", false };

static bool parse_tos(const char *text, int64_t *out)
{
	static struct rt_names names = { .file = "rt_dsfield" };
	char *end;

	/* iproute2 takes these as hexadecimal */
	if (isxdigit((unsigned char)text[0])) {
		errno = 0;
		*out = strtoll(text, &end, 16);
		if (!errno && !*end)
			return true;
	}
	return find_name(&names, text, out);
}

static const char *print_tos(int64_t value, char buf[static 32])
{
	(void)snprintf(buf, 32, "0x%02llx", (unsigned long long)value);
	return buf;
}

const struct schema_number schema_rt_tos = { parse_tos, print_tos,
					     "a type of service: a hexadecimal number or a name",
					     true };

/* ------------------------------------------------------------------ scope */

static const struct {
	int64_t value; /* linux/rtnetlink.h, enum rt_scope_t */
	const char *name;
} scopes[] = {
	{ 0, "global" }, { 200, "site" }, { 253, "link" }, { 254, "host" }, { 255, "nowhere" }
};

enum { SCOPES = sizeof(scopes) / sizeof(*scopes) };

static bool parse_scope(const char *text, int64_t *out)
{
	static struct rt_names names = { .file = "rt_scopes" };

	for (size_t i = 0; i < SCOPES; i++)
		if (!strcmp(text, scopes[i].name)) {
			*out = scopes[i].value;
			return true;
		}
	return parse_number(text, out) || find_name(&names, text, out);
}

static const char *print_scope(int64_t value, char buf[static 32])
{
	for (size_t i = 0; i < SCOPES; i++)
		if (scopes[i].value == value)
			return scopes[i].name;
	return print_number(value, buf);
}

const struct schema_number schema_scope = { parse_scope, print_scope, "a scope", false };

/* ------------------------------------------------------------------ masks */

/* "255.255.255.0" or a number of bits */
static bool parse_granularity(const char *text, int64_t *out)
{
	struct in_addr a;
	uint32_t mask;

	if (!strchr(text, '.'))
		return parse_number(text, out);
	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	mask = ntohl(a.s_addr);
	if (!mask || (~mask & (~mask + 1)))
		return false; /* not ones followed by zeros */
	*out = __builtin_popcount(mask);
	return true;
}

const struct schema_number schema_granularity = { parse_granularity, print_number,
						  "a number of bits or an IPv4 mask", false };

/* ------------------------------------------------------------------ marks */

const struct schema_number schema_lifetime = { NULL, NULL, "a time or \"forever\"", false };
const struct schema_number schema_any_prefix = { NULL, NULL,
						 "an address with prefix length, or \"default\"",
						 false };
