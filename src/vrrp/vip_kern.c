/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See vip_kern.h.
 */
#include "vrrp/vip_kern.h"

#include "core/bug.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

/* Adding is CREATE|REPLACE: it is no error when the address is there by now. A removal names local
 * address, peer address and prefix length, so that it can hit this one only. */
static struct nl_msg *request_of(const struct vip_op *op)
{
	const struct vip *v = op->vip;
	bool is_add = op->kind == VIP_ADD;
	struct nl_msg *msg = nl_request(is_add ? RTM_NEWADDR : RTM_DELADDR,
					is_add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	struct ifaddrmsg info = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = v->len,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = op->ifindex,
	};

	BUG_ON(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
	BUG_ON(nla_put_u32(msg, IFA_LOCAL, v->addr_be));
	BUG_ON(nla_put_u32(msg, IFA_ADDRESS, v->addr_be));
	if (is_add)
		BUG_ON(nla_put_u8(msg, IFA_PROTO, VIP_PROTO));
	return msg;
}

static void on_failed(void *arg, uint32_t index, int err)
{
	struct vip_op *batch = arg;

	batch[index].err = err;
}

static void flush(struct nl_chan *ch, struct vip_op *batch, uint32_t n)
{
	int err = nl_chan_flush(ch, on_failed, batch);

	for (uint32_t i = 0; err && i < n; i++)
		batch[i].err = err;
}

void vip_kern_apply(struct nl_chan *ch, struct vip_op *ops, uint32_t n)
{
	uint32_t first = 0; /* of the batch that is being filled */

	for (uint32_t i = 0; i < n; i++) {
		struct nl_msg *msg = request_of(&ops[i]);

		ops[i].err = 0;
		if (nl_chan_add(ch, msg) < 0) {
			flush(ch, ops + first, i - first);
			first = i;
			BUG_ON(nl_chan_add(ch, msg) < 0);
		}
	}
	flush(ch, ops + first, n - first);
}
