/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files, folders and environment for ka_lex.h. Main and vipctl only: it may block.
 */
#pragma once

#include "core/conf/ka_lex.h"

enum { KA_ALTERNATIVES_MAX = 256 }; /* what the { , } of one include may stand for */

extern const struct ka_io ka_file_io;

/* The name of this machine up to its first dot: what @id lines mean unless told otherwise. */
void ka_default_id(char buf[static 256]);
