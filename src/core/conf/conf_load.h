/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libconfig text -> struct conf, with every finding. Main only: it reads files and takes as long as
 * it takes.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

/* Reads, parses, resolves inheritance and checks (conf_check.h). Findings go to errs, all of them.
 * Returns the configuration, not yet published, ids not yet minted; or NULL when errs has an error.
 * *is_unreadable says whether it was the file itself that could not be read (exit status 3). */
struct conf *conf_load(const char *path, struct err_list *errs, bool *is_unreadable);

/* The same from memory; name stands for the file in findings. text ends with NUL at text[len]. */
struct conf *conf_load_text(const char *name, const char *text, size_t len, struct err_list *errs);
