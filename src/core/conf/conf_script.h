/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Programs that the configuration names: whether they are there, and whether somebody else could change
 * what root runs. Main only: it looks at the file system.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

/* Programs without a folder get the path where they are found in the usual ones, as a shell would, and
 * vrrp_scripts their accounts; then adds what is wrong to errs. c is not published yet. Returns how many programs are refused for security. */
uint32_t conf_scripts_check(struct conf *c, struct err_list *errs);

/* The security of one path for a program that runs as root: NULL, or what is wrong with it. where gets
 * the part of the path that is meant. Symbolic links are followed, and what they lead to counts. */
enum { CONF_SCRIPT_PATH_LEN = 4096 };
const char *conf_script_insecure(const char *path, char where[static CONF_SCRIPT_PATH_LEN]);
