/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verbs of vipctl. Each gets its own arguments, argv[0] being the verb, and returns the exit
 * status; what it says goes to standard output, findings and complaints to standard error.
 */
#pragma once

/* 0: everything converted; 1: something named in the report was not; 2: errors, nothing is written;
 * 3: the file can't be read. A wrong command line is 1 as well. */
int verb_convert(int argc, char **argv);
