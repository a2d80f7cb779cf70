/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any text as keepalived.conf: an error or a whole snapshot, and one whose text is read back without a
 * complaint. No file is reached: includes find nothing.
 */
#include "core/bug.h"
#include "core/conf/conf_check.h"
#include "core/conf/conf_load.h"
#include "core/conf/conf_open.h"
#include "core/conf/conf_text.h"
#include "core/conf/ka_conv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_back(const struct conf *c, const struct ka_report *report, bool is_factored)
{
	struct conf_text_opt opt = { .head = report->text,
				     .has_places = true,
				     .is_factored = is_factored };
	char *text = conf_text(c, &opt);
	struct err_list errs = { 0 };
	struct conf *again = conf_load_unchecked("again", text, strlen(text), &errs);

	BUG_ON(!again);
	err_fini(&errs);
	conf_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err_list errs = { 0 };
	struct ka_report report = { 0 };
	char *text = malloc(len + 1);
	struct ka_source src = {
		.name = "fuzz", .text = text, .len = len, .id = "me", .lines_max = 10000
	};

	memcpy(text, data, len);
	text[len] = '\0';
	(void)conf_format_of(text, len);

	struct conf *c = ka_convert(&src, &errs, &report);

	BUG_ON((c == NULL) != (errs.n_error > 0));
	if (c) {
		conf_check(c, &errs);
		read_back(c, &report, false);
		read_back(c, &report, true);
	}
	conf_free(c);
	ka_report_fini(&report);
	err_fini(&errs);
	free(text);
	return 0;
}
