/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values that follow from others, once all objects are in place: for each way to make a snapshot. Pure
 * but for the arena. What must be named and is not there is conf_check()'s to tell.
 */
#pragma once

#include "core/conf/conf.h"

void conf_resolve(struct conf *c);

/* The version and the state of an instance that does not say its own. */
uint8_t conf_default_version(const struct conf *c, const struct conf_vrrp *in);
uint8_t conf_default_state(const struct conf_vrrp *in);
