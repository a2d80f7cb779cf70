/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interfaces for virtual MAC addresses in the kernel: from the plan (vmac.h) to requests. A part of the
 * reflector.
 */
#pragma once

#include "vrrp/view.h"
#include "vrrp/vmac.h"

struct vmacs {
	struct vmac_set set;
	bool is_filter_told; /* of net.ipv4.conf.all.rp_filter */
};

void vmacs_adopt(struct vmacs *m, const struct conf *c);
void vmacs_fini(struct vmacs *m);

/* Plans and carries out. True when the kernel was changed. */
bool vmacs_settle(struct vmacs *m, struct view *v);

/* At the end. */
void vmacs_unwant(struct vmacs *m);

void vmacs_release(struct vmacs *m);
