/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keepalived.conf's text substitution: definitions ($NAME=VALUE), their use ($NAME, ${NAME}, ${_ENV X}
 * and the other names that are always there), and the repeating ~SEQ and ~LST.
 *
 * Pure: what it needs from outside (directory, identity, environment) it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KA_LINE_LEN_MAX = 16 * 1024, /* of a line, also after substitution */
	KA_VALUE_LEN_MAX = 256 * 1024, /* of a definition's value, which may have many lines */
	KA_DEFS_MAX = 2000,
	KA_SEQ_MAX = 100000, /* values of one ~SEQ */
	KA_SUBST_DEPTH_MAX = 24, /* definitions within definitions, loops within loops */
	KA_LINES_MAX = 5000000, /* of everything, repeated lines counted each time */
	KA_WHY_LEN = 200,
};

struct ka_def {
	char *name, *value;
};

struct ka_defs {
	struct ka_def *def; /* the last one of a name counts */
	size_t n, cap;
};

struct ka_subst {
	struct ka_defs defs;
	struct ka_defs loop; /* what the loops around have defined; goes before defs */
	const char *dir; /* ${_PWD} */
	const char *id; /* ${_INSTANCE} */
	const char *(*env)(const char *name); /* ${_ENV NAME}; may be NULL */
	uint32_t lines_max, lines_n; /* bound, and what has come so far */
	uint64_t random; /* state of ${_RANDOM}; not 0 */
	bool has_random; /* it was used */
	char why[KA_WHY_LEN]; /* of the last error */
};

void ka_subst_fini(struct ka_subst *s);

/* A line that is a definition: its name's length; else 0. */
size_t ka_def_name_len(const char *line);

/* Later definitions of a name win. 0 or -E2BIG (s->why). */
int ka_define(struct ka_subst *s, const char *name, size_t name_len, const char *value);

typedef int ka_line_fn(void *arg, char *line);

/* Calls fn for each line that the given one becomes, in order; fn may change its text. 0, what fn
 * returned when it wasn't 0, or -EINVAL or -E2BIG (s->why). */
int ka_subst_line(struct ka_subst *s, const char *line, ka_line_fn *fn, void *arg);
