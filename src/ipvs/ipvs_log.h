/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the IPVS role tells people. The one place where its events leave: whoever else is to be told of
 * servers and quorum (scripts, FIFOs, mail) is told from here.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/msg.h"
#include "ipvs/drive.h"

void ipvs_log_adopted(const struct drive *d);
void ipvs_log_server(const struct conf *c, uint32_t rs, enum health_verdict now, struct health h);
void ipvs_log_admin(const struct conf *c, uint32_t rs, struct admin a);

/* For drive.tell; arg: the drive. */
void ipvs_log_event(void *arg, const struct drive_event *e);
