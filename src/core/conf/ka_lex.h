/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keepalived.conf -> statements: comments, quotes, conditional lines, includes, substitution
 * (ka_subst.h) and blocks, all of keepalived's preprocessor and none of its keywords.
 *
 * A statement is a line's words and, when it opens one, the statements of its block. Pure but for
 * the callbacks that read included files.
 */
#pragma once

#include "core/arena.h"
#include "core/conf/conf.h"
#include "core/err.h"

enum {
	KA_BLOCK_DEPTH_MAX = 32,
	KA_INCLUDE_DEPTH_MAX = 16,
	KA_FILES_MAX = 10000, /* read in all */
	KA_WORDS_MAX = 4096, /* of one statement */
};

struct ka_node {
	const char **word; /* word[0] is the keyword; word[word_n] is NULL */
	uint32_t word_n;
	bool is_block; /* a block { } follows, empty or not */
	struct conf_loc loc;
	struct ka_node *child, *next;
};

/* What a pattern of an include stands for. */
struct ka_match {
	char **path; /* malloc'd, as are its texts */
	size_t n;
	bool is_wild_unmatched; /* a wildcard found nothing */
	bool is_brace_unmatched; /* one of { , } found nothing */
};

/* How files are reached. Each may be NULL: then there are none. */
struct ka_io {
	int (*match)(const char *dir, const char *pattern, struct ka_match *out);
	/* as conf_file_read(); -ENOEXEC: the file is executable */
	int (*read)(const char *path, char **text, size_t *len);
	const char *(*env)(const char *name);
};

struct ka_source {
	const char *name; /* the file, as findings name it; its folder is where includes begin */
	const char *text; /* ends with NUL at text[len] */
	size_t len;
	const char *id; /* what @id lines are compared with */
	const struct ka_io *io;
	uint32_t lines_max; /* 0: KA_LINES_MAX */
};

/* The statements of the file, in the arena; their first in *root (NULL: none). Findings go to errs.
 * False: reading had to stop; what there is then is worth nothing. */
bool ka_lex(const struct ka_source *src, struct arena *arena, struct err_list *errs,
	    struct ka_node **root);
