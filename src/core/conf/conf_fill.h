/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One object while it is filled: what conf_object.c (groups) and conf_short.c (texts) share.
 */
#pragma once

#include "core/conf/conf_build.h"

#include <string.h>

struct filling {
	struct build *b;
	enum schema_kind kind;
	config_setting_t *object; /* for messages */
	void *base; /* a fields_KIND struct */
	struct conf_span span; /* n > 0: its address is a range */
	bool is_layer; /* nothing must be there, and what is told by itself is left out */
};

/* Kinds that know `use`, and whether a member is that. */
static inline bool fill_has_templates(enum schema_kind kind)
{
	return kind == SCHEMA_vrrp || kind == SCHEMA_vs || kind == SCHEMA_rs ||
	       kind == SCHEMA_check;
}

static inline bool fill_is_use(enum schema_kind kind, const char *name)
{
	return fill_has_templates(kind) && !strcmp(name, "use");
}

/* A word into the field; an address may be a range, whose first address goes there. False: why. */
bool fill_word(struct filling *f, const struct schema_key *key, const char *text, char *why);

/* Reads what was picked. What is wrong is told. */
void fill_picked(struct filling *f, const struct picks *picks);

/* Tells which settings must be there and were not given. */
void fill_needed(struct filling *f, const struct keyset *seen);

/* A short text; *seen gets the settings given. */
void fill_short(struct filling *f, const char *text, struct keyset *seen);

/* Whether a kind may be written as a short text. */
bool fill_is_short(enum schema_kind kind);
