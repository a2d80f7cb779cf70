/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which services are on this router, for ha_suspend: a service is here while one of its addresses is
 * one of an active VRRP instance. A service with no address of any instance is always here: its
 * addresses are not VRRP's. Pure.
 */
#pragma once

#include "core/conf/conf.h"
#include "ipvs/face.h"

#include <stdbool.h>
#include <stdint.h>

struct here_link {
	uint32_t inst, vs; /* the instance has an address of the service */
};

struct here {
	bool *is_active; /* by index of conf->vrrp */
	struct here_link *link; /* sorted by instance; one for each address */
	uint32_t link_n;
	uint32_t *first; /* by instance: its first link; one more at the end */
	uint32_t *active_n; /* by service: links to active instances */
	bool *has_link; /* by service */
};

/* Zeroed memory knows nothing. Over a reload, what is known of instances stays with their ids. */
void here_adopt(struct here *h, const struct faces *f, const struct conf *old,
		const struct conf *new);
void here_fini(struct here *h);

/* News of an instance. fn is called for each service that came or went. */
void here_set(struct here *h, uint32_t inst, bool is_active, void (*fn)(void *arg, uint32_t vs),
	      void *arg);

bool here_has(const struct here *h, uint32_t vs);
