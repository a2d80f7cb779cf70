/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything that the VRRP thread owns. Private to the role: vrrp.c, tx.c, rx.c and iface.c.
 */
#pragma once

#include "core/role.h"
#include "vrrp/inst.h"
#include "vrrp/run.h"
#include "vrrp/sock.h"

struct tx_entry {
	struct vrrp_inst *in;
	int64_t due_us;
};

struct vrrp {
	struct role role;
	struct sock sock;
	struct loop_fd rx_fd;
	struct inst_shell shell;
	struct run *run; /* lies in role.conf; NULL before the first adoption */

	/* rx.c */
	bool is_drained; /* the receive socket was emptied in this turn */

	/* tx.c */
	struct tx_entry tx[SOCK_TX_N]; /* what waits in sock, by number */
	struct vrrp_inst *post_first; /* instances that have facts to post; by post_next */
	struct vrrp_inst *post_last;

	/* vrrp.c */
	const struct conf *held; /* the generation before, until its facts are idle; or NULL */
	uint32_t held_i; /* facts of the instances before this are idle */
	struct timer release; /* looks whether they are */
	const struct conf *last; /* after the end: the facts of this one may still be in a box */
};
