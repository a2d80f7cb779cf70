/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows of schema.def as text: the settings part of vipd.conf(5), and JSON for editors and tools.
 */
#pragma once

#include <stdio.h>

/* mdoc(7), a subsection for each kind of object. */
void schema_man(FILE *out);

/* {"kinds":[{"name":..., "settings":[...]}]}; numbers in the unit that "unit" says. */
void schema_json(FILE *out);
