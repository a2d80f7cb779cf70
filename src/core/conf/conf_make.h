/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A configuration in the making: objects are added kind by kind while their number isn't known, then
 * put into the snapshot's arena at once. Pure.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/conf_vec.h"
#include "core/conf/schema.h"

struct conf_make {
	struct conf *c;
	struct vec list[SCHEMA_KIND_N];
};

void conf_make_init(struct conf_make *b, struct conf *c);

/* A copy of the object (struct conf_KIND) goes to the end of its list; its
 * index is returned. Ranges name such indices. */
uint32_t conf_make_add(struct conf_make *b, enum schema_kind kind, const void *obj);

/* The object with this index; valid until the next one is added. */
void *conf_make_at(struct conf_make *b, enum schema_kind kind, uint32_t i);

/* Forgets the objects from index n on. */
void conf_make_cut(struct conf_make *b, enum schema_kind kind, uint32_t n);

/* The defaults of a kind's rows, into zeroed settings. */
void conf_make_defaults(enum schema_kind kind, void *base);

/* "vs-ADDRESS-PROTOCOL-PORT": the name of a service that has none. */
enum { CONF_VS_NAME_LEN = ADDR_TEXT_LEN + 32 };
const char *conf_vs_default_name(const struct fields_vs *s, char buf[static CONF_VS_NAME_LEN]);

/* The codes that pass when none is given: 200 to 299. */
struct conf_status conf_status_default(void);

/* Whether two lists of checks say the same. all: the array both are ranges of; c: where what they have
 * lists of lies. */
bool conf_checks_equal(const struct conf *c, const struct conf_check *all, struct conf_range a,
		       struct conf_range b);

/* Whether checks of this type are made. */
bool conf_check_runs(uint8_t type);

/* One probe for each check of each server, when all of both are in place. */
void conf_make_probes(struct conf *c);

/* A kind's objects, the first part of each element of the list, into the snapshot; the list is empty
 * then. */
void conf_take(struct conf *c, enum schema_kind kind, struct vec *list);

/* What is left when all objects are in place: values that follow from others (conf_resolve.h), probes,
 * and settings that only decided what others are become zero. */
void conf_finish(struct conf *c);

/* Everything into the snapshot, and conf_finish(). b is empty then. */
void conf_make_finish(struct conf_make *b);
