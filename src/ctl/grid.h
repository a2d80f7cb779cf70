/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A table for people: columns as wide as they need be, numbers to the right, a colour for how things are
 * when standard output is a terminal (and NO_COLOR is not set).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum grid_colour { GRID_PLAIN, GRID_GOOD, GRID_BAD, GRID_DIM };

struct grid_column {
	const char *title;
	bool is_number;
};

struct grid {
	const struct grid_column *column;
	size_t columns_n;
	char **cell; /* row by row */
	unsigned char *colour;
	size_t n, cap; /* cells */
};

void grid_init(struct grid *t, const struct grid_column *column, size_t columns_n);

/* The next cell of the current row; the text is copied, without what a terminal would obey. */
void grid_put(struct grid *t, const char *text, enum grid_colour colour);

/* Replaces what a terminal would obey in text by question marks; returns it. */
char *grid_tame(char *text);

/* Prints it, with its titles; nothing when there are no rows. */
void grid_print(const struct grid *t);

/* The same into out. */
void grid_write(const struct grid *t, FILE *out);
void grid_fini(struct grid *t);

/* A text in that colour around what is printed: ESC sequences, or "". */
const char *grid_paint(enum grid_colour colour);
const char *grid_unpaint(enum grid_colour colour);

/* "5s", "3m20s", "2h05m", "12d4h" into buf. */
enum { GRID_AGE_LEN = 24 };
const char *grid_age(double seconds, char buf[static GRID_AGE_LEN]);

/* Seconds since 1970. */
double grid_now_s(void);
