/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The scripts that a worker has asked for: which run each result belongs to. See p_script.c.
 */
#pragma once

#include "check/steps.h"
#include "core/ops/spawn.h"

struct scripts;

/* Never NULL. The client is the caller's to open (main); the rest is the worker's. */
struct scripts *scripts_new(void);
void scripts_free(struct scripts *s);

struct spawn_client *scripts_client(struct scripts *s);

/* From now on results are taken in that loop. */
void scripts_listen(struct scripts *s, struct loop *loop);

/* No results any more; none is waited for. */
void scripts_close(struct scripts *s, struct loop *loop);
