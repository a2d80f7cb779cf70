/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What should be in the kernel's table: a function of the configuration and of what the probes say.
 * Pure.
 *
 *	all probes UP (or none)	in the table with its weight
 *	any probe DOWN		out, or with weight 0 (inhibit_on_failure)
 *	else (UNKNOWN)		as the kernel has it: so a restart adopts a table without touching it,
 *				and a server is first added when its checks have passed
 */
#pragma once

#include "core/conf/conf.h"
#include "core/msg.h"
#include "ipvs/table.h"

#include <stdint.h>

/* What a probe said last; by index of conf->probe. */
struct want_probe {
	uint8_t verdict; /* enum health_verdict */
	uint8_t reason; /* enum check_reason */
	uint16_t code;
};

/* All probes of a server taken together. */
enum health_verdict want_verdict(const struct conf *c, uint32_t rs, const struct want_probe *probe);

void want_svc(const struct conf *c, uint32_t vs, struct ipvs_svc *out);
void want_dest(const struct conf *c, uint32_t rs, const struct want_probe *probe,
	       struct ipvs_dest *out);

/* All of it, sorted, into an empty table. */
void want_table(const struct conf *c, const struct want_probe *probe, struct ipvs_table *out);
