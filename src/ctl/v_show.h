/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What can be shown, and its columns: for vipctl show, top and completion.
 */
#pragma once

#include "ctl/grid.h"

#include <jansson.h>

enum { SHOW_COLUMNS_N = 16 };

struct thing;

/* By its name, or NULL; and the name of the i-th, or NULL. */
const struct thing *show_thing(const char *name);
const char *show_name(size_t i);

/* The member of a line that holds the object. */
const char *show_member(const struct thing *t);

/* An empty grid with its columns; titles must outlive it. */
void show_titles(const struct thing *t, struct grid *grid,
		 struct grid_column titles[static SHOW_COLUMNS_N]);

/* One object as a row. now_s: seconds since 1970. */
void show_row(const struct thing *t, struct grid *grid, const json_t *o, double now_s);
