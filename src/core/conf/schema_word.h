/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which texts a setting may have. Pure.
 */
#pragma once

#include "core/conf/schema.h"

/* NULL, or what the text must be like: "must be ..." */
const char *schema_word_why(enum schema_text kind, const char *text);
