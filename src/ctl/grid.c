/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See grid.h.
 */
#include "ctl/grid.h"

#include "core/bug.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

char *grid_tame(char *text)
{
	for (char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return text;
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
	(void)grid_tame(t->cell[t->n]);
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

static void put_cell(FILE *out, const char *text, size_t width, bool is_number, bool is_last,
		     enum grid_colour colour)
{
	size_t len = strlen(text);
	int pad = width > len ? (int)(width - len) : 0;

	(void)fprintf(out, "%*s%s%s%s%*s", is_number ? pad : 0, "", grid_paint(colour), text,
		      grid_unpaint(colour), is_last ? 0 : (is_number ? 0 : pad) + GAP_LEN, "");
}

/* A row of cells, or the titles. */
static void put_row(const struct grid *t, FILE *out, const size_t *width, size_t first,
		    bool is_title)
{
	for (size_t c = 0; c < t->columns_n; c++)
		put_cell(out, is_title ? t->column[c].title : t->cell[first + c], width[c],
			 t->column[c].is_number, c + 1 == t->columns_n,
			 is_title ? GRID_DIM : (enum grid_colour)t->colour[first + c]);
	(void)fputc('\n', out);
}

void grid_write(const struct grid *t, FILE *out)
{
	size_t rows = t->columns_n ? t->n / t->columns_n : 0;
	size_t *width = calloc(t->columns_n + 1, sizeof(*width));

	BUG_ON(!width);
	for (size_t c = 0; c < t->columns_n; c++)
		width[c] = strlen(t->column[c].title);
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->cell[i]) > width[i % t->columns_n])
			width[i % t->columns_n] = strlen(t->cell[i]);
	for (size_t i = 0; rows && i <= rows; i++)
		put_row(t, out, width, i ? (i - 1) * t->columns_n : 0, !i);
	free(width);
}

void grid_print(const struct grid *t)
{
	grid_write(t, stdout);
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

double grid_now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
