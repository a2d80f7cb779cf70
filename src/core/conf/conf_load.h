/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libconfig text -> struct conf, with every finding. Main only: it reads files and takes as long as
 * it takes.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

/* What is to be loaded, and what came of it. */
struct conf_ask {
	const char *path;
	const char *
		node; /* whose node_overrides count; NULL = what a file says, else the host's name */
	const char
		*base_dir; /* where the first file's includes are looked for; NULL = its folder */
	/* What else must be right before it can be used, and is made for it: false with errors in errs.
	 * NULL: nothing. conf_open() calls it. */
	bool (*vet)(struct conf *c, struct err_list *errs);

	/* out: */
	uint32_t files; /* that were read */
	bool is_unreadable; /* the first file could not be read (exit status 3) */
	bool is_ruled; /* the rules of the whole configuration were tried: single settings are right */
	bool is_insecure; /* nothing is wrong but the security of programs (exit status 4) */
};

/* Reads the file and all it includes, parses, resolves templates, pools and inheritance, and checks
 * (conf_check.h). Findings go to errs, all of them. Returns the configuration, not yet published, ids
 * not yet minted; or NULL when errs has an error. */
struct conf *conf_load_ask(struct conf_ask *ask, struct err_list *errs);

/* The same for a file and this node. */
struct conf *conf_load(const char *path, struct err_list *errs, bool *is_unreadable);

/* The same from memory; name stands for the file in findings. text ends with NUL at text[len]. It may
 * not include other files. */
struct conf *conf_load_text(const char *name, const char *text, size_t len, struct err_list *errs);

/* The same without conf_check(): what a text says, whether or not it makes sense. */
struct conf *conf_load_unchecked(const char *name, const char *text, size_t len,
				 struct err_list *errs);
