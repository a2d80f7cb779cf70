/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An IPVS table in memory, with the kernel's rules and errors: for --dataplane=memory, for machines
 * without IPVS, and for tests, which can make it fail.
 */
#pragma once

#include "ipvs/kern.h"

/* Never NULL: out of memory is a BUG_ON. */
struct ipvs_kern *kern_memory_open(void);

/* What tests may let go wrong. Both may be NULL. */
struct kern_fault {
	/* Before a request: 0 = do it; -errno = refuse it so. */
	int (*on_op)(void *arg, const struct kern_op *op);
	/* After a batch or before a dump (n = 0): -errno = its outcome is lost. */
	int (*on_call)(void *arg, uint32_t n);
	void *arg;
};

void kern_memory_set_fault(struct ipvs_kern *k, const struct kern_fault *fault);

/* So many connections are on a destination from now on. False: it is not there. */
bool kern_memory_set_conns(struct ipvs_kern *k, const struct ipvs_svc *svc,
			   const struct ipvs_dest *dest, uint32_t conns_n);
