/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A terminal as a whole: its own page, keys one by one, its size. What was on it comes back at the end, also
 * when a signal ends the program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum screen_key {
	SCREEN_NONE, /* the time is over, or the size has changed */
	SCREEN_GONE, /* there is no terminal any more */
	SCREEN_UP = 256, /* below: characters */
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_ESCAPE,
};

/* False: standard input or output is none, or one that can't. */
bool screen_begin(void);
void screen_end(void);

void screen_size(size_t *rows, size_t *columns);

/* Shows this text of lines, and nothing else; what does not fit is not shown. False: it can't be written. */
bool screen_show(const char *text, size_t len);

/* The next key: an enum screen_key, or a character. Waits at most so long. */
int screen_key(int timeout_ms);
