/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One value of the file -> one field: types, units, ranges. Used by conf_load.c. Pure but for the
 * arena; knows libconfig's settings, not the shape of the configuration.
 */
#pragma once

#include "core/arena.h"
#include "core/conf/schema.h"

#include <libconfig.h>
#include <stdbool.h>

enum { VALUE_WHY_LEN = 200 };

/* Reads a scalar setting (or, for KT_STATUS, an array) into the field of base that key names. False:
 * why has the reason, for a person, without the key's name; the field is untouched. */
bool value_from_setting(const struct schema_key *key, const config_setting_t *set, void *base,
			struct arena *arena, char why[static VALUE_WHY_LEN]);

/* The same from a word of a short string such as "192.0.2.1/24 dev eth0". */
bool value_from_text(const struct schema_key *key, const char *text, void *base,
		     struct arena *arena, char why[static VALUE_WHY_LEN]);

/* Several texts into a KT_STRS field. */
bool value_texts(const struct schema_key *key, const char *const *texts, uint32_t n, void *base,
		 struct arena *arena, char why[static VALUE_WHY_LEN]);

/* "1.5", "250ms", "2s", "1m", "2h", "1d" -> us. 0 or -EINVAL. A bare number is seconds. */
int value_duration(const char *text, int64_t *out_us);
