/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See page.h. The assembler reads the files, as they are.
 */
#include "core/ops/page.h"

#define EMBED(name, file)                                                                          \
	__asm__(".section .rodata\n" #name ":\n"                                                   \
		".incbin \"src/core/ops/" file "\"\n" #name "_end:\n"                              \
		".byte 0\n"                                                                        \
		".balign 8\n" #name "_len:\n"                                                      \
		".quad " #name "_end - " #name "\n"                                                \
		".previous\n");                                                                    \
	extern const char name[] __attribute__((visibility("hidden")));                            \
	extern const size_t name##_len __attribute__((visibility("hidden")))

EMBED(page_html, "page.html");
EMBED(page_css, "page.css");
EMBED(page_js, "page.js");

const struct page_file page_files[PAGE_N] = {
	[PAGE_HTML] = { page_html, &page_html_len, "text/html; charset=utf-8" },
	[PAGE_CSS] = { page_css, &page_css_len, "text/css; charset=utf-8" },
	[PAGE_JS] = { page_js, &page_js_len, "text/javascript; charset=utf-8" },
};
