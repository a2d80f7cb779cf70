/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See json.h.
 */
#include "core/json.h"

/* Length of the UTF-8 character at p, 2..4; 0 when it is none. */
static int utf8_len(const unsigned char *p)
{
	int n = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;

	if (p[0] > 0xf4)
		return 0;
	for (int i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* longer than needed, surrogates, beyond the last */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void json_text(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	(void)fputc('"', out);
	while (*p) {
		int n = *p < 0x80 ? 1 : utf8_len(p);

		if (*p == '"' || *p == '\\')
			(void)fprintf(out, "\\%c", *p);
		else if (*p < ' ' || *p == 0x7f)
			(void)fprintf(out, "\\u%04x", *p);
		else if (!n)
			(void)fputs("\\ufffd", out);
		else
			(void)fwrite(p, 1, (size_t)n, out);
		p += n ? n : 1;
	}
	(void)fputc('"', out);
}
