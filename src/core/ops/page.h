/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The status page: src/core/ops/page.html, put into the program at build time (page.c).
 */
#pragma once

#include <stddef.h>

extern const char page_html[];
extern const size_t page_html_len;
