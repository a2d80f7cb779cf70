/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A configuration in the making: objects are added kind by kind while their number isn't known, then
 * put into the snapshot's arena at once. Pure.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/schema.h"

struct conf_make_list {
	unsigned char *p;
	size_t el_len;
	uint32_t n, cap;
};

struct conf_make {
	struct conf *c;
	struct conf_make_list list[SCHEMA_KIND_N];
};

void conf_make_init(struct conf_make *b, struct conf *c);

/* A copy of the object (struct conf_vrrp, _vip, _vs, _rs or _check) goes to the end of its list; its
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

/* Whether two lists of checks say the same. all: the array both are ranges of. */
bool conf_checks_equal(const struct conf_check *all, struct conf_range a, struct conf_range b);

/* One probe for each check of each server, when all of both are in place. */
void conf_make_probes(struct conf *c);

/* Everything into the snapshot, with a probe for each check of each server. b is empty then. */
void conf_make_finish(struct conf_make *b);
