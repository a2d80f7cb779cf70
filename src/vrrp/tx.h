/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What instances do to the world: adverts to the wire, facts to other roles, lines to the log. The
 * functions of struct inst_shell; they collect, and tx_settle() acts: first all adverts, then all
 * facts. So an advert is on the wire before the reflector hears of the addresses (V78, V85), and a
 * thousand instances that change at once cost a few system calls.
 */
#pragma once

#include "vrrp/thread.h"

/* Fills v->shell, all but on_timer. */
void tx_init(struct vrrp *v);

/* Sends the adverts that wait, then posts the facts that wait. */
void tx_settle(struct vrrp *v);

/* One line of counters: at the end of an instance; and of the role. */
void tx_log_stats(const struct vrrp_inst *in);
void tx_log_lateness(void);
