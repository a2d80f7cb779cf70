/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said of routes and rules: route.add, rule.lost and so on. The reflector's.
 */
#pragma once

#include "vrrp/fib.h"

enum { FIB_TEXT_LEN = 256 };

/* "to=10.0.0.0/8 table=254 ..."; returns buf. */
const char *fib_text(enum fib_kind kind, const struct fib *f, char buf[static FIB_TEXT_LEN]);

/* The kernel refused it; told once until it succeeds. */
void fib_log_failure(enum fib_kind kind, struct fib_op *op);

/* At the end: they are still in the kernel, for all we know. */
void fib_log_left(const struct fib_set *s);

/* The outcome of operations as fib_plan() gave them: a line for each instance and kind. */
void fib_log_ops(enum fib_kind kind, const struct fib_op *ops, uint32_t n);
