/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The status page: the files page.html, page.css and page.js beside this one, put into the program at build
 * time (page.c).
 */
#pragma once

#include <stddef.h>

enum page_name { PAGE_HTML, PAGE_CSS, PAGE_JS, PAGE_N };

struct page_file {
	const char *text;
	const size_t *len;
	const char *type; /* Content-Type */
};

extern const struct page_file page_files[PAGE_N];
