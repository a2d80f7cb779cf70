/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The changes of conf_diff.h in words: a summary for people, and each change as JSON with the settings
 * that differ. Main of vipd, and vipctl.
 */
#pragma once

#include "core/conf/conf_diff.h"

#include <jansson.h>

struct schema_key;

enum {
	CHANGES_CAUSES_N = 24, /* different settings that a summary names */
	CHANGES_TEXT_LEN = 320, /* of a summary, with its NUL */
};

/* The objects of a kind that one setting changed. */
struct changes_cause {
	const struct schema_key *key;
	enum change_of of;
	enum change_what what;
	uint32_t n;
};

struct changes_sum {
	struct conf_changes n;
	struct changes_cause cause[CHANGES_CAUSES_N];
	uint32_t cause_n, other_n; /* other: of settings beyond the bound */
};

/* Counts a change and what caused it. Zeroed memory is an empty sum. */
void changes_sum_add(struct changes_sum *s, const struct conf *old, const struct conf *new,
		     const struct conf_change *ch);

/* All of it. Both have their ids. */
void changes_sum(struct changes_sum *s, const struct conf *old, const struct conf *new);

/* "+3 servers, weight of 1 server changed, 1 instance restarts because its interface changed";
 * "nothing" when nothing changed. Returns buf. */
const char *changes_text(const struct changes_sum *s, char buf[static CHANGES_TEXT_LEN]);

/* {"object":"real_server","what":"changed","name":...,"settings":[{"name":,"old":,"new":,"reload":}]}: the
 * caller's reference. vipctl-protocol(7) tells the members. */
json_t *changes_json(const struct conf *old, const struct conf *new, const struct conf_change *ch);

/* {"servers":{"added":3,...},...} */
json_t *changes_counts_json(const struct conf_changes *n);
