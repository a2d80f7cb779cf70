/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipd --explain: what a line of the log means and what to do.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Of the event with this id; of all that a pattern with * or ? has; NULL: a line for each there is. False:
 * there is none, which has been said on standard error, with the nearest one. */
bool explain(const char *id, FILE *out);
