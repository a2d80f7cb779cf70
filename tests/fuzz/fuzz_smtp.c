/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any reply -> check/smtp: never a crash, never a code that is none, and the same in one piece and byte
 * by byte.
 */
#include "check/smtp.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(int cond)
{
	if (!cond)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct smtp whole = { 0 }, bytes = { 0 };
	enum smtp_result a, b = SMTP_MORE;
	uint32_t used, one, sum = 0;

	a = smtp_feed(&whole, data, (uint32_t)len, &used);
	for (size_t i = 0; i < len && b == SMTP_MORE; i++) {
		b = smtp_feed(&bytes, data + i, 1, &one);
		sum += one;
	}
	must(a == b && used == sum && used <= len);
	must(a != SMTP_DONE ||
	     (whole.code >= 200 && whole.code <= 599 && whole.code == bytes.code));
	must(a != SMTP_MORE || used == len);
	return 0;
}
