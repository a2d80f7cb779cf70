/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See dialog.h.
 */
#include "check/dialog.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

void dialog_init(struct dialog *d)
{
	*d = (struct dialog){ 0 };
}

void dialog_fini(struct dialog *d)
{
	free(d->buf);
	dialog_init(d);
}

bool dialog_feed(struct dialog *d, const uint8_t *data, uint32_t len)
{
	if (len > DIALOG_BUF_LEN - d->len)
		return false;
	if (d->len + len > d->cap) {
		uint32_t cap = d->cap ? d->cap : 512;

		while (cap < d->len + len)
			cap *= 2;
		d->buf = realloc(d->buf, cap);
		BUG_ON(!d->buf);
		d->cap = cap;
	}
	if (len)
		memcpy(d->buf + d->len, data, len);
	d->len += len;
	return true;
}

static void consume(struct dialog *d, uint32_t n)
{
	if (n < d->len)
		memmove(d->buf, d->buf + n, d->len - n);
	d->len -= n;
}

/* True: it is there, and *end is the place behind it. An expression has no place that is worth more
 * than "all that came". */
static bool find(const struct dialog *d, const struct dialog_step *step, uint32_t *end)
{
	*end = d->len;
	if (!d->len)
		return false;
	if (step->regex)
		return regex_find(step->regex, d->buf, d->len) == REGEX_YES;

	const uint8_t *at = memmem(d->buf, d->len, step->expect, step->expect_len);

	if (at)
		*end = (uint32_t)(at - d->buf) + step->expect_len;
	return at != NULL;
}

enum dialog_result dialog_look(struct dialog *d, const struct dialog_step *step, bool is_end)
{
	uint32_t end;

	if (!step->expect && !step->regex)
		return DIALOG_NEXT;

	bool is_there = find(d, step, &end);

	if (step->is_not) {
		if (is_there)
			return DIALOG_FAIL;
		if (!d->len && !is_end)
			return DIALOG_MORE;
		consume(d, d->len);
		return DIALOG_NEXT;
	}
	if (is_there) {
		consume(d, end);
		return DIALOG_NEXT;
	}
	return is_end ? DIALOG_FAIL : DIALOG_MORE;
}
