/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See admin_text.h.
 */
#include "core/ops/admin_text.h"

#include "core/bug.h"
#include "core/conf/conf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FIELD_N = 8, STATE_N = 3 };

static const char *const part_name[ADMIN_PART_N] = {
	[ADMIN_PART_STATE] = "state",
	[ADMIN_PART_WEIGHT] = "weight",
};

static const char *const state_name[STATE_N] = {
	[ADMIN_READY] = "ready",
	[ADMIN_DRAIN] = "drain",
	[ADMIN_MAINT] = "maint",
};

/* ------------------------------------------------------------------ writing */

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '%';
}

static const char *escape(const char *text, char *buf)
{
	static const char digit[] = "0123456789ABCDEF";
	char *to = buf;

	for (; *text; text++) {
		if (is_plain(*text)) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digit[(uint8_t)*text >> 4];
		*to++ = digit[(uint8_t)*text & 15];
	}
	*to = '\0';
	return buf;
}

enum { VALUE_LEN = 16 };

static const char *value_text(enum admin_part part, uint32_t value, char buf[static VALUE_LEN])
{
	if (part == ADMIN_PART_STATE) {
		BUG_ON(value >= STATE_N);
		return state_name[value];
	}
	(void)snprintf(buf, VALUE_LEN, "%u", value);
	return buf;
}

size_t admin_text_print(const struct admin_line *l, char buf[static ADMIN_LINE_LEN])
{
	char vs[3 * ADMIN_NAME_LEN], reason[3 * ADMIN_REASON_LEN], value[VALUE_LEN],
		base[VALUE_LEN], addr[ADDR_TEXT_LEN];
	int n = snprintf(buf, ADMIN_LINE_LEN, "%s\t%s\t%s\t%lld\t%lld\t%s\t%s %u\t%s\n",
			 part_name[l->part], value_text(l->part, l->value, value),
			 value_text(l->part, l->base, base), (long long)l->until_s,
			 (long long)l->gone_s, escape(l->vs, vs), addr_text(&l->addr, addr),
			 l->port, escape(l->reason, reason));

	BUG_ON(n < 0 || n >= ADMIN_LINE_LEN);
	return (size_t)n;
}

/* ------------------------------------------------------------------ reading */

struct field {
	const char *at;
	size_t len;
};

static bool is_word(const struct field *f, const char *word)
{
	return f->len == strlen(word) && !memcmp(f->at, word, f->len);
}

static int number(const struct field *f, int64_t max, int64_t *out)
{
	int64_t n = 0;

	if (!f->len || (f->len > 1 && f->at[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < f->len; i++) {
		if (f->at[i] < '0' || f->at[i] > '9' || n > (max - (f->at[i] - '0')) / 10)
			return -EINVAL;
		n = n * 10 + (f->at[i] - '0');
	}
	*out = n;
	return 0;
}

static int value_of(enum admin_part part, const struct field *f, uint32_t *out)
{
	int64_t n;

	if (part == ADMIN_PART_STATE) {
		for (uint32_t i = 0; i < STATE_N; i++) {
			if (!is_word(f, state_name[i]))
				continue;
			*out = i;
			return 0;
		}
		return -EINVAL;
	}
	if (number(f, INT32_MAX, &n))
		return -EINVAL;
	*out = (uint32_t)n;
	return 0;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Only what escape() writes. */
static int unescape(const struct field *f, char *out, size_t out_len)
{
	size_t n = 0;

	for (size_t i = 0; i < f->len; i++) {
		int c = f->at[i];

		if (c == '%') {
			int hi = i + 2 < f->len ? digit_of(f->at[i + 1]) : -1;
			int lo = i + 2 < f->len ? digit_of(f->at[i + 2]) : -1;

			c = hi < 0 || lo < 0 ? 0 : hi << 4 | lo;
			if (!c || is_plain((char)c))
				return -EINVAL;
			i += 2;
		} else if (!is_plain((char)c)) {
			return -EINVAL;
		}
		if (n + 1 >= out_len)
			return -EINVAL;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

static int server_of(const struct field *f, struct admin_line *out)
{
	const char *blank = memchr(f->at, ' ', f->len);
	char text[ADDR_TEXT_LEN];
	int64_t n;

	if (!blank)
		return -EINVAL;

	size_t len = (size_t)(blank - f->at);
	struct field port = { blank + 1, f->len - len - 1 };

	if (!len || len >= sizeof(text) || memchr(f->at, '\0', len) ||
	    number(&port, UINT16_MAX, &n))
		return -EINVAL;
	memcpy(text, f->at, len);
	text[len] = '\0';
	out->port = (uint16_t)n;
	return addr_parse(text, &out->addr);
}

static int split(const char *text, size_t len, struct field f[static FIELD_N])
{
	unsigned n = 0;
	size_t from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != '\t')
			continue;
		if (n == FIELD_N)
			return -EINVAL;
		f[n++] = (struct field){ text + from, i - from };
		from = i + 1;
	}
	return n == FIELD_N ? 0 : -EINVAL;
}

int admin_text_parse(const char *text, size_t len, struct admin_line *out)
{
	struct field f[FIELD_N];

	*out = (struct admin_line){ 0 };
	if (len >= ADMIN_LINE_LEN || split(text, len, f))
		return -EINVAL;
	if (is_word(&f[0], part_name[ADMIN_PART_WEIGHT]))
		out->part = ADMIN_PART_WEIGHT;
	else if (!is_word(&f[0], part_name[ADMIN_PART_STATE]))
		return -EINVAL;
	if (value_of(out->part, &f[1], &out->value) || value_of(out->part, &f[2], &out->base) ||
	    number(&f[3], INT64_MAX, &out->until_s) || number(&f[4], INT64_MAX, &out->gone_s) ||
	    unescape(&f[5], out->vs, sizeof(out->vs)) || server_of(&f[6], out) ||
	    unescape(&f[7], out->reason, sizeof(out->reason)))
		return -EINVAL;
	return out->vs[0] ? 0 : -EINVAL;
}
