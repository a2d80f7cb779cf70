/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any body -> check/body and check/dialog: what is found does not hang on how the stream was cut.
 * First byte: how long the pieces are.
 */
#include "check/body.h"
#include "check/dialog.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct body_rule rules[4] = {
	{ .kind = BODY_TEXT, .text = "abab" },
	{ .kind = BODY_REGEX },
	{ .kind = BODY_DIGEST, .is_not = true },
	{ .kind = BODY_REGEX, .is_not = true },
};

static struct regex *compile(const char *pattern)
{
	struct regex_ask ask = { .pattern = pattern, .max_offset = 4000 };
	char text[REGEX_ERROR_LEN];
	struct regex *re = regex_new(&ask, text);

	if (!re)
		abort();
	return re;
}

static void dialogue(const uint8_t *data, size_t len, size_t piece)
{
	static const struct dialog_step want = { .expect = (const uint8_t *)"+OK",
						 .expect_len = 3 };
	struct dialog d;
	enum dialog_result r = DIALOG_MORE;

	dialog_init(&d);
	for (size_t i = 0; i < len && r != DIALOG_FAIL; i += piece) {
		if (!dialog_feed(&d, data + i, (uint32_t)(len - i < piece ? len - i : piece)))
			break;
		r = dialog_look(&d, &want, false);
	}
	if (d.len > DIALOG_BUF_LEN)
		abort();
	dialog_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *why;

	if (!rules[1].regex) {
		rules[1].regex = compile("x[a-c]{2,}y|^start$|(?<=12)34");
		rules[3].regex = compile("(a+)+b.*c");
	}
	if (!len)
		return 0;

	size_t piece = *data % 64 + 1;
	struct body *whole, *parts;
	bool a, b;

	data++;
	len--;
	dialogue(data, len, piece);
	whole = body_new(rules, 3);
	body_feed(whole, data, (uint32_t)len);
	a = body_end(whole, &why);
	body_free(whole);
	parts = body_new(rules, 3);
	for (size_t i = 0; i < len; i += piece)
		body_feed(parts, data + i, (uint32_t)(len - i < piece ? len - i : piece));
	b = body_end(parts, &why);
	body_free(parts);
	if (a != b)
		abort();
	whole = body_new(rules, 4);
	body_feed(whole, data, (uint32_t)len);
	(void)body_end(whole, &why);
	body_free(whole);
	return 0;
}
