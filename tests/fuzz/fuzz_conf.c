/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any text -> configuration: an error or a whole snapshot, never a crash, a hang or a leak.
 */
#include "core/conf/conf_ids.h"
#include "core/conf/conf_load.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err_list errs = { 0 };
	struct conf_minter m = { 0 };
	char *text = malloc(len + 1);

	memcpy(text, data, len);
	text[len] = '\0';

	struct conf *c = conf_load_text("fuzz", text, len, &errs);

	if (c)
		conf_ids_mint(&m, NULL, c);
	conf_free(c);
	err_fini(&errs);
	free(text);
	return 0;
}
