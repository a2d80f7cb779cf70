/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In which order objects are shown: a row of a table for each word that can be asked for. "trouble" is the
 * order of the status page: what is broken comes first, and of that the newest. Objects that are equal
 * stay in the order of the configuration. Main.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/counters.h"

#include <stdbool.h>

enum view_kind { VIEW_INST, VIEW_VS, VIEW_RS, VIEW_KIND_N };

struct view_sort;

/* NULL: there is no such order. */
const struct view_sort *view_sort_find(enum view_kind kind, const char *word);

/* Sorts n indexes of objects of the kind. k: NULL = nothing is counted. */
void view_sort(const struct view_sort *s, const struct conf *c, const struct counters *k,
	       uint32_t *list, uint32_t n);

/* Turns it round. */
void view_reverse(uint32_t *list, uint32_t n);
