/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The verbs of vipctl. Each gets its own arguments, argv[0] being the verb, and returns the exit
 * status; what it says goes to standard output, findings and complaints to standard error.
 */
#pragma once

/* 0: everything converted; 1: something named in the report was not; 2: errors, nothing is written;
 * 3: the file can't be read. A wrong command line is 1 as well. */
int verb_convert(int argc, char **argv);

/* 0: done; 1: refused, or any other failure; 2: errors in the configuration; 3: the file or vipd can't be
 * reached; 4: vipd did not answer in time. diff: what a reload would have given. */
int verb_reload(int argc, char **argv);
int verb_diff(int argc, char **argv);

/* 0: shown; 1: nothing matches, or a wrong command line; 3, 4: as above. status --strict: 5 when
 * something is not well. */
int verb_show(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_explain(int argc, char **argv);

/* events, monitor; drain, maint, ready, weight: argv[0] says which. 0: done; 1: refused; 3, 4: as above. */
int verb_events(int argc, char **argv);
int verb_set(int argc, char **argv);

/* 0: printed; 1: anything else. */
int verb_digest(int argc, char **argv);
int verb_schema(int argc, char **argv);
