/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of rules share. A rule looks at a whole configuration and adds what it finds.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/schema.h"
#include "core/err.h"

struct rule {
	const char *what; /* what holds in a configuration without findings; NULL ends a table */
	void (*fn)(const struct conf *c, struct err_list *errs);
};

/* conf_check_vrrp.c, conf_check_vs.c, conf_check_health.c */
extern const struct rule conf_rules_vrrp[], conf_rules_vs[], conf_rules_health[];

#define FAIL(loc_, ...) err_add(errs, ERR_ERROR, (loc_).file, (loc_).line, __VA_ARGS__)
#define WARN(loc_, ...) err_add(errs, ERR_WARNING, (loc_).file, (loc_).line, __VA_ARGS__)
#define NOTE(loc_, ...) err_add(errs, ERR_NOTE, (loc_).file, (loc_).line, __VA_ARGS__)

/* Compares two objects of one kind, given by index, by what must be unique. */
typedef int rule_cmp(const struct conf *c, uint32_t a, uint32_t b);
/* Tells that b repeats a. */
typedef void rule_twice(const struct conf *c, uint32_t a, uint32_t b, struct err_list *errs);

/* Tells of each of n objects that repeats one before it in the file. O(n log n). */
void rule_find_twice(const struct conf *c, uint32_t n, rule_cmp *cmp, rule_twice *tell,
		     struct err_list *errs);

/* The place and the name of the i-th object of a kind that has names. */
struct conf_loc rule_loc(const struct conf *c, enum schema_kind kind, uint32_t i);
const char *rule_name(const struct conf *c, enum schema_kind kind, uint32_t i);
