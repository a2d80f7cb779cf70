/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever comes in a dialogue -> check/dialog: texts of up to eight bytes and an expression are expected in
 * turn, as the first bytes say. Where nothing is forbidden the outcome is the same in one piece and byte by
 * byte; what waits stays within its bound.
 */
#include "check/dialog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { STEPS_MAX_N = 4, TEXT_LEN = 8 };

static void must(int cond)
{
	if (!cond)
		abort();
}

static struct regex *pattern(void)
{
	static struct regex *re;
	struct regex_ask ask = { .pattern = "^a(b|\\d+)*c$", .max_offset = UINT32_MAX };
	char text[REGEX_ERROR_LEN];

	if (!re)
		re = regex_new(&ask, text);
	must(re != NULL);
	return re;
}

/* Goes through the steps with what comes in pieces; returns how many were as they should be. */
static unsigned talk(const struct dialog_step *step, unsigned n, const uint8_t *data, uint32_t len,
		     uint32_t piece, enum dialog_result *last)
{
	struct dialog d;
	uint32_t at = 0;
	unsigned i = 0;

	dialog_init(&d);
	*last = DIALOG_NEXT;
	while (i < n) {
		*last = dialog_look(&d, &step[i], false);
		if (*last == DIALOG_MORE && at < len) {
			uint32_t more = len - at < piece ? len - at : piece;

			if (!dialog_feed(&d, data + at, more))
				break;
			at += more;
			must(d.len <= DIALOG_BUF_LEN && d.len <= d.cap);
			continue;
		}
		if (*last == DIALOG_MORE)
			*last = dialog_look(&d, &step[i], true);
		must(*last != DIALOG_MORE);
		if (*last == DIALOG_FAIL)
			break;
		i++;
	}
	dialog_fini(&d);
	return i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dialog_step step[STEPS_MAX_N] = { { 0 } };
	enum dialog_result a, b;
	bool is_plain = true;
	unsigned n = 0;

	while (n < STEPS_MAX_N && len > TEXT_LEN + 1u) {
		struct dialog_step *s = &step[n++];

		s->is_not = data[0] & 0x80;
		if (data[0] & 0x40)
			s->regex = pattern();
		else
			s->expect = data + 1;
		s->expect_len = (data[0] & 7) + 1u;
		is_plain = is_plain && !s->is_not && !s->regex;
		data += s->expect_len + 1;
		len -= s->expect_len + 1;
	}

	unsigned whole = talk(step, n, data, (uint32_t)len, DIALOG_BUF_LEN, &a);
	unsigned bytes = talk(step, n, data, (uint32_t)len, 1, &b);

	must(!is_plain || len > DIALOG_BUF_LEN || (whole == bytes && a == b));
	return 0;
}
