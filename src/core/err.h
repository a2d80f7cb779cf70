/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A list of findings in a configuration: all of them, each with file and line, told at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum err_level { ERR_ERROR, ERR_WARNING, ERR_NOTE };

struct err_item {
	char *file;
	char *text;
	uint32_t line; /* 0: the file as a whole */
	uint32_t hash; /* of the text */
	uint32_t rank; /* of its file, by first appearance: err_sort() */
	enum err_level level;
};

struct err_list {
	struct err_item *item;
	size_t n, cap;
	size_t n_error, n_warning, n_note; /* all that were found, told or not */
};

enum { ERR_LIST_MAX = 1000 }; /* findings kept; more are counted only */

/* Zeroed memory is an empty list. */
void err_fini(struct err_list *l);

/* line 0 = the whole file. A finding that is in the list already is not added again: what stands once
 * in a file may be found many times, in each object that has it. One thread. */
__attribute__((format(printf, 5, 6))) void err_add(struct err_list *l, enum err_level level,
						   const char *file, uint32_t line, const char *fmt,
						   ...);

/* By file in order of appearance, then line. */
void err_sort(struct err_list *l);

const char *err_level_name(enum err_level level);
