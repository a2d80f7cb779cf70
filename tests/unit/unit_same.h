/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether two configurations say the same, lists and all; used by the tests of what writes and reads
 * them.
 */
#pragma once

#include "core/conf/conf_compare.h"
#include "unit.h"

static char same_label[400]; /* what is compared, for messages */

/* Every setting; a difference is named. */
static inline void same(enum schema_kind kind, const struct conf *a, const void *x,
			const struct conf *b, const void *y)
{
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++)
		if (!conf_setting_eq(k, a, x, b, y))
			fail_msg("%s: %s.%s differs", same_label, schema_of[kind].where, k->name);
}

static inline void same_checks(const struct conf *a, struct conf_range x, const struct conf *b,
			       struct conf_range y)
{
	assert_int_equal(x.n, y.n);
	for (uint32_t i = 0; i < x.n; i++)
		same(SCHEMA_check, a, &a->check[x.first + i], b, &b->check[y.first + i]);
}

static inline void same_conf(const struct conf *a, const struct conf *b)
{
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++) {
		bool is_shared = kind == SCHEMA_check || kind == SCHEMA_url || kind == SCHEMA_pool;

		/* equal lists of checks may be one list, and what belongs to checks with them */
		if (is_shared || !schema_of[kind].is_once)
			continue;
		same((enum schema_kind)kind, a, conf_object(a, (enum schema_kind)kind, 0), b,
		     conf_object(b, (enum schema_kind)kind, 0));
	}
	static const enum schema_kind lists[] = {
		SCHEMA_track_group,   SCHEMA_garp_group, SCHEMA_if_delay,
		SCHEMA_track_script,  SCHEMA_track_file, SCHEMA_bfd,
		SCHEMA_track_process, SCHEMA_sync,       SCHEMA_vsg,
		SCHEMA_vrrp,          SCHEMA_vs,         SCHEMA_rs,
	};

	for (size_t k = 0; k < N_OF(lists); k++) {
		assert_int_equal(conf_object_n(a, lists[k]), conf_object_n(b, lists[k]));
		for (uint32_t i = 0; i < conf_object_n(a, lists[k]); i++)
			same(lists[k], a, conf_object(a, lists[k], i), b,
			     conf_object(b, lists[k], i));
	}
	for (uint32_t i = 0; i < a->vs_n; i++)
		same_checks(a, a->vs[i].s.checks, b, b->vs[i].s.checks);
	for (uint32_t i = 0; i < a->rs_n; i++) {
		same_checks(a, a->rs[i].s.checks, b, b->rs[i].s.checks);
		assert_int_equal(a->rs[i].vs, b->rs[i].vs);
	}
}
