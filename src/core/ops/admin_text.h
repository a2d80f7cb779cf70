/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The lines of the file in which main keeps what the administrator has set by hand (admin.h). Pure.
 *
 * A line has eight fields with a tab between them; in the texts, what is not printable and % itself are
 * written as % and two digits.
 *
 *	state|weight	what was set
 *	value		ready, drain, maint; or the weight
 *	base		what the configuration said then, in the same words
 *	until		seconds since 1970; 0: without end
 *	gone		when the configuration was first found without this server; 0: it has it
 *	service		its name
 *	server		ADDRESS PORT, with a blank
 *	reason		may be empty
 */
#pragma once

#include "core/addr.h"

#include <stddef.h>
#include <stdint.h>

#define ADMIN_TEXT_HEAD "vipd state 1\n" /* the first line of the file */

enum admin_part { ADMIN_PART_STATE, ADMIN_PART_WEIGHT, ADMIN_PART_N };

enum {
	ADMIN_NAME_LEN =
		128, /* of a service, with its NUL: one that vipd has made up is the longest */
	ADMIN_REASON_LEN = 256, /* with its NUL */
	ADMIN_LINE_LEN = 3 * (ADMIN_NAME_LEN + ADMIN_REASON_LEN) + 256,
};

struct admin_line {
	enum admin_part part;
	uint32_t value, base; /* ADMIN_*, or weights */
	int64_t until_s, gone_s;
	struct ip_addr addr;
	uint16_t port;
	char vs[ADMIN_NAME_LEN];
	char reason[ADMIN_REASON_LEN];
};

/* With its newline; returns how many bytes. */
size_t admin_text_print(const struct admin_line *l, char buf[static ADMIN_LINE_LEN]);

/* One line without its newline. 0 or -EINVAL. */
int admin_text_parse(const char *text, size_t len, struct admin_line *out);
