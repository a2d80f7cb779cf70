/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A configuration file of either language: vipd's own (conf_load.h) or keepalived's (ka_conv.h), told
 * apart by what is in it. Main only: it blocks.
 */
#pragma once

#include "core/conf/conf_load.h"

enum conf_format {
	CONF_FORMAT_GUESS, /* by content */
	CONF_FORMAT_LIBCONFIG,
	CONF_FORMAT_KEEPALIVED,
};

/* Which language a text is in, by its first word and what follows it; never CONF_FORMAT_GUESS. An
 * empty file is vipd's own. Pure. */
enum conf_format conf_format_of(const char *text, size_t len);

/* "libconfig" or "keepalived"; false: neither. Pure. */
bool conf_format_parse(const char *name, enum conf_format *format);

/* As conf_load_ask(), in either language. Of a file of keepalived, the node is the configuration id that
 * its @id lines are for, and includes are looked for as keepalived does; a setting that can't be converted
 * is an error. */
struct conf *conf_open(struct conf_ask *ask, enum conf_format format, struct err_list *errs);
