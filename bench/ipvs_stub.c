/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Preloaded under keepalived on a kernel without IPVS, which else refuses to check: answers its
 * libnl-genl calls with success. vipd needs no such thing (--dataplane=memory).
 */
#include <netlink/handlers.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

int genl_ctrl_resolve(struct nl_sock *sock, const char *name);

static nl_recvmsg_msg_cb_t on_ack;
static void *on_ack_arg;

int genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	(void)name;
	return 99; /* any family */
}

int nl_socket_modify_cb(struct nl_sock *sock, enum nl_cb_type type, enum nl_cb_kind kind,
			nl_recvmsg_msg_cb_t fn, void *arg)
{
	(void)sock;
	(void)kind;
	if (type == NL_CB_ACK) {
		on_ack = fn;
		on_ack_arg = arg;
	}
	return 0;
}

int nl_send_auto(struct nl_sock *sock, struct nl_msg *msg)
{
	(void)sock;
	(void)msg;
	return 1;
}

int nl_recvmsgs_default(struct nl_sock *sock)
{
	(void)sock;
	if (on_ack)
		(void)on_ack(NULL, on_ack_arg);
	return 0;
}
