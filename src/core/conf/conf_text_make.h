/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of conf_text.h share: conf_text.c (what is written), conf_text_value.c (one setting),
 * conf_text_list.c (short texts and ranges), conf_factor.c (what is equal).
 */
#pragma once

#include "core/conf/conf_text.h"

#include <stdio.h>

struct factor;

struct text {
	const struct conf *c;
	const struct conf_text_opt *opt;
	FILE *f;
	bool hides_secrets;
	struct factor *factor; /* NULL: everything is written where it stands */
};

/* An object and what is around it. */
struct object {
	enum schema_kind kind;
	const void *base;
	const struct object *parent; /* NULL: none */
};

/* Blanks before a line of this level. */
void text_indent(struct text *t, int level);

/* In quotes, with libconfig's escapes. */
void text_string(struct text *t, const char *s);
void text_texts(struct text *t, const struct conf_strs *s);
const char *text_prefix(const struct ip_prefix *p, char buf[static PREFIX_TEXT_LEN]);

/* A setting of the object at base. */
void text_value(struct text *t, const struct schema_key *key, const void *base);

/* Behind a '#': what would end the line can't. */
void text_comment(struct text *t, const char *text, size_t len);

/* Whether a setting is not what it would be without being written. */
bool text_is_written(const struct text *t, const struct schema_key *key, const struct object *o);

/* { a = 1; b = 2; } in one line */
void text_inline(struct text *t, const struct object *o);

struct object text_object(const struct text *t, enum schema_kind kind, uint32_t i,
			  const struct object *parent);

/* ------------------------------------------------------------------ conf_text_list.c */

/* Whether elements of a kind are written as short texts and ranges. */
bool text_is_short(enum schema_kind kind);

/* The elements of a list, a line each, with what is in a row and otherwise equal as one range. */
void text_short_list(struct text *t, enum schema_kind kind, const struct conf_range *r,
		     const struct object *parent, int level);

/* ------------------------------------------------------------------ conf_factor.c */

/* Finds what is equal; t is as it will be used. */
struct factor *factor_new(struct text *t);
void factor_free(struct factor *f);

/* The templates and pools. */
void factor_put_templates(struct text *t);
void factor_put_pools(struct text *t);

/* A list of checks, by names where they have one. */
void factor_put_checks(struct text *t, const struct conf_range *r, const struct object *parent);

/* The servers of a service, with the row's name: its pool, or all of them. */
void factor_put_servers(struct text *t, const struct conf_vs *vs, int level);
