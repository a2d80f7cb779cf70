/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The file of admin_text.h on disk: read whole, and written whole beside itself and then renamed, so that a
 * full disk or a crash leaves the one before. Main; blocks while the disk works.
 */
#pragma once

#include "core/ops/admin_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADMIN_FILE_MAX_LEN = 64 * 1024 * 1024 };

/* What was found in a file. */
struct admin_found {
	uint32_t lines_n; /* without the head */
	uint32_t bad_n; /* of those that could not be read; they are left out */
	uint32_t first_bad; /* number of the line; 0: none */
};

/* Calls fn for each line of the text. 0, or -EBADMSG: it is no file of ours, or one of another version. */
int admin_file_scan(const char *text, size_t len, void (*fn)(void *arg, const struct admin_line *l),
		    void *arg, struct admin_found *out);

/* The same for a file. 0, -ENOENT: there is none; -EFBIG and others. */
int admin_file_read(const char *path, void (*fn)(void *arg, const struct admin_line *l), void *arg,
		    struct admin_found *out);

/* Writes what next() gives until it returns false. Makes the last folder of the path when it is not there.
 * 0 or -errno: the file is as it was. */
int admin_file_write(const char *path, bool (*next)(void *arg, struct admin_line *l), void *arg);
