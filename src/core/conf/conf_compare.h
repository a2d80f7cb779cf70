/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two objects of one kind, setting by setting, by the rows of schema.def. Pure; what is part of an
 * object (its addresses, its scripts) is compared with it. Servers and checks are not: they have an
 * identity of their own (conf_ids.h).
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/schema.h"

/* a and b begin with their settings; ca and cb are the snapshots that they belong to. */
bool conf_setting_eq(const struct schema_key *key, const struct conf *ca, const void *a,
		     const struct conf *cb, const void *b);

/* The same for two rows of one type: what an object has against what it would inherit. */
bool conf_setting_same(const struct schema_key *ka, const struct conf *ca, const void *a,
		       const struct schema_key *kb, const struct conf *cb, const void *b);

/* What it costs that a setting differs between a and b: its reload class, but for settings that nothing
 * acts on yet, and for the priority of an instance that becomes or ceases to be the owner. */
enum schema_reload conf_cost(enum schema_kind kind, const struct schema_key *key, const void *a,
			     const void *b);

/* Whether a setting differs that makes the object start anew: as conf_compare() >= SCHEMA_RESTART, without
 * looking at what may change while it runs. */
bool conf_restarts(enum schema_kind kind, const struct conf *ca, const void *a,
		   const struct conf *cb, const void *b);

/* The worst cost among the settings that differ. */
enum schema_reload conf_compare(enum schema_kind kind, const struct conf *ca, const void *a,
				const struct conf *cb, const void *b);
