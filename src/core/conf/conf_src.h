/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One text of the configuration, parsed: libconfig's tree with the name that findings give it. Main
 * only. No part of it outlives the loading.
 */
#pragma once

#include "core/err.h"

#include <libconfig.h>
#include <stdbool.h>
#include <sys/types.h>

struct conf_src {
	config_t tree;
	const char *name; /* the file, as findings name it */
	const char
		*kept; /* the loader's copy of name, which outlives this; NULL until it has one */
	struct conf_src *parent; /* the file that includes it, or NULL */
	const char *text; /* what was parsed */
	size_t len;
	char *owned; /* text's memory, freed with this; NULL: the caller's */
	uint32_t *line_at; /* where each line begins, once asked for */
	uint32_t lines;
	dev_t dev;
	ino_t ino; /* 0: not a file */
	uint32_t depth; /* of includes above it */
};

/* text ends with NUL at text[len] and lives as long as what is returned; name is copied. What is wrong
 * goes to errs; then is_bad is set and the tree is empty. Never NULL. */
struct conf_src *conf_src_parse(const char *name, const char *text, size_t len,
				struct err_list *errs, bool *is_bad);

void conf_src_free(struct conf_src *src);

/* The text that a setting of the tree belongs to. */
struct conf_src *conf_src_of(const config_setting_t *set);

/* The line of a setting. The library's own answer is wrong for a text that ends a list whose bracket
 * stands on a later line: there it says the bracket's. */
uint32_t conf_src_line(const config_setting_t *set);
