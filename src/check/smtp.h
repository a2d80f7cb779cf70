/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads one reply of an SMTP server (RFC 5321, 4.2): lines of the same three digits, a '-' behind
 * them in all but the last. Pure.
 */
#pragma once

#include <stdint.h>

enum {
	SMTP_LINE_LEN = 512, /* RFC 5321, 4.5.3.1.5 */
	SMTP_LINES_N = 128, /* of one reply */
};

enum smtp_result { SMTP_MORE, SMTP_DONE, SMTP_BAD };

struct smtp {
	uint16_t code; /* valid with SMTP_DONE */
	uint16_t line_code; /* of the current line */
	uint16_t at; /* bytes of the current line */
	uint16_t line_n;
	uint8_t is_last;
};

/* Zeroed memory is the beginning. Takes bytes up to the end of the reply; *used is how many that were.
 * After SMTP_DONE it is at the beginning of the next reply; code stays. */
enum smtp_result smtp_feed(struct smtp *s, const uint8_t *data, uint32_t len, uint32_t *used);
