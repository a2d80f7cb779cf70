/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See page.h. The assembler reads the file, as it is.
 */
#include "core/ops/page.h"

__asm__(".section .rodata\n"
	".global page_html\n"
	"page_html:\n"
	".incbin \"src/core/ops/page.html\"\n"
	"page_html_end:\n"
	".byte 0\n"
	".balign 8\n"
	".global page_html_len\n"
	"page_html_len:\n"
	".quad page_html_end - page_html\n"
	".previous\n");
