/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The lines of a reply for people: findings in compiler form, changes a line each.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct show {
	bool is_json; /* lines go out as they are */
	long long max; /* changes that are shown */
	long long changes_n; /* that came */
};

/* A line that is not the last: a call_line_fn. Findings go to standard error, changes to standard
 * output. */
void show_line(void *arg, const char *text, const json_t *line);

/* The last line as JSON, when that is wanted; and its exit status. */
int show_end(const struct show *s, const json_t *end);

/* A member of the last line: its text, or "". */
const char *show_text(const json_t *o, const char *name);

/* Prints an object in a line; it is given away. */
void show_json(json_t *o);
