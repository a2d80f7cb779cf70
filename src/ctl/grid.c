/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See grid.h.
 */
#include "ctl/grid.h"

#include "core/bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GAP_LEN = 2, MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

void grid_init(struct grid *t, const struct grid_column *column, size_t columns_n)
{
	*t = (struct grid){ .column = column, .columns_n = columns_n };
}

void grid_fini(struct grid *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t->colour);
	*t = (struct grid){ 0 };
}

void grid_put(struct grid *t, const char *text, enum grid_colour colour)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->cell = reallocarray(t->cell, t->cap, sizeof(*t->cell));
		t->colour = reallocarray(t->colour, t->cap, sizeof(*t->colour));
		BUG_ON(!t->cell || !t->colour);
	}
	t->cell[t->n] = strdup(text);
	BUG_ON(!t->cell[t->n]);
	t->colour[t->n++] = (unsigned char)colour;
}

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

const char *grid_paint(enum grid_colour colour)
{
	static const char *const code[] = {
		[GRID_PLAIN] = "",
		[GRID_GOOD] = "\033[32m",
		[GRID_BAD] = "\033[1;31m",
		[GRID_DIM] = "\033[2m",
	};

	return has_colours() ? code[colour] : "";
}

const char *grid_unpaint(enum grid_colour colour)
{
	return colour != GRID_PLAIN && has_colours() ? "\033[0m" : "";
}

static void print_cell(const char *text, int width, bool is_number, bool is_last,
		       enum grid_colour colour)
{
	int pad = width - (int)strlen(text);

	if (pad < 0)
		pad = 0;
	(void)printf("%*s%s%s%s%*s", is_number ? pad : 0, "", grid_paint(colour), text,
		     grid_unpaint(colour), is_last ? 0 : (is_number ? 0 : pad) + GAP_LEN, "");
}

void grid_print(const struct grid *t)
{
	size_t rows = t->columns_n ? t->n / t->columns_n : 0;
	int *width = calloc(t->columns_n + 1, sizeof(*width));

	BUG_ON(!width);
	for (size_t c = 0; c < t->columns_n; c++)
		width[c] = (int)strlen(t->column[c].title);
	for (size_t i = 0; i < t->n; i++)
		if ((int)strlen(t->cell[i]) > width[i % t->columns_n])
			width[i % t->columns_n] = (int)strlen(t->cell[i]);
	for (size_t c = 0; rows && c < t->columns_n; c++)
		print_cell(t->column[c].title, width[c], t->column[c].is_number,
			   c + 1 == t->columns_n, GRID_DIM);
	if (rows)
		(void)putchar('\n');
	for (size_t i = 0; i < rows * t->columns_n; i++) {
		size_t c = i % t->columns_n;

		print_cell(t->cell[i], width[c], t->column[c].is_number, c + 1 == t->columns_n,
			   (enum grid_colour)t->colour[i]);
		if (c + 1 == t->columns_n)
			(void)putchar('\n');
	}
	free(width);
}

const char *grid_age(double seconds, char buf[static GRID_AGE_LEN])
{
	long long s = seconds > 0 ? (long long)seconds : 0;

	if (s < MINUTE_S)
		(void)snprintf(buf, GRID_AGE_LEN, "%llds", s);
	else if (s < HOUR_S)
		(void)snprintf(buf, GRID_AGE_LEN, "%lldm%02llds", s / MINUTE_S, s % MINUTE_S);
	else if (s < DAY_S)
		(void)snprintf(buf, GRID_AGE_LEN, "%lldh%02lldm", s / HOUR_S,
			       s % HOUR_S / MINUTE_S);
	else
		(void)snprintf(buf, GRID_AGE_LEN, "%lldd%lldh", s / DAY_S, s % DAY_S / HOUR_S);
	return buf;
}
