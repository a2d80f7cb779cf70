/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A whole configuration file in memory, read once, so that parsing sees one state of it.
 */
#pragma once

#include <stddef.h>

enum { CONF_FILE_MAX_LEN = 512 * 1024 * 1024 }; /* a larger file is refused */

/* *text: the file with a NUL after its *len bytes, to be freed by the caller. Returns 0 or -errno
 * (EISDIR: a directory, EFBIG: larger than the bound). Main: it may block. */
int conf_file_read(const char *path, char **text, size_t *len);
