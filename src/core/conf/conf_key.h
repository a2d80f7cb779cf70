/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The secrets of auth_hmac: how they are written, and those that are kept in files of their own.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	CONF_KEY_MIN_LEN = 32,
	CONF_KEY_MAX_LEN = 64,
};

/* Reads the text of a key: its bytes as they are, or as hexadecimal digits behind "hex:". 0 or -EINVAL:
 * too short, too long or no digits. Pure. */
int conf_key_parse(const char *text, uint8_t key[static CONF_KEY_MAX_LEN], size_t *len);

/* Puts the bytes of files in the place of "file:PATH", as digits, so that nobody reads files later and a
 * file that changed is another setting at a reload. A line's end behind the key does not count. What can't
 * be read is told. */
void conf_key_files(struct conf *c, struct err_list *errs);
