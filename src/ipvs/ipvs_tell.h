/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The events of the IPVS role (core/event.h) to the notify role. What a reload has removed is not among
 * them: the notify role sees that in the configuration itself.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/msg.h"
#include "ipvs/drive.h"

/* A probe has spoken; was: the verdict over its server before. */
void ipvs_tell_health(const struct drive *d, uint32_t probe, enum health_verdict was,
		      struct health h);

void ipvs_tell_weight(const struct drive *d, uint32_t rs);
/* was: its admin state before. */
void ipvs_tell_admin(const struct drive *d, uint32_t rs, uint8_t was);
void ipvs_tell_event(const struct drive *d, const struct drive_event *e);

/* The role works with `new` from now on: before anything is told of it. old: NULL at first. */
void ipvs_tell_adopted(const struct drive *d, const struct conf *old, const struct conf *new);

/* The end of a turn: all states anew, if events were lost. */
void ipvs_tell_again(const struct drive *d);
