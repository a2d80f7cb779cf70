/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keepalived.conf -> struct conf. What can't be said in vipd's configuration is reported with file and
 * line, every keyword of it; nothing is dropped in silence. Pure but for what reads includes.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/conf/ka_lex.h"
#include "core/err.h"

/* What was not converted. Zeroed memory is an empty one. */
struct ka_report {
	uint32_t lost_n; /* places in the file that are lost */
	uint32_t
		never_n; /* places of keywords that mean nothing here (ka_words.def): nothing is lost */
	char *text; /* a line for each keyword, to stand in the converted file; NULL: none */
};

void ka_report_fini(struct ka_report *r);

/* The configuration, complete, not yet published; NULL when errs has an error. Whether it makes sense is
 * for conf_check() to say: what vipd would refuse to run is converted all the same. What is not converted
 * is a warning. report may be NULL. */
struct conf *ka_convert(const struct ka_source *src, struct err_list *errs,
			struct ka_report *report);

/* The same for a file and what it includes, with the lexer's own files and environment. id: what @id
 * lines mean; NULL: the name of this machine. *is_unreadable: it was the file itself. */
struct conf *ka_convert_file(const char *path, const char *id, struct err_list *errs,
			     struct ka_report *report, bool *is_unreadable);

/* Whether a keyword is converted or has its place in the report, in any block. */
bool ka_knows(const char *keyword);
