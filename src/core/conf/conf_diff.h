/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a reload changes, counted: for the operator's line and for tests. Each role finds out by
 * itself what is its own (schema_diff() on objects joined by id). Pure, O(n).
 */
#pragma once

#include "core/conf/conf.h"

struct conf_count {
	uint32_t added, removed, changed, restarted;
};

struct conf_changes {
	struct conf_count inst, vs, rs, check;
};

/* Both have their ids. */
void conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out);

/* "instances +1 -0 ~2, ..." into buf; "nothing" when nothing changed. */
void conf_changes_text(const struct conf_changes *ch, char *buf, size_t len);
