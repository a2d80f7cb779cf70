/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interfaces that instances with a virtual MAC address want to have made: their names, and what lies on
 * them. Pure but for the arena. A part of conf_resolve().
 */
#pragma once

#include "core/conf/conf.h"

/* Fills c->vmac, and of each instance and address the interface it uses, when that is not the one that is
 * written. All other defaults are in place. */
void conf_vmac_resolve(struct conf *c);
