/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The files that make up one configuration: the first one, and what its `include` names. Main only;
 * it reads each file once and blocks as long as that takes.
 */
#pragma once

#include "core/conf/conf_src.h"

enum {
	CONF_FILES_MAX = 4096, /* of one configuration */
	CONF_INCLUDE_DEPTH_MAX = 16, /* files that include each other in a chain */
};

/* In order: a file, then what it includes, by name. */
struct conf_files {
	struct conf_src **src;
	uint32_t n;
	bool is_bad; /* one of them could not be read or parsed: errs has it */
	bool is_unreadable; /* the first one itself could not be read */
};

/* Reads path and all it includes. base_dir: where its own includes are looked for; NULL = its folder. */
void conf_files_read(struct conf_files *f, const char *path, const char *base_dir,
		     struct err_list *errs);

/* A text in memory, which may not include files. See conf_load_text(). */
void conf_files_text(struct conf_files *f, const char *name, const char *text, size_t len,
		     struct err_list *errs);

void conf_files_free(struct conf_files *f);
