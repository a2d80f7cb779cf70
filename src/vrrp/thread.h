/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything that the VRRP thread owns. Private to the role: vrrp.c, tx.c, rx.c, iface.c,
 * group.c and weigh.c.
 */
#pragma once

#include "core/role.h"
#include "vrrp/inst.h"
#include "vrrp/run.h"
#include "vrrp/sock.h"

struct vrrp;
struct tracker;

/* An advert that waits in a queue of sock.h, by its number there. */
struct tx_entry {
	struct vrrp_inst *in;
	int64_t due_us;
};

struct tx_queue {
	struct vrrp *v;
	struct sock_tx *sock;
	struct tx_entry entry[SOCK_TX_N];
};

struct rx_port {
	struct vrrp *v;
	struct loop_fd fd;
	enum sock_port port;
	bool is_drained; /* it was emptied in this turn */
};

struct vrrp {
	struct role role;
	struct sock sock;
	struct inst_shell shell;
	struct run *run; /* lies in role.conf; NULL before the first adoption */

	struct rx_port rx[SOCK_PORT_N]; /* rx.c */

	/* tx.c */
	struct tx_queue tx_v4, tx_v6;
	struct vrrp_inst *post_first; /* instances that have facts to post; by post_next */
	struct vrrp_inst *post_last;

	struct run_group *dirty; /* group.c: groups to look at; by dirty_next */
	const struct run_group *settling; /* the one that moves its members now, or NULL */
	bool is_stopping; /* members stop by themselves: groups do nothing */

	/* vrrp.c */
	bool is_holding; /* a start-up delay runs: nothing begins */
	struct timer hold; /* its end */
	const struct conf *held; /* the generation before, until its facts are idle; or NULL */
	uint32_t held_i; /* facts of the instances before this are idle */
	struct timer release; /* looks whether they are */
	struct tracker *tracker; /* the other role of this folder's instances; frozen */
	const struct conf *last; /* after the end: the facts of this one may still be in a box */
};

/* The wall clock, for auth_hmac. */
struct auth_time thread_wall(void);
