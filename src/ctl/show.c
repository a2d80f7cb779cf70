/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See show.h.
 */
#include "ctl/show.h"

#include "core/bug.h"
#include "core/ops/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *show_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static void finding(const json_t *f)
{
	json_int_t line = json_integer_value(json_object_get(f, "line"));

	if (line)
		(void)fprintf(stderr, "%s:%" JSON_INTEGER_FORMAT ": %s: %s\n", show_text(f, "file"),
			      line, show_text(f, "level"), show_text(f, "text"));
	else
		(void)fprintf(stderr, "%s: %s: %s\n", show_text(f, "file"), show_text(f, "level"),
			      show_text(f, "text"));
}

/* what a change is, by its word on the wire */
static const struct {
	const char *what, *sign, *verb;
} whats[] = {
	{ "added", "+", "" },
	{ "removed", "-", "" },
	{ "changed", "~", "" },
	{ "restarted", "!", " restarts because its " },
	{ "needs_restart", "!", " needs a restart of vipd for " },
};

/* the noun of an object, by its word on the wire: those without one here are called by it */
static const char *noun(const char *object)
{
	static const char *const names[][2] = {
		{ "vrrp_instance", "instance" },
		{ "virtual_server", "service" },
		{ "real_server", "server" },
		{ "check", "check of server" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i][0], object))
			return names[i][1];
	return object;
}

static void addresses(const json_t *c, const char **sep)
{
	static const char *const parts[][2] = { { "added", "+" }, { "removed", "-" } };
	const json_t *both = json_object_get(c, "addresses"), *one;
	size_t i;

	for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++) {
		json_array_foreach(json_object_get(both, parts[p][0]), i, one)
		{
			(void)printf("%s%s%s", *sep, parts[p][1], json_string_value(one));
			*sep = ", ";
		}
	}
}

static void change(const json_t *c)
{
	const char *what = show_text(c, "what"), *sep = ": ";
	const json_t *one;
	size_t i, w = 0;

	while (w + 1 < sizeof(whats) / sizeof(*whats) && strcmp(whats[w].what, what) != 0)
		w++;
	(void)printf("%s %s", whats[w].sign, noun(show_text(c, "object")));
	if (*show_text(c, "name")) /* what there is one of has none */
		(void)printf(" %s", show_text(c, "name"));
	if (json_object_get(c, "service"))
		(void)printf(" of %s", show_text(c, "service"));
	if (json_object_get(c, "type"))
		(void)printf(" (%s)", show_text(c, "type"));
	if (*whats[w].verb)
		(void)printf("%s%s%s", whats[w].verb, show_text(c, "because"),
			     !strcmp(what, "restarted") ? " changed" : "");
	json_array_foreach(json_object_get(c, "settings"), i, one)
	{
		(void)printf("%s%s %s -> %s", sep, show_text(one, "name"), show_text(one, "old"),
			     show_text(one, "new"));
		sep = ", ";
	}
	addresses(c, &sep);
	(void)putchar('\n');
}

void show_line(void *arg, const char *text, const json_t *line)
{
	struct show *s = arg;
	const json_t *f = json_object_get(line, "finding"), *c = json_object_get(line, "change");

	s->changes_n += c != NULL;
	if (s->is_json)
		(void)puts(text);
	else if (f)
		finding(f);
	else if (c && s->changes_n <= s->max)
		change(c);
}

void show_json(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	BUG_ON(!text);
	(void)puts(text);
	free(text);
	json_decref(o);
}

int show_end(const struct show *s, const json_t *end)
{
	const json_t *status = json_object_get(end, "status");
	json_t *copy = s->is_json ? json_copy((json_t *)(uintptr_t)end) : NULL;

	if (copy)
		show_json(copy);
	return json_is_integer(status) ? (int)json_integer_value(status) : EXIT_FAILED;
}
