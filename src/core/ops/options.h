/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line, and what needs no configuration: --version, --help, --schema, --explain.
 */
#pragma once

#include "core/conf/conf_open.h"

#include "core/log_to.h"

#include <stdbool.h>
#include <stdint.h>

/* what vipd's callers (Ansible, Puppet, systemd) test for */
enum exit_status {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1, /* anything else; --strict: warnings */
	EXIT_CONF = 2, /* errors in the configuration */
	EXIT_UNREADABLE =
		3, /* the file is missing or can't be read; vipctl: vipd can't be reached */
	EXIT_INSECURE = 4, /* refused for the security of the programs it names */
	EXIT_UNKNOWN = 4, /* vipctl: vipd did not answer in time, so what it did is not known */
	EXIT_TROUBLE = 5, /* vipctl status --strict: something is not well */
};

struct options {
	const char *file;
	const char *node; /* --node: whose node_overrides count; NULL = the file's, or the host's */
	const char *base_dir; /* --base-dir: where includes of the file are; NULL = beside it */
	const char *
		control; /* --control: where vipctl's socket is, or "none"; NULL = as the file says */
	const char *state; /* --state: file of what is set by hand; NULL = not kept */
	enum conf_format format; /* --format=libconfig|keepalived */
	struct log_asked log; /* -l, -S, -G */
	int umask; /* -u; -1 = the file's */
	bool is_detailed; /* -D */
	bool is_check;
	bool is_strict; /* --check: warnings count */
	bool is_json; /* --check: --format=json */
	bool is_memory; /* --dataplane=memory */
	bool is_alone; /* --no-watchdog */
	int64_t stall_us; /* --stall-limit */
	const char *record; /* --handover: file of the hand-over record; NULL = none */
	const char *pid_file; /* --pid-file; NULL = none */
};

/* True: go on with *o. False: everything has been said; *status is the exit status. */
bool options_parse(int argc, char **argv, struct options *o, int *status);
