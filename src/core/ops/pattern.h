/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Patterns by which people name servers, services and instances: *, ? and [ ] as in a shell, but the
 * brackets around an IPv6 address are those of the address. Pure; any thread.
 */
#pragma once

#include <stdbool.h>

enum { PATTERN_LEN = 128 };

/* Does all of text fit? pattern: at most PATTERN_LEN bytes; NULL: everything fits. "[fd00::1]" fits the
 * address with and without brackets, "[fd00::*]:80" every address that begins so. */
bool pattern_fits(const char *pattern, const char *text);
