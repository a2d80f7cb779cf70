/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any file -> core/ops/admin_file: never a crash, and what was read is written so that it is read as the same.
 */
#include "core/ops/admin_file.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void take(void *arg, const struct admin_line *l)
{
	char buf[ADMIN_LINE_LEN];
	struct admin_line again;
	size_t len = admin_text_print(l, buf);

	(void)arg;
	if (admin_text_parse(buf, len - 1, &again) || again.part != l->part ||
	    again.value != l->value || again.base != l->base || again.until_s != l->until_s ||
	    again.gone_s != l->gone_s || !addr_eq(&again.addr, &l->addr) || again.port != l->port ||
	    strcmp(again.vs, l->vs) != 0 || strcmp(again.reason, l->reason) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct admin_found found;

	(void)admin_file_scan((const char *)data, len, take, NULL, &found);
	return 0;
}
