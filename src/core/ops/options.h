/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line, and what is done without running: --check, --version, --help.
 */
#pragma once

#include "core/conf/conf_open.h"
#include "core/err.h"

#include <stdbool.h>
#include <stdio.h>

/* what vipd's callers (Ansible, Puppet, systemd) test for */
enum exit_status {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1, /* anything else */
	EXIT_CONF = 2, /* errors in the configuration */
	EXIT_UNREADABLE = 3, /* the file is missing or can't be read */
};

struct options {
	const char *file;
	enum conf_format format;
	bool is_check;
	bool is_memory; /* --dataplane=memory */
};

/* True: go on with *o. False: everything has been said; *status is the exit status. */
bool options_parse(int argc, char **argv, struct options *o, int *status);

/* --check: every finding and a summary on standard output. Returns the exit status. */
int options_check(const struct options *o);

/* Every finding as file:line: level: text. */
void findings_print(const struct err_list *errs, FILE *out);
